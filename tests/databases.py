"""Databases for tests: a fresh one a test, on SQLite or on the session's PostgreSQL server."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.instance import Instance
from tests.postgres_server import PostgresServer
from voice_core.store.database import open_database

_TEMPLATE = "migrated"
EMPTY = "template1"  # not even migrated
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for all tests of the session, with a migrated template database."""
    server = PostgresServer()
    try:
        server.start()
        with ThreadPoolExecutor(1) as aside:  # a loop may be running here already
            aside.submit(asyncio.run, _make_template(server)).result()
        yield server
    finally:
        server.stop()


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> str:
    """A migrated, empty database of its own."""
    return await fresh_database(postgres_server)


@pytest.fixture
async def postgres_engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with opened(postgres_url) as engine:
        yield engine


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database, to be copied: migrating costs more than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "centralita.db"
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, _migrate_file(path)).result()
    return path


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite database of its own."""
    path = tmp_path / "centralita.db"
    shutil.copyfile(migrated_file, path)
    return f"sqlite+aiosqlite:///{path}"


async def _migrate_file(path: Path) -> None:
    await (await open_database(f"sqlite+aiosqlite:///{path}")).dispose()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(url)
    try:
        yield engine
    finally:
        await engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return await fresh_database(request.getfixturevalue("postgres_server"))


@pytest.fixture
def any_url(request: pytest.FixtureRequest) -> str:
    """An empty database of its own: on SQLite, or with `--servers` on PostgreSQL."""
    if request.config.getoption("--servers"):
        return create_database(request.getfixturevalue("postgres_server"))
    return str(request.getfixturevalue("sqlite_url"))


def create_database(server: PostgresServer, template: str = _TEMPLATE) -> str:
    """`fresh_database`, also where a loop runs already."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, fresh_database(server, template)).result()


def rows(instance: Instance, statement: str, **values: object) -> list[tuple[Any, ...]]:
    """What the instance's database answers, whichever it is; `:name` stands for a value."""
    url = instance.environment.get("CENTRALITA_DATABASE_URL") or (
        f"sqlite+aiosqlite:///{instance.home / 'centralita.db'}"
    )

    async def ask() -> list[tuple[Any, ...]]:
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                return [tuple(row) for row in await connection.execute(text(statement), values)]
        finally:
            await engine.dispose()

    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, ask()).result()


async def fresh_database(server: PostgresServer, template: str = _TEMPLATE) -> str:
    name = f"t{next(_numbers)}"
    await _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(name)


async def _make_template(server: PostgresServer) -> None:
    await _administer(server, f"CREATE DATABASE {_TEMPLATE}")
    await (await open_database(server.url(_TEMPLATE))).dispose()


async def _administer(server: PostgresServer, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres").replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
