"""PostgreSQL keeps what SQLite keeps, by the same contract; and says in a sentence why it cannot be opened."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contract_store import T0, StoreContract, contact
from tests.databases import fresh_database, opened
from tests.postgres_server import PostgresServer
from voice_core.agent import StatusSpan
from voice_core.errors import InvalidInputError, UnavailableError
from voice_core.ports import Change, Store
from voice_core.store.database import open_database
from voice_core.store.models import Base
from voice_core.store.queries import Filter, Queries
from voice_core.store.sql import SqlStore


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def store(self, postgres_engine: AsyncEngine) -> SqlStore:
        return SqlStore(postgres_engine)

    async def time_line(self, store: Store, agent: str) -> list[StatusSpan]:
        assert isinstance(store, SqlStore)
        return list(await Queries(store._engine).spans(agent, T0 - timedelta(days=1), T0 + timedelta(days=1)))


async def test_the_migrations_make_the_tables_the_models_describe(postgres_engine: AsyncEngine) -> None:
    async with postgres_engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    ours = {"interactions", "offers", "agents", "ledger", "status_spans", "lease", "reactions"}
    assert [difference for difference in differences if any(name in str(difference) for name in ours)] == []


async def test_programs_that_start_together_migrate_one_after_the_other(
    postgres_server: PostgresServer,
) -> None:
    url = await fresh_database(postgres_server, template="template1")
    engines = await asyncio.gather(*(open_database(url) for _ in range(3)))
    async with engines[0].connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM alembic_version"))).scalar_one() == 1
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_search_reads_the_same_way(postgres_engine: AsyncEngine) -> None:
    store = SqlStore(postgres_engine)
    await store.commit(*(Change((contact(f"c{n}", contact_name=f"Nº{n} 100%"),)) for n in range(3)))
    found = await Queries(postgres_engine).search(Filter(state="live", text="nº2"))
    assert [row.id for row in found.items] == ["c2"]
    assert (await Queries(postgres_engine).search(Filter(text="100%"))).total == 3


async def test_what_this_database_cannot_hold_is_the_callers_fault_not_an_outage(
    postgres_engine: AsyncEngine,
) -> None:
    store = SqlStore(postgres_engine)
    for wrong in ("nul\x00", "x" * 300):
        with pytest.raises(InvalidInputError, match="cannot be stored"):
            await store.commit(Change((contact(contact_name=wrong),)))
    await store.commit(Change((contact(),)))


async def test_what_cannot_be_opened_says_why_and_keeps_the_password(
    postgres_server: PostgresServer, unused_tcp_port: int
) -> None:
    there = postgres_server.url("nowhere")
    password = there.partition(":")[2].partition(":")[2].partition("@")[0]
    wrong = {
        there: "does not exist",
        there.replace(password, "wrong"): "password authentication failed",
        f"postgresql+asyncpg://x:secret@127.0.0.1:{unused_tcp_port}/x": "cannot be reached",
    }
    for url, words in wrong.items():
        with pytest.raises(UnavailableError, match=words) as caught:
            await open_database(url)
        assert password not in str(caught.value)
        assert "secret" not in str(caught.value)


async def test_a_url_is_enough_for_a_new_database(postgres_server: PostgresServer) -> None:
    async with opened(await fresh_database(postgres_server, template="template1")) as engine:
        await SqlStore(engine).commit(Change((contact(),)))
        assert (await SqlStore(engine).load_live()).interactions == (contact(),)
