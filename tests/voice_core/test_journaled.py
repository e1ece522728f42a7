"""A commit of which nothing was heard: stored or not, it is in the database once, and so is what follows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contract_store import T0, contact
from tests.databases import opened
from voice_core.errors import UnavailableError
from voice_core.journal import Journal
from voice_core.lease import CONTROLLER, Fence
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.store.journaled import JournaledStore
from voice_core.store.leases import SqlLeases
from voice_core.store.sql import SqlStore


class Line(SqlStore):
    """The real store behind a line that is cut before the request arrives, or before its answer does."""

    cut: str = ""

    async def commit_numbered(self, first: int, last: int, changes: Sequence[Change]) -> None:
        if self.cut == "before":
            raise UnavailableError("cut")
        await super().commit_numbered(first, last, changes)
        if self.cut == "after":
            raise UnavailableError("cut")

    async def read_fence(self) -> int:
        if self.cut:
            raise UnavailableError("cut")
        return await super().read_fence()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with opened(database_url) as engine:
        yield engine


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_it_is_stored_once_with_what_follows(engine: AsyncEngine, tmp_path: Path, cut: str) -> None:
    line, store, journal = await _made(engine, tmp_path)
    await store.commit(Change((contact(),)))
    line.cut = cut
    for number in range(5):
        await store.commit(Change(entries=(Entry("i1", T0, Kind.HELD, str(number)),)))
    assert store.away
    assert len(Journal(tmp_path).read()) == 5
    line.cut = ""
    await _caught_up(store)
    await store.commit(Change(entries=(Entry("i1", T0, Kind.HELD, "5"),)))
    assert [entry.actor for entry in await line.entries("i1")] == [str(number) for number in range(6)]
    assert journal.read() == []


async def test_one_that_may_be_stored_but_cannot_be_journalled_lets_nothing_follow(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    line, store, journal = await _made(engine, tmp_path)
    await store.commit(Change((contact(),)))
    line.cut, journal._most_bytes = "after", 0
    entry = Entry("i1", T0, Kind.HELD, "unsure")
    with pytest.raises(UnavailableError, match="full"):
        await store.commit(Change(entries=(entry,)))
    journal._most_bytes = 10**6
    with pytest.raises(UnavailableError, match="nothing more can be kept"):  # its number may be taken
        await store.commit(Change(entries=(Entry("i1", T0, Kind.HELD, "other"),)))
    line.cut = ""
    await _caught_up(store)
    await store.commit(Change(entries=(Entry("i1", T0, Kind.RESUMED, "after"),)))
    assert [each.actor for each in await line.entries("i1")] == ["unsure", "after"]


async def _made(engine: AsyncEngine, folder: Path) -> tuple[Line, JournaledStore, Journal]:
    lease = await SqlLeases(engine).take(CONTROLLER, "me", datetime.now(UTC), None)
    assert lease is not None
    fence, journal = Fence(lease), Journal(folder)
    line = Line(engine, fence)
    return line, JournaledStore(line, journal, fence), journal


async def _caught_up(store: JournaledStore) -> None:
    running = asyncio.create_task(store.run())
    async with asyncio.timeout(5):
        await store._back.wait()
    running.cancel()
    assert not store.away
