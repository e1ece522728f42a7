"""Lists of calls on each kind of database: what a search finds, how many there are, and that the rows are not read for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contract_store import T0, contact
from tests.databases import opened
from voice_core.interaction import Stage
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.store import database
from voice_core.store.models import SEARCHED_MOST
from voice_core.store.queries import Filter, Queries
from voice_core.store.sql import SqlStore

ONE_BY_ID = "SEARCH interactions USING INDEX sqlite_autoindex_interactions_1 (id=?)"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with opened(database_url) as engine:
        yield engine


async def found(engine: AsyncEngine, words: str, **more: str) -> list[str]:
    return [row.id for row in (await Queries(engine).search(Filter(text=words, **more))).items]  # type: ignore[arg-type]


async def test_words_are_found_in_any_case_accents_too_and_never_across_two_fields(
    engine: AsyncEngine,
) -> None:
    rows = (
        contact("one", contact_name="NÚÑEZ Peña", disposition="avería", queue="soporte", agent="ana"),
        contact("two", from_address="101", to_address="202", queue="soporte", agent="luis"),
    )
    await SqlStore(engine).commit(Change(rows))
    assert await found(engine, "núñez") == ["one"]
    assert await found(engine, "Núñez PEÑA") == ["one"]
    assert await found(engine, "AVERÍA") == ["one"]
    assert await found(engine, "01202") == []
    assert await found(engine, "01") == ["two", "one"]  # 101: one's number called, two's caller
    assert await found(engine, "01", agent="ana") == ["one"]
    assert await found(engine, "01", agent="ana", queue="otra") == []
    assert await found(engine, "_") == []


async def test_what_is_found_follows_the_call_as_it_changes(engine: AsyncEngine) -> None:
    store = SqlStore(engine)
    await store.commit(Change((contact(),)))
    assert await found(engine, "queja") == []
    await store.commit(Change((contact(version=2, disposition="queja", end_detail="x" * 2 * SEARCHED_MOST),)))
    assert await found(engine, "queja") == ["i1"]
    assert await found(engine, "x" * 200) == ["i1"]


async def test_the_total_is_the_same_on_every_page(engine: AsyncEngine) -> None:
    rows = [
        contact(f"c{n}", opened_at=T0 + timedelta(minutes=n), stage=Stage.CLOSED if n else Stage.FLOW)
        for n in range(8)
    ]
    await SqlStore(engine).commit(Change(tuple(rows)))
    pages = [await Queries(engine).search(Filter(state="closed"), page, 3) for page in (1, 2, 3, 4)]
    assert [[row.id for row in page.items] for page in pages] == [
        ["c7", "c6", "c5"],
        ["c4", "c3", "c2"],
        ["c1"],
        [],
    ]
    assert [page.total for page in pages] == [7, 7, 7, 7]
    assert (await Queries(engine).search(Filter(text="nobody"))).total == 0


async def test_calls_from_before_the_index_are_found_too(engine: AsyncEngine, database_url: str) -> None:
    await SqlStore(engine).commit(Change((contact("old", contact_name="Íñigo ÁVILA"),)))

    def go_back(connection: Connection) -> None:
        config = database._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")

    async with database.for_writing(engine).begin() as connection:
        await connection.run_sync(go_back)
    async with opened(database_url) as newer:
        assert await found(newer, "íñigo ávila") == ["old"]


async def looks_at_calls(folder: Path, wanted: Filter) -> list[str]:
    """How SQLite comes to the second page of a list, and to its total."""
    asked: list[tuple[str, Any]] = []
    async with opened(f"sqlite+aiosqlite:///{folder / 'centre.db'}") as engine:
        event.listen(
            engine.sync_engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, values, *_: asked.append((statement, values)),
        )
        await Queries(engine).search(wanted, page=2)
        statements = [each for each in asked if each[0].startswith("SELECT")]
        assert len(statements) == 2
        looks: list[str] = []
        async with engine.connect() as connection:
            for statement, values in statements:
                plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                details = [row.detail for row in plan]
                looks += [detail for detail in details if " interactions " in detail]
    return looks


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(state="closed"),
        Filter(state="closed", text="7"),
        Filter(queue="q", text="7"),
        Filter(state="closed", queue="q"),
        Filter(state="closed", agent="a"),
    ],
)
async def test_lists_and_counts_on_sqlite_read_no_row_that_is_not_shown(
    tmp_path: Path, wanted: Filter
) -> None:
    looks = await looks_at_calls(tmp_path, wanted)
    assert len(looks) == 3
    assert [look for look in looks if "COVERING" not in look and look != ONE_BY_ID] == []


async def test_the_list_of_what_lives_on_sqlite_looks_through_nothing_that_is_over(tmp_path: Path) -> None:
    looks = await looks_at_calls(tmp_path, Filter(state="live"))
    live = "SCAN interactions USING COVERING INDEX ix_interactions_live"
    assert sorted(looks) == [live, live, ONE_BY_ID]


async def test_lines_of_the_ledger_of_some_kinds_since_a_moment(engine: AsyncEngine) -> None:
    minute = timedelta(minutes=1)
    lines = [
        Entry("i1", T0 + minute * at, kind, "ana", {"n": at})
        for at, kind in enumerate((Kind.LINE_OPENED, Kind.LINE_OPENED, Kind.HELD, Kind.LINE_CLOSED))
    ]
    await SqlStore(engine).commit(Change((contact(),), entries=tuple(lines)))
    found = await Queries(engine).entries_since(T0 + minute, [Kind.LINE_OPENED, Kind.LINE_CLOSED])
    assert [(entry.data["n"], entry.kind, entry.at) for entry in found] == [
        (1, Kind.LINE_OPENED, T0 + minute),
        (3, Kind.LINE_CLOSED, T0 + 3 * minute),
    ]
