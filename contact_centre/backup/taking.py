"""Taking a copy while the centre runs: the database as of one moment, then the files it tells of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from contact_centre.access.audit import AuditLog
from contact_centre.backup.archive import ArchiveWriter
from contact_centre.backup.contents import Contents, contents_of, journal_is_pending
from contact_centre.backup.errors import BackupError, JournalPendingError
from contact_centre.backup.manifest import DatabaseCopy, Kind, LeftOut, Manifest
from contact_centre.backup.postgres import copy_postgres
from contact_centre.backup.sqlite import copy_sqlite
from contact_centre.settings import CHECKOUT, Settings
from voice_core.clock import Clock
from voice_core.store.database import newest_revision, open_database

Tell = Callable[[str, dict[str, object]], None]
"""Hears of each step: its name, and what was done in it."""


@dataclass(frozen=True, slots=True)
class Taken:
    file: Path
    size_bytes: int
    manifest: Manifest


async def take_backup(settings: Settings, target: Path, clock: Clock, actor: str, tell: Tell) -> Taken:
    """One file, readable by its owner only; there is none at `target` when it fails.

    `target`: a file that does not exist, or a folder to put one into.
    Raises BackupError, JournalPendingError, UnavailableError.
    """
    made_at = clock.now()
    target = _target(settings, target, f"centralita-{made_at:%Y%m%d-%H%M%S}.tar")
    if journal_is_pending(settings.home):
        raise JournalPendingError
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".centralita-") as folder:  # 0700
            workshop = Path(folder)
            kind, copy = await _copy_database(settings, workshop)
            rows = sum(table.rows for table in copy.tables.values())
            tell("database", {"tables": len(copy.tables), "rows": rows})
            contents = contents_of(settings, copy)
            archive = workshop / "archive"
            descriptor = os.open(archive, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w+b") as file:
                writer = ArchiveWriter(file)
                left_out = _put_in(writer, workshop, contents, tell)
                if contents.flows is None and not settings.flows_folder.is_relative_to(CHECKOUT):
                    tell("flows_elsewhere", {"folder": settings.flows_folder})
                manifest = Manifest(
                    made_at=made_at, database=kind, revision=copy.revision, tables=copy.tables,
                    files=writer.seals, left_out=left_out, flows=contents.flows,
                )  # fmt: skip
                writer.seal(manifest)
                file.flush()
                os.fsync(file.fileno())
            archive.rename(target)
        _sync(target.parent)
        size = target.stat().st_size
    except OSError as error:
        raise BackupError(Path(error.filename or target), error.strerror or str(error)) from error
    await _note(settings, manifest, clock, actor, target)
    return Taken(target, size, manifest)


def _target(settings: Settings, target: Path, name: str) -> Path:
    target = target.expanduser().absolute()
    target = target / name if target.is_dir() else target
    if target.resolve().is_relative_to(settings.home.resolve()):
        raise BackupError(target, "a copy belongs outside the home it is of, on another disk if possible")
    if target.exists():
        raise BackupError(target, "there is such a file already")
    return target


async def _copy_database(settings: Settings, workshop: Path) -> tuple[Kind, DatabaseCopy]:
    folder = workshop / "database"
    folder.mkdir()
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        return "sqlite", copy_sqlite(Path(url.database or ""), folder)
    return "postgresql", await copy_postgres(settings.database, folder)


def _put_in(writer: ArchiveWriter, workshop: Path, contents: Contents, tell: Tell) -> LeftOut:
    for path in sorted((workshop / "database").iterdir()):
        writer.add(f"database/{path.name}", path)
    missing, damaged, size = list[str](), list[str](), 0
    for sound in contents.sounds:
        try:
            seal = writer.add(f"home/{sound.name}", sound.path)
        except FileNotFoundError:
            missing.append(sound.recording)
            continue
        size += seal.size_bytes
        if sound.sha256 and seal.sha256 != sound.sha256:
            damaged.append(sound.recording)
    left_out = LeftOut(running=contents.running, missing=tuple(missing), damaged=tuple(damaged))
    count = len(contents.sounds) - len(missing)
    tell("recordings", {"count": count, "megabytes": round(size / 1e6, 1)})
    for what, recordings in left_out.model_dump().items():
        if recordings:
            tell(what, {"count": len(recordings), "recordings": ", ".join(recordings[:5])})
    for name, path in contents.files:
        with suppress(FileNotFoundError):  # removed this very moment
            writer.add(f"home/{name}", path)
    tell("files", {"count": len(contents.files)})
    return left_out


async def _note(settings: Settings, manifest: Manifest, clock: Clock, actor: str, target: Path) -> None:
    """Who takes everything away with them is in the audit log; a database to be migrated first is left as it is."""
    if manifest.revision != newest_revision():
        return
    engine = await open_database(settings.database)
    try:
        data = {"files": len(manifest.files)}
        await AuditLog(engine, clock).record(actor, "backup.taken", str(target), data)
    finally:
        await engine.dispose()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
