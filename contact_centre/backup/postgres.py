"""A copy of a PostgreSQL database by its own COPY: one transaction sees one moment, and locks nobody out."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any

import asyncpg
from sqlalchemy import Connection, Integer, MetaData, String, Table, func, inspect, make_url, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contact_centre.backup.errors import BackupError, DatabaseTakenError
from contact_centre.backup.manifest import RECORDINGS, DatabaseCopy, Manifest, RecordingOf, TableSeal
from contact_centre.backup.sqlite import NEW_LIFE
from voice_core.errors import CentralitaError, UnavailableError
from voice_core.store.database import explained, migrate, patient_engine

COPY_TIMEOUT_S = 3600.0  # one table
SUFFIX = ".copy"
# What COPY writes must not depend on how a server or a role is set up; nor may a large file end the transaction.
_SESSION = ("TimeZone = 'UTC'", "DateStyle = 'ISO'", "idle_in_transaction_session_timeout = 0")


async def copy_postgres(url: str, folder: Path) -> DatabaseCopy:
    """Every table into a file of `folder`. Raises UnavailableError."""
    async with (
        _explaining(url),
        patient_engine(url, COPY_TIMEOUT_S) as engine,
        engine.connect() as connection,
    ):
        await connection.execution_options(isolation_level="REPEATABLE READ")
        await connection.execute(text("SET TRANSACTION READ ONLY"))
        await _prepare(connection)
        metadata = await connection.run_sync(_reflect)
        if "alembic_version" not in metadata.tables:
            raise UnavailableError("The database is empty: nothing was ever stored in it.")
        tables = {
            table.name: await _seal(connection, table, folder / f"{table.name}{SUFFIX}")
            for table in metadata.sorted_tables
        }
        revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        recordings = tuple(RecordingOf(*row) for row in await connection.execute(text(RECORDINGS)))
    return DatabaseCopy(revision, tables, recordings)


@asynccontextmanager
async def restored_postgres(url: str, folder: Path, manifest: Manifest) -> AsyncIterator[DatabaseCopy]:
    """The files of `folder` are in the database, and stay in it when the context ends well.

    Yields what is read back. Raises DatabaseTakenError, UnavailableError.
    """
    async with _explaining(url), patient_engine(url, COPY_TIMEOUT_S) as engine, engine.begin() as connection:
        if await connection.run_sync(lambda sync: inspect(sync).get_table_names()):
            raise DatabaseTakenError(make_url(url).render_as_string(hide_password=True))
        await connection.run_sync(migrate, manifest.revision)
        await _prepare(connection)
        metadata = await connection.run_sync(_reflect)
        for table in reversed(metadata.sorted_tables):  # what a migration put there is in the copy too
            await connection.execute(table.delete())
        driver = await _driver(connection)
        for table in metadata.sorted_tables:
            if (path := folder / f"{table.name}{SUFFIX}").exists():
                await driver.copy_to_table(
                    table.name, source=str(path), columns=_columns(table), timeout=COPY_TIMEOUT_S
                )
            await _count_on(connection, table)
        tables = {table.name: await _seal(connection, table) for table in metadata.sorted_tables}
        yield DatabaseCopy(manifest.revision, tables, ())
        for name, statement in NEW_LIFE.items():
            if name in metadata.tables:
                await connection.execute(text(statement))


def _reflect(connection: Connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata


def _columns(table: Table) -> list[str]:
    return sorted(column.name for column in table.columns)


async def _prepare(connection: AsyncConnection) -> None:
    for setting in _SESSION:
        await connection.execute(text(f"SET LOCAL {setting}"))


async def _driver(connection: AsyncConnection) -> Any:
    """asyncpg's own connection, in the same transaction."""
    return (await connection.get_raw_connection()).driver_connection


async def _seal(connection: AsyncConnection, table: Table, target: Path | None = None) -> TableSeal:
    """Count and hash of its rows in the order of their key, written to `target` too."""
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in _columns(table))
    # By bytes: another server may sort the same words another way.
    order = ", ".join(
        quote(column.name) + (' COLLATE "C"' if isinstance(column.type, String) else "")
        for column in table.primary_key
    )
    query = f"SELECT {columns} FROM {quote(table.name)} ORDER BY {order}"  # noqa: S608 - names of our own tables
    digest = hashlib.sha256()
    driver = await _driver(connection)
    with _written(target) as file:

        async def take(block: bytes) -> None:
            digest.update(block)
            if file is not None:
                file.write(block)

        said = await driver.copy_from_query(query, output=take, timeout=COPY_TIMEOUT_S)
    return TableSeal(rows=int(said.split()[-1]), sha256=digest.hexdigest())


@contextmanager
def _written(path: Path | None) -> Iterator[IO[bytes] | None]:
    """A disk that refuses is not a database that does not answer."""
    if path is None:
        yield None
        return
    try:
        with path.open("xb") as file:
            yield file
    except OSError as error:
        raise BackupError(path, error.strerror or str(error)) from error


async def _count_on(connection: AsyncConnection, table: Table) -> None:
    """The next row gets a number after the last one."""
    for column in table.primary_key:
        if not isinstance(column.type, Integer):
            continue
        sequence = await connection.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
        last = await connection.scalar(select(func.max(column)))
        if sequence is not None and last is not None:
            await connection.execute(select(func.setval(sequence, last)))


@asynccontextmanager
async def _explaining(url: str) -> AsyncIterator[None]:
    try:
        yield
    except CentralitaError:
        raise
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
    ) as error:  # of the driver, when it is used directly
        where = make_url(url).render_as_string(hide_password=True)
        raise UnavailableError(f"The database {where} does not answer: {error}.", url=where) from error
    except Exception as error:
        raise explained(error, url) from error
