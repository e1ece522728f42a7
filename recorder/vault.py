"""The vault: where recordings lie once their call is over.

Asterisk's MixMonitor (option D) leaves headerless 16-bit little-endian stereo at 8 kHz: left is what the
channel said, right is what it heard. The vault puts a WAV header in front, writes it under a dated folder
in one step (temporary file, fsync, rename) and remembers its SHA-256. Memory use is bounded.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from recorder.errors import VaultError

SAMPLE_RATE = 8_000
SAMPLE_BYTES = 2
STEREO = 2
HEADER_BYTES = 44
SEEN_FILES = 256
CLOSE_TIMEOUT_S = 5.0  # MixMonitor closes its file some 20 ms after the channel is gone
CLOSE_POLL_S = 0.02
_CHUNK = 256 * 1024
_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file's hash, and the change time (which nobody can set back) and size it had then."""

    changed_ns: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """What Asterisk left in its spool: 16-bit frames at 8 kHz after `header_bytes` that are not sound."""

    path: Path
    channels: int = STEREO
    header_bytes: int = 0

    @property
    def frame_bytes(self) -> int:
        return SAMPLE_BYTES * self.channels


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the vault. `path` is relative to the vault's folder."""

    path: str
    frames: int
    size_bytes: int
    sha256: str
    cut_off: bool  # the raw file ended in the middle of a frame or was still open

    @property
    def length_s(self) -> float:
        return self.frames / SAMPLE_RATE


class Vault:
    """Keeps WAV files under `folder/YYYY/MM/DD/<name>.wav`, readable by their owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, _Seen] = {}  # what was hashed lately: players ask for one file in many ranges

    async def keep(self, source: Source, name: str, day: datetime) -> Kept:
        """Wrap the source and move it in. Raises VaultError; the file stays where it was in that case."""
        closed = await _wait_closed(source.path)
        return await asyncio.to_thread(self._keep, source, name, day, still_open=not closed)

    def path(self, relative: str) -> Path:
        """The absolute path of something kept. Raises VaultError for a path that leads outside."""
        path = (self._folder / relative).resolve()
        if not path.is_relative_to(self._folder.resolve()) or "\0" in relative:
            raise VaultError("This recording's path leads outside the vault; its row was tampered with.")
        return path

    async def intact(self, kept_path: str, sha256: str) -> bool:
        """Whether the stored bytes still have their hash. A file not written since it was hashed is not read again."""
        path = self.path(kept_path)
        if not path.is_file():
            return False
        found = path.stat()
        seen = self._seen.get(kept_path)
        if seen is None or (seen.changed_ns, seen.size) != (found.st_ctime_ns, found.st_size):
            seen = _Seen(found.st_ctime_ns, found.st_size, await asyncio.to_thread(_sha256, path))
            while len(self._seen) >= SEEN_FILES:
                self._seen.pop(next(iter(self._seen)))
            self._seen[kept_path] = seen
        return seen.sha256 == sha256

    def _keep(self, source: Source, name: str, day: datetime, *, still_open: bool) -> Kept:
        if not _SAFE_NAME.fullmatch(name):
            raise VaultError(f"{name!r} is not a name a recording may have.")
        relative = f"{day:%Y/%m/%d}/{name}.wav"
        target = self.path(relative)
        part = target.with_suffix(".part")
        try:
            size = max(source.path.stat().st_size - source.header_bytes, 0)
            frames, rest = divmod(size, source.frame_bytes)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            digest = _write_wav(source, part, frames)
            part.rename(target)
            _fsync_folder(target.parent)
            source.path.unlink()
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise VaultError(
                f"The recording could not be stored: {error.strerror}. Free some disk space or mend "
                "the folder's permissions; the raw file was left in place and is taken up at the next start.",
                file=str(source.path),
            ) from error
        return Kept(relative, frames, target.stat().st_size, digest, still_open or rest != 0)


def wav_header(frames: int, channels: int = STEREO) -> bytes:
    """The 44 bytes of a PCM WAV header (RIFF, Microsoft 1991) for `frames` 16-bit frames at 8 kHz."""
    frame_bytes = SAMPLE_BYTES * channels
    data = frames * frame_bytes
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + data,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        SAMPLE_RATE,
        SAMPLE_RATE * frame_bytes,
        frame_bytes,
        16,
        b"data",
        data,
    )


def _write_wav(source: Source, part: Path, frames: int) -> str:
    digest = hashlib.sha256()
    target = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with source.path.open("rb") as read, os.fdopen(target, "wb") as write:
        read.seek(source.header_bytes)
        for block in _blocks(wav_header(frames, source.channels), read, frames * source.frame_bytes):
            digest.update(block)
            write.write(block)
        write.flush()
        os.fsync(write.fileno())
    return digest.hexdigest()


def _blocks(header: bytes, read: BinaryIO, left: int) -> Iterator[bytes]:
    yield header
    while left > 0 and (block := read.read(min(_CHUNK, left))):
        left -= len(block)
        yield block


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _wait_closed(raw: Path) -> bool:
    """Wait until Asterisk has closed `raw`; False when it is still open after CLOSE_TIMEOUT_S.

    The kernel grants a read lease only while nobody has the file open for writing (fcntl(2), F_SETLEASE):
    that tells "finished" without a message from Asterisk, which sends none.
    """
    deadline = asyncio.get_running_loop().time() + CLOSE_TIMEOUT_S
    while not _has_no_writer(raw):
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(CLOSE_POLL_S)
    return True


def _has_no_writer(raw: Path) -> bool:
    try:
        descriptor = os.open(raw, os.O_RDONLY)
    except FileNotFoundError:
        return True  # `keep` says it is missing
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
