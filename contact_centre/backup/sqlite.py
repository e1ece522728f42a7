"""A copy of a SQLite database, taken by SQLite's own online backup: writers go on meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from contact_centre.backup.manifest import RECORDINGS, DatabaseCopy, RecordingOf, TableSeal
from voice_core.errors import UnavailableError

FILE = "centralita.db"
BUSY_TIMEOUT_S = 5.0
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"


def copy_sqlite(source: Path, folder: Path) -> DatabaseCopy:
    """The database at `source`, as of one moment, into `folder`. Raises UnavailableError."""
    if not source.exists():
        raise UnavailableError(f"There is no database at {source}: nothing was ever stored in this home.")
    target = folder / FILE
    with _opened(source) as original, _opened(target, create=True) as copy:
        original.backup(copy)  # in one go: a commit in between would make it begin anew
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
    return read_sqlite(target)


def read_sqlite(path: Path) -> DatabaseCopy:
    """What is in it, table by table. Raises UnavailableError for what is not a sound database."""
    with _opened(path) as database:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise UnavailableError(f"The database {path} is damaged.")
        tables = {name: _seal(database, name) for (name,) in database.execute(_TABLES).fetchall()}
        revision = database.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        recordings = tuple(RecordingOf(*row) for row in database.execute(RECORDINGS))
    return DatabaseCopy(revision, tables, recordings)


def begin_new_life(path: Path) -> None:
    """Nobody holds the lease, and nobody is signed in."""
    with _opened(path) as database, database:
        there = {name for (name,) in database.execute(_TABLES)}
        for name, statement in NEW_LIFE.items():
            if name in there:
                database.execute(statement)
    with path.open("rb") as file:
        os.fsync(file.fileno())


NEW_LIFE: Mapping[str, str] = {
    "lease": "UPDATE lease SET holder = ''",
    "sessions": "DELETE FROM sessions",  # one that was ended after the copy must not come back
}


def _seal(database: sqlite3.Connection, table: str) -> TableSeal:
    keys = [name for _, name, *_, place in database.execute(f'PRAGMA table_info("{table}")') if place]
    order = ", ".join(f'"{key}"' for key in keys) or "rowid"
    digest, rows = hashlib.sha256(), 0
    for row in database.execute(f'SELECT * FROM "{table}" ORDER BY {order}'):  # noqa: S608 - names of our own tables
        digest.update(json.dumps(row, default=bytes.hex).encode() + b"\n")
        rows += 1
    return TableSeal(rows=rows, sha256=digest.hexdigest())


@contextmanager
def _opened(path: Path, *, create: bool = False) -> Iterator[sqlite3.Connection]:
    mode = "rwc" if create else "rw"
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_S)
        ) as database:
            yield database
    except sqlite3.Error as error:
        raise UnavailableError(f"The database {path} cannot be copied: {error}.") from error
