"""The archive: one tar file, its manifest last. Written once, read with distrust.

Not compressed: most of it is sound, and a copy taken beside live calls should cost them no processor.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from contact_centre.backup.errors import ArchiveDamagedError, ArchiveUnsafeError, BackupError
from contact_centre.backup.manifest import NAME, FileSeal, Manifest
from voice_core.store.database import NewerSchemaError, known_revisions

MANIFEST_LIMIT_BYTES = 256 * 1024 * 1024
TOPS = ("home", "database")
# Never part of a copy: they belong to one home and its life.
OWN = frozenset({"home/centralita.lock", "home/node-id"})
_CHUNK = 256 * 1024


class ArchiveWriter:
    """`add` what belongs in it, then `seal`. Raises OSError."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - `seal` ends it
        self._seals: dict[str, FileSeal] = {}

    @property
    def seals(self) -> Mapping[str, FileSeal]:
        return self._seals

    def add(self, name: str, path: Path) -> FileSeal:
        """The file at `path` as it is now. Raises FileNotFoundError before anything of it is written."""
        if not is_safe(name):
            raise BackupError(path, "its name is not one a backup can hold; rename it")
        with path.open("rb") as source:
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = os.fstat(source.fileno()).st_size, path.stat().st_mtime, 0o600
            hashed = _Hashed(source)
            self._tar.addfile(info, hashed)  # OSError when it became shorter meanwhile
        self._seals[name] = FileSeal(size_bytes=info.size, sha256=hashed.digest.hexdigest())
        return self._seals[name]

    def seal(self, manifest: Manifest) -> None:
        text = manifest.model_dump_json(indent=1).encode()
        info = tarfile.TarInfo(NAME)
        info.size, info.mode = len(text), 0o600
        self._tar.addfile(info, io.BytesIO(text))
        self._tar.close()


class _Hashed(io.RawIOBase):
    """Reads on, and hashes what it read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self.digest.update(block)
        return block


class Archive:
    """One that was looked through: its names are safe, and they are those of its manifest."""

    def __init__(self, path: Path, tar: tarfile.TarFile) -> None:
        self._path = path
        self._tar = tar
        members = self._members()
        self.manifest = self._manifest(members.pop(NAME, None))
        if members.keys() != self.manifest.files.keys():
            differing = sorted(members.keys() ^ self.manifest.files.keys())
            raise ArchiveDamagedError(path, differing[0])
        self._by_name = members

    def unpack(self, folder: Path) -> None:
        """Everything below `folder`, which exists. Raises ArchiveDamagedError, OSError."""
        for name, seal in self.manifest.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._copy(self._by_name[name], target) != seal:
                raise ArchiveDamagedError(self._path, name)
        os.sync()

    def _copy(self, member: tarfile.TarInfo, target: Path) -> FileSeal:
        digest, size = hashlib.sha256(), 0
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        source = self._tar.extractfile(member)
        with os.fdopen(descriptor, "wb") as write:
            while source is not None and (block := source.read(_CHUNK)):
                digest.update(block)
                write.write(block)
                size += len(block)
        return FileSeal(size_bytes=size, sha256=digest.hexdigest())

    def _members(self) -> dict[str, tarfile.TarInfo]:
        members: dict[str, tarfile.TarInfo] = {}
        for member in self._tar:
            plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
            if not plain or member.name in members or not is_safe(member.name):
                raise ArchiveUnsafeError(self._path, member.name)
            members[member.name] = member
        return members

    def _manifest(self, member: tarfile.TarInfo | None) -> Manifest:
        source = self._tar.extractfile(member) if member is not None else None
        if member is None or source is None or member.size > MANIFEST_LIMIT_BYTES:
            raise ArchiveDamagedError(self._path, NAME)
        try:
            manifest = Manifest.model_validate_json(source.read())
        except ValidationError:
            raise ArchiveDamagedError(self._path, NAME) from None
        if manifest.revision not in known_revisions():
            raise NewerSchemaError(f"{self._path} was written by a newer version; update this program first.")
        return manifest


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Raises ArchiveDamagedError, ArchiveUnsafeError, NewerSchemaError, BackupError."""
    try:
        with tarfile.open(path, "r:") as tar:
            yield Archive(path, tar)
    except tarfile.TarError as error:
        raise ArchiveDamagedError(path, str(error)) from error
    except OSError as error:
        raise BackupError(Path(error.filename or path), error.strerror or str(error)) from error


def is_safe(name: str) -> bool:
    """Below one of the folders a backup has, by a path that goes nowhere else."""
    if name == NAME:
        return True
    parts = name.split("/")
    plain = all(part not in ("", ".", "..") and part.isprintable() and "\\" not in part for part in parts)
    return plain and len(parts) > 1 and parts[0] in TOPS and name not in OWN
