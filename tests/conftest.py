"""Fixtures shared by all tests: a whole running Centralita, made once for those that need it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.databases import database_url, postgres_engine, postgres_server, postgres_url
from tests.instance import Instance, prepare, running

__all__ = ["centralita", "database_url", "postgres_engine", "postgres_server", "postgres_url"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def centralita(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instance]:
    """A demo instance with its own ports and home, as a newcomer gets it. Tests leave it as they found it."""
    home = tmp_path_factory.mktemp("c") / "home"
    async with running(prepare(home), log_json=True) as instance:
        yield instance
