from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contract_store import T0, StoreContract, contact, full
from voice_core.agent import AgentStatus, StatusSpan
from voice_core.errors import CentralitaError, InvalidInputError, UnavailableError
from voice_core.interaction import Stage
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change, Store
from voice_core.store.database import NewerSchemaError, for_writing, open_database
from voice_core.store.models import Base
from voice_core.store.queries import Filter, Queries
from voice_core.store.sql import SqlStore


@pytest.fixture
async def engine(sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(sqlite_url)
    yield engine
    await engine.dispose()


class TestSqlStore(StoreContract):
    @pytest.fixture
    def store(self, engine: AsyncEngine) -> SqlStore:
        return SqlStore(engine)

    async def time_line(self, store: Store, agent: str) -> list[StatusSpan]:
        assert isinstance(store, SqlStore)
        return list(await Queries(store._engine).spans(agent, T0 - timedelta(days=1), T0 + timedelta(days=1)))


async def test_the_migrations_make_the_tables_the_models_describe(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    ours = {"interactions", "offers", "agents", "ledger", "status_spans"}
    assert [difference for difference in differences if any(name in str(difference) for name in ours)] == []


async def test_a_killed_process_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'centre.db'}"
    engine = await open_database(url)
    await SqlStore(engine).commit(Change((full(),), entries=(Entry("i1", T0, Kind.OPENED, "x"),)))
    other = await open_database(url)  # the first one was never closed, as after a kill
    assert await SqlStore(other).interaction("i1") == full()
    await other.dispose()
    await engine.dispose()


async def test_a_reader_that_then_writes_is_not_refused_because_somebody_else_committed(
    engine: AsyncEngine,
) -> None:
    store = SqlStore(engine)
    await store.commit(Change((contact(),)))
    async with for_writing(engine).begin() as connection:
        await connection.exec_driver_sql("SELECT * FROM interactions")
        meanwhile = asyncio.create_task(store.commit(Change((contact("i2"),))))
        await connection.exec_driver_sql("UPDATE interactions SET priority = 7 WHERE id = 'i1'")
    await meanwhile
    assert (row := await store.interaction("i1")) is not None
    assert row.priority == 7


async def test_search_finds_by_state_person_time_and_words(engine: AsyncEngine) -> None:
    rows = [
        contact(f"c{n}", opened_at=T0 + timedelta(minutes=n), agent="ana" if n % 2 else "luis", queue="q",
                stage=Stage.CLOSED if n < 6 else Stage.TALKING, contact_name=f"José Nº{n} 100%")
        for n in range(10)
    ]  # fmt: skip
    await SqlStore(engine).commit(Change(tuple(rows)))
    queries = Queries(engine)

    async def ids(wanted: Filter, page: int = 1, size: int = 50) -> list[str]:
        return [row.id for row in (await queries.search(wanted, page, size)).items]

    assert await ids(Filter(state="live")) == ["c9", "c8", "c7", "c6"]
    assert await ids(Filter(state="closed", agent="ana")) == ["c5", "c3", "c1"]
    assert await ids(Filter(since=T0 + timedelta(minutes=2), until=T0 + timedelta(minutes=4))) == ["c3", "c2"]
    assert await ids(Filter(text="nº7")) == ["c7"]
    assert await ids(Filter(text="100%")) == [f"c{n}" for n in range(9, -1, -1)]
    assert await ids(Filter(text="1_0")) == []
    assert await ids(Filter(text="+593991")) == [f"c{n}" for n in range(9, -1, -1)]
    second = await queries.search(Filter(queue="q"), 2, 4)
    assert ([row.id for row in second.items], second.total) == (["c5", "c4", "c3", "c2"], 10)
    assert (await queries.search(Filter(queue="q"), 99, 4)).items == []
    assert await queries.spans("ana", T0, T0) == []


async def test_the_time_line_is_cut_out_by_what_touches_it(engine: AsyncEngine) -> None:
    def span(start: int, end: int | None) -> StatusSpan:
        until = None if end is None else T0 + timedelta(seconds=end)
        return StatusSpan("ana", AgentStatus.TALKING, "", T0 + timedelta(seconds=start), until, "ana")

    spans = [span(0, 10), span(10, 20), span(20, None)]
    opened = [replace(each, until=None) for each in spans]
    closings = [(opened[0],), (spans[0], opened[1]), (spans[1], opened[2])]
    for drawn in closings:
        await SqlStore(engine).commit(Change(spans=drawn))
    found = await Queries(engine).spans("ana", T0 + timedelta(seconds=10), T0 + timedelta(seconds=15))
    assert list(found) == [spans[1]]


async def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    async def error(url: str) -> CentralitaError:
        with pytest.raises(CentralitaError) as caught:
            await open_database(url)
        return caught.value

    missing = await error(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'centre.db'}")
    assert isinstance(missing, UnavailableError)
    assert "cannot be written" in str(missing)
    (tmp_path / "text.db").write_text("this is not a database, " * 50)
    assert "not a database" in str(await error(f"sqlite+aiosqlite:///{tmp_path / 'text.db'}"))
    assert isinstance(await error("neither url nor path"), InvalidInputError)


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "centre.db"
    await (await open_database(f"sqlite+aiosqlite:///{path}")).dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(NewerSchemaError, match="newer version"):
        await open_database(f"sqlite+aiosqlite:///{path}")


async def test_an_error_shows_no_values(engine: AsyncEngine) -> None:
    """They are personal data, and errors end up in logs."""
    with pytest.raises(OperationalError) as refusal:
        async with engine.connect() as connection:
            await connection.execute(
                text("SELECT * FROM nowhere WHERE number = :number"), {"number": "0991234567"}
            )
    assert "nowhere" in str(refusal.value)
    assert "0991234567" not in str(refusal.value)
