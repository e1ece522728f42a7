"""Opening the database: migrate it first, then hand out the engine. What can be wrong has its sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from voice_core.errors import CentralitaError, InvalidInputError, UnavailableError, UnwritableError
from voice_core.store.errors import UNWRITABLE

BUSY_TIMEOUT_MS = 5000  # another process (the command line) may be writing
CONNECT_TIMEOUT_S = 3.0  # to PostgreSQL
STATEMENT_TIMEOUT_S = 5.0  # one statement on PostgreSQL; reports ask for more themselves
MIGRATION_LOCK = 0x43454E54  # two programs that start together migrate one after the other
MIGRATE_TIMEOUT_S = 120.0  # all of it, and any one statement: an index on years of calls takes its time
# A change of a table waits so long for others to leave it. Whoever asks for the table meanwhile queues behind us.
LOCK_TIMEOUT_S = 5.0
# A frozen program that is in the middle of a transaction must not keep others from the rows it has locked (the lease).
IDLE_TRANSACTION_TIMEOUT_S = 3.0
_MIGRATIONS = Path(__file__).parent / "migrations"
_DRIVER_SAYS = (
    (("locked", "lock timeout"), "is locked by another process. Stop it, or wait until it is done."),
    (("not a database", "malformed"), "is damaged or is not a database. Put a backup in its place."),
)


class NewerSchemaError(CentralitaError):
    """A newer version of the program has already changed this database."""

    code = "newer_schema"


async def open_database(url: str) -> AsyncEngine:
    """Migrate to the newest schema, then open. `url`: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://…`.

    Raises UnavailableError (unwritable, locked, unreachable), NewerSchemaError, InvalidInputError.
    """
    async with patient_engine(url) as engine:
        try:
            async with asyncio.timeout(MIGRATE_TIMEOUT_S), for_writing(engine).begin() as connection:
                await connection.run_sync(migrate)
        except BaseException as error:
            raise explained(error, url) from error
    return _engine(url, STATEMENT_TIMEOUT_S)


@asynccontextmanager
async def patient_engine(
    url: str, statement_timeout_s: float = MIGRATE_TIMEOUT_S
) -> AsyncIterator[AsyncEngine]:
    """The database as it stands, for work that takes longer than serving calls may. Raises InvalidInputError."""
    engine = _engine(url, statement_timeout_s)
    try:
        yield engine
    finally:
        await engine.dispose()


def migrate(connection: Connection, revision: str = "head") -> None:
    """Up to `revision`, inside the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        timeout_ms = str(round(LOCK_TIMEOUT_S * 1000))
        connection.execute(select(func.set_config("lock_timeout", timeout_ms, True)))  # of this transaction
    command.upgrade(config, revision)


def for_writing(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for transactions that read and then write.

    SQLite refuses at once (it does not wait) to let a transaction write that began reading before somebody
    else's commit; beginning as a writer avoids that. PostgreSQL does not care.
    """
    return engine.execution_options(writes=True)


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def known_revisions() -> frozenset[str]:
    """Of this program; a database at any other one was written by a newer version."""
    return frozenset(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def explained(error: BaseException, url: str) -> BaseException:
    """What went wrong with the database at `url`, as an error with a sentence where there is one."""
    where = make_url(url).render_as_string(hide_password=True)
    if isinstance(error, CommandError) and "locate revision" in str(error):
        return NewerSchemaError(
            f"The database {where} was written by a newer version; update this program first."
        )
    if isinstance(error, TimeoutError):
        why = f"was not ready after {MIGRATE_TIMEOUT_S:.0f} s."
    elif isinstance(error, DBAPIError):
        said = str(error.orig)
        if any(word in said for word in UNWRITABLE):
            return UnwritableError(where, said)
        known = (sentence for words, sentence in _DRIVER_SAYS if any(word in said for word in words))
        why = next(known, f"does not answer: {said}.")
    elif isinstance(error, OSError):
        why = f"cannot be reached: {error}."
    else:
        return error
    return UnavailableError(f"The database {where} {why}", url=where)


def _engine(url: str, statement_timeout_s: float) -> AsyncEngine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return create_async_engine(
                parsed, pool_pre_ping=True, connect_args=_postgres(statement_timeout_s), hide_parameters=True
            )
        # the values of a statement are personal data: no error, and so no log line, may show them
        engine = create_async_engine(
            parsed, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
        )
    except (ArgumentError, ModuleNotFoundError) as error:
        raise InvalidInputError(
            f"The database address cannot be used: {error}", field="database_url"
        ) from error
    event.listen(engine.sync_engine, "connect", prepare_sqlite)
    event.listen(engine.sync_engine, "begin", begin_sqlite)
    return engine


def _postgres(statement_timeout_s: float) -> dict[str, Any]:
    return {
        "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": statement_timeout_s,
        "server_settings": {
            "application_name": "centralita",
            "idle_in_transaction_session_timeout": str(round(IDLE_TRANSACTION_TIMEOUT_S * 1000)),
        },
    }


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL lets readers read while we write; FULL means a committed change survives a power cut too."""
    connection.isolation_level = None  # we say BEGIN ourselves: the driver would leave out DDL and reads
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("one_statement", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", False) else "BEGIN")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
