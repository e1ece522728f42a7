"""Fixtures shared by all tests: a whole running Centralita, made once for those that need it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import settings

from tests import instance
from tests.certificates import Authority, Issued
from tests.databases import (
    EMPTY,
    any_url,
    create_database,
    database_url,
    migrated_file,
    postgres_engine,
    postgres_server,
    postgres_url,
    sqlite_url,
)
from tests.instance import Instance, prepare, running
from tests.redis_server import redis_server

__all__ = [
    "any_url",
    "centralita",
    "database_url",
    "migrated_file",
    "postgres_engine",
    "postgres_server",
    "postgres_url",
    "redis_server",
    "sqlite_url",
]

settings.register_profile("full", max_examples=150, deadline=None)
settings.register_profile("quick", max_examples=20, deadline=None)  # of `make check`
settings.load_profile("full")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--servers", action="store_true", help="on PostgreSQL and Redis wherever SQLite is the default"
    )


@pytest.fixture(scope="session", autouse=True)
def on_servers(request: pytest.FixtureRequest) -> None:
    """With `--servers` every instance that is not told otherwise has a database on the session's server, and its Redis."""
    if request.config.getoption("--servers"):
        postgres, redis = request.getfixturevalue("postgres_server"), request.getfixturevalue("redis_server")
        instance.more_settings = lambda: {
            "database_url": create_database(postgres, EMPTY), "redis_url": redis.url,
        }  # fmt: skip


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def issued(authority: Authority) -> Issued:
    """A certificate for `tests.certificates.NAME`."""
    return authority.issue("first")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def centralita(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instance]:
    """A demo instance with its own ports and home, as a newcomer gets it. Tests leave it as they found it."""
    home = tmp_path_factory.mktemp("c") / "home"
    async with running(prepare(home), log_json=True) as instance:
        yield instance
