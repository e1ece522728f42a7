"""The suites of the desk and the router run on every kind of store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.databases import fresh_database, opened
from tests.voice_core import world
from voice_core.store.sql import SqlStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def each_store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """`World()` without a store of its own stands on this one."""
    if request.param == "memory":
        yield
        return
    if request.param == "postgresql":
        url = await fresh_database(request.getfixturevalue("postgres_server"))
    else:
        url = request.getfixturevalue("sqlite_url")
    async with opened(url) as engine:
        monkeypatch.setattr(world, "make_store", lambda: SqlStore(engine))
        yield
