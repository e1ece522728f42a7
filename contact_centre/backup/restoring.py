"""Putting a copy back: into an empty home and an empty database, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from contact_centre import one_instance as lock
from contact_centre.backup.archive import open_archive
from contact_centre.backup.contents import SETTINGS_FILE
from contact_centre.backup.errors import (
    ArchiveDamagedError,
    BackupError,
    DatabaseTakenError,
    HomeTakenError,
    OtherDatabaseError,
)
from contact_centre.backup.manifest import DatabaseCopy, Manifest
from contact_centre.backup.postgres import restored_postgres
from contact_centre.backup.sqlite import FILE, begin_new_life, read_sqlite
from contact_centre.backup.taking import Tell
from contact_centre.settings import Settings, load_settings
from voice_core.store.ownership import holder_of

STAGING = ".restoring"


@dataclass(frozen=True, slots=True)
class Restored:
    home: Path
    database: str  # its address, without the password
    manifest: Manifest


async def restore_backup(settings: Settings, file: Path, tell: Tell) -> Restored:
    """Raises a CentralitaError with a sentence; the home and the database are as empty as before then."""
    home = settings.home
    with open_archive(file) as archive:
        manifest = archive.manifest
        tell("checked", {"made_at": f"{manifest.made_at:%Y-%m-%d %H:%M} UTC", "files": len(manifest.files)})
        with lock.one_instance(home), _whole_or_nothing(home):
            staging = home / STAGING
            staging.mkdir(mode=0o700)
            archive.unpack(staging)
            tell("unpacked", {"files": len(manifest.files)})
            (staging / "home").mkdir(exist_ok=True)
            (staging / "database").mkdir(exist_ok=True)
            url = _database(staging)
            async with _restored_database(url, staging / "database", manifest) as copy:
                _compare(file, manifest, copy)
                rows = sum(table.rows for table in copy.tables.values())
                tell("database", {"tables": len(copy.tables), "rows": rows})
                _place(staging / "home", home)
            holder_of(home)  # another node than the one the copy is of
            shutil.rmtree(staging)
    tell("placed", {"home": str(home)})
    return Restored(home, make_url(url).render_as_string(hide_password=True), manifest)


@contextmanager
def _whole_or_nothing(home: Path) -> Iterator[None]:
    """The home is empty, and is so again when the context fails."""
    if _held(home):
        raise HomeTakenError(home)
    try:
        yield
    except BaseException as error:
        for path in _held(home):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise BackupError(Path(error.filename or home), error.strerror or str(error)) from error
        raise


def _held(home: Path) -> list[Path]:
    return [path for path in home.iterdir() if path.name != lock.NAME]


def _database(staging: Path) -> str:
    """The address the restored centre will use: by the environment, or by its own settings, which come back with it."""
    return load_settings(file=staging / "home" / SETTINGS_FILE).database


@asynccontextmanager
async def _restored_database(url: str, folder: Path, manifest: Manifest) -> AsyncIterator[DatabaseCopy]:
    """Yields what is in the database now; kept when the context ends well."""
    kind = make_url(url).get_backend_name()
    if kind != manifest.database:
        raise OtherDatabaseError(manifest.database, kind)
    if kind == "postgresql":
        async with restored_postgres(url, folder, manifest) as copy:
            yield copy
        return
    source, target = folder / FILE, Path(make_url(url).database or "")
    if target.exists():
        raise DatabaseTakenError(str(target))
    copy = read_sqlite(source)
    begin_new_life(source)
    yield copy
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.move(source, target)


def _compare(file: Path, manifest: Manifest, copy: DatabaseCopy) -> None:
    """Count and hash of every table. Raises ArchiveDamagedError."""
    if copy.revision != manifest.revision:
        raise ArchiveDamagedError(file, "alembic_version")
    for name in sorted(manifest.tables.keys() | copy.tables.keys()):
        if manifest.tables.get(name) != copy.tables.get(name):
            raise ArchiveDamagedError(file, name)


def _place(staged: Path, home: Path) -> None:
    for path in sorted(staged.iterdir()):
        path.rename(home / path.name)
