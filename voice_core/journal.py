"""Changes kept on the local disk while the database is away: in order, checked, synced, bounded (decision 0007).

One line a commit: its checksum, then JSON. A line is acknowledged once it is synced; one that was cut off by a kill
was never acknowledged and is dropped on reading.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from voice_core.errors import InvalidInputError, UnavailableError
from voice_core.ports import Change

MOST_BYTES = 64 * 1024 * 1024
NAME = "changes.jsonl"


@dataclass(frozen=True, slots=True)
class Record:
    """One commit: which one, under which lease."""

    token: int
    number: int
    changes: tuple[Change, ...]


_RECORDS = TypeAdapter(Record)


class Journal:
    """The file. Blocking: call `append` in a thread. Raises UnavailableError with a sentence."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.path = folder / NAME
        self._most_bytes = most_bytes
        self._size = 0
        self._file: int | None = None

    def read(self) -> Sequence[Record]:
        """What an earlier life left, oldest first. A last line that was still being written is cut off."""
        try:
            data = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise self._unusable(error) from error
        *lines, tail = data.split(b"\n")
        records: list[Record] = []
        size = 0
        for number, line in enumerate(lines, 1):
            record = self._decode(line, number)
            if record is None and (number < len(lines) or tail):
                raise UnavailableError(
                    f"Line {number} of the journal {self.path} is damaged, but not its last. Keep a copy, move it away, "
                    "and start again."
                )
            if record is not None:
                records.append(record)
                size += len(line) + 1
        self._size = size
        if size < len(data):
            self._cut(size)
        return records

    def append(self, record: Record) -> None:
        """Returns once it is synced to disk. When it fails, nothing of it stays."""
        try:
            text = _RECORDS.dump_json(record)
        except PydanticSerializationError as error:
            raise InvalidInputError(f"This cannot be kept: {error}") from error
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        if self._size + len(line) > self._most_bytes:
            raise UnavailableError(
                "The database is away and the journal on the local disk is full: nothing more can be kept."
            )
        try:
            if self._file is None:
                self._file = self._open()
            _write_all(self._file, line)
            os.fdatasync(self._file)
        except OSError as error:
            self._forget_tail()
            raise self._unusable(error) from error
        self._size += len(line)

    def clear(self) -> None:
        """All of it is in the database."""
        self._cut(0)

    def set_aside(self, suffix: str) -> Path:
        """Out of the way, kept for people to look at."""
        self.close()
        aside = self.path.with_name(f"{NAME}.{suffix}")
        try:
            self.path.rename(aside)
        except OSError as error:
            raise self._unusable(error) from error
        self._size = 0
        return aside

    def refuse(self, record: Record) -> Path:
        """What the database would not take: kept beside the journal."""
        aside = Journal(self.path.parent, self._most_bytes)
        aside.path = self.path.with_name("refused.jsonl")
        aside.append(record)
        aside.close()
        return aside.path

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the file's name must survive too
        finally:
            os.close(folder)
        return file

    def _forget_tail(self) -> None:
        """A line half written must not stand before the next one."""
        try:
            self._cut(self._size)
        except UnavailableError:
            self._most_bytes = 0  # nothing may follow it; said aloud until the next start

    def _cut(self, size: int) -> None:
        try:
            if self.path.exists():
                os.truncate(self.path, size)
        except OSError as error:
            raise self._unusable(error) from error
        self._size = size

    def _decode(self, line: bytes, number: int) -> Record | None:
        checksum, _, text = line.partition(b" ")
        if checksum != b"%08x" % zlib.crc32(text):
            return None
        try:
            return _RECORDS.validate_json(text)
        except ValidationError as error:
            raise UnavailableError(
                f"Line {number} of the journal {self.path} was written by another version of this program."
            ) from error

    def _unusable(self, error: OSError) -> UnavailableError:
        return UnavailableError(f"The journal {self.path} cannot be written: {error.strerror}.")


def _write_all(file: int, line: bytes) -> None:
    while line:
        line = line[os.write(file, line) :]
