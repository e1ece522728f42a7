"""Who owns the centre, on both kinds of database: one at a time, the next life at once, a dead one's place soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contract_store import contact
from tests.databases import opened
from voice_core.clock import SystemClock
from voice_core.errors import FencedError, StaleWriteError, UnavailableError
from voice_core.lease import CONTROLLER, Fence, Keeper
from voice_core.ports import Change
from voice_core.store.leases import SqlLeases
from voice_core.store.ownership import Owned, holder_of, own

pytestmark = pytest.mark.slow

CLOCK = SystemClock()
_killed: list[AsyncExitStack] = []  # a context that is forgotten would be left, and the lease given back


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with opened(database_url) as engine:
        yield engine
        while _killed:
            await _killed.pop().aclose()


@pytest.fixture
def homes(tmp_path: Path) -> list[Path]:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    return [tmp_path / "one", tmp_path / "two"]


async def take(engine: AsyncEngine, home: Path, *, within_s: float = 8.0) -> Owned:
    """Owned and never given back, as by a process that is killed at the end of the test."""
    _killed.append(AsyncExitStack())
    async with asyncio.timeout(within_s):
        return await _killed[-1].enter_async_context(own(engine, home, CLOCK, lambda _: None))


async def test_given_back_or_our_own_it_is_taken_at_once(engine: AsyncEngine, homes: list[Path]) -> None:
    async with own(engine, homes[0], CLOCK, lambda _: None) as first:
        await first.store.commit(Change((contact(),)))
    second = await take(engine, homes[1], within_s=1)
    third = await take(engine, homes[1], within_s=1)  # killed, and started again
    assert [owned.lease.token for owned in (first, second, third)] == [1, 2, 3]
    for stale in (first, second):
        with pytest.raises((FencedError, UnavailableError)):
            await stale.store.commit(Change((contact("i2"),)))
    await third.store.load_live()
    await third.store.commit(Change((contact("i2"),)))


async def test_the_place_of_one_who_died_is_taken_within_five_seconds(
    engine: AsyncEngine, homes: list[Path]
) -> None:
    await take(engine, homes[0])
    assert (await take(engine, homes[1], within_s=5)).lease.token == 2


async def test_while_it_lives_the_second_waits_or_is_told_who_holds_it(
    engine: AsyncEngine, homes: list[Path]
) -> None:
    first = await take(engine, homes[0])
    keeping = asyncio.create_task(first.jobs["lease"]())
    told: list[str] = []
    second = own(engine, homes[1], CLOCK, told.append).__aenter__()
    if engine.dialect.name == "sqlite":
        with pytest.raises(UnavailableError, match=r"in use by another Centralita, .*/one \("):
            await asyncio.wait_for(second, 5)
    else:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(second, 5)
        assert told == [await asyncio.to_thread(holder_of, homes[0])]
    keeping.cancel()


async def test_a_keeper_who_lost_it_says_so(engine: AsyncEngine, homes: list[Path]) -> None:
    first = await take(engine, homes[0])
    leases = SqlLeases(engine)
    await leases.take(CONTROLLER, "other", CLOCK.now(), await leases.read(CONTROLLER))
    async with asyncio.timeout(5):
        with pytest.raises(FencedError):
            await Keeper(leases, first.lease, CLOCK).run()
    with pytest.raises(StaleWriteError):
        await first.store.load_live()
    assert Fence(first.lease).token == 1
