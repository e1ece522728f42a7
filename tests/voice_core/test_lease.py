"""One owner, whatever freezes, dies or is cut off: the lease's decision, its rows, and two controllers at play."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contract_store import contact
from tests.databases import opened
from tests.voice_core.world import HandClock
from voice_core.errors import CentralitaError, FencedError, StaleWriteError, UnavailableError
from voice_core.lease import CONTROLLER, TTL_S, Fence, Lease, Standby, expiry, look, may_take
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.store.leases import SqlLeases, pass_fence
from voice_core.store.sql import SqlStore

pytestmark = pytest.mark.slow

T0 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HELD = Lease(CONTROLLER, "other", 3, T0, 7)


def test_a_row_that_stands_still_long_enough_may_be_taken_and_one_that_moves_may_not() -> None:
    sighting = None
    for tick in range(8):  # 0 to 3.5 s
        sighting = look(sighting, HELD, tick / 2)
        assert may_take(sighting, "me") == (tick / 2 >= TTL_S)
    renewed = replace(HELD, expires_at=T0 + timedelta(seconds=1))
    assert not may_take(look(sighting, renewed, 4.0), "me")
    assert not may_take(look(sighting, replace(HELD, applied=8), 4.0), "me")


def test_time_in_which_nothing_could_be_read_does_not_count() -> None:
    first = look(look(None, HELD, 0), HELD, 0.5)
    assert not may_take(look(first, HELD, 30), "me")


def test_what_is_free_or_our_own_is_taken_at_once() -> None:
    for lease in (None, replace(HELD, holder=""), replace(HELD, holder="me")):
        assert may_take(look(None, lease, 0), "me")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with opened(database_url) as engine:
        yield engine


async def test_a_lease_is_taken_once_renewed_lost_and_given_back(engine: AsyncEngine) -> None:
    leases = SqlLeases(engine)
    assert await leases.read(CONTROLLER) is None
    taken = await asyncio.gather(*(leases.take(CONTROLLER, name, T0, None) for name in "abc"))
    (mine,) = [lease for lease in taken if lease is not None]
    assert await leases.read(CONTROLLER) == mine
    later = T0 + timedelta(seconds=1)
    await leases.renew(mine, later)
    assert await leases.take(CONTROLLER, "z", T0, mine) is None  # it was renewed in between
    seen = await leases.read(CONTROLLER)
    stolen = await leases.take(CONTROLLER, "z", later, seen)
    assert stolen == Lease(CONTROLLER, "z", mine.token + 1, later)
    with pytest.raises(FencedError):
        await leases.renew(mine, later)
    await leases.release(mine)
    assert await leases.read(CONTROLLER) == stolen
    await leases.release(stolen)
    assert await Standby(leases, "new", HandClock()).step() is not None


async def test_a_stale_controller_neither_writes_nor_starts(engine: AsyncEngine) -> None:
    leases = SqlLeases(engine)
    old = await _take(leases, "old")
    stale = SqlStore(engine, Fence(old))
    await stale.commit(Change((contact(),)))
    fresh = SqlStore(engine, Fence(await _take(leases, "new")))
    with pytest.raises(FencedError):
        await stale.commit(Change((contact("i2"),)))
    with pytest.raises(FencedError):
        await stale.load_live()
    assert [row.id for row in (await fresh.load_live()).interactions] == ["i1"]
    await fresh.commit(Change((contact("i2"),)))


async def test_commits_are_numbered_and_one_bad_change_does_not_keep_back_its_neighbours(
    engine: AsyncEngine,
) -> None:
    store = SqlStore(engine, Fence(await _take(SqlLeases(engine), "me")))
    entry = Entry("i1", T0, Kind.HELD, "ana")
    await store.commit(Change((contact(),)))
    for first, last in ((1, 1), (3, 3), (9, 12)):
        with pytest.raises(StaleWriteError):
            await store.commit_numbered(first, last, [Change(entries=(entry,))])
    bad = Change((contact("i9", version=5),))
    changes = [Change(entries=(entry,)), bad, Change((contact("i2"),))]
    assert await store.commit_what_can(2, 4, changes) == [bad]
    assert (await store.read_fence(), len(await store.entries("i1"))) == (4, 1)
    assert await store.interaction("i2") == contact("i2")
    await store.commit(Change(entries=(entry,)))
    assert store.applied == 5


async def test_a_holder_frozen_in_the_middle_of_a_commit_does_not_keep_the_lease(
    postgres_engine: AsyncEngine,
) -> None:
    leases = SqlLeases(postgres_engine)
    fence = Fence(await _take(leases, "frozen"))
    connection = await postgres_engine.connect()
    await connection.run_sync(pass_fence, fence, 1, 1)  # … and here it stops, with the row locked
    async with asyncio.timeout(8):
        lease = await Standby(leases, "next", HandClock()).wait(lambda _: None)
    assert lease.token == fence.token + 1
    with pytest.raises(Exception, match=r"(?i)idle-in-transaction|closed"):
        await connection.commit()
    await connection.invalidate()
    await connection.close()


async def _take(leases: SqlLeases, holder: str) -> Lease:
    taken = await leases.take(CONTROLLER, holder, datetime.now(UTC), await leases.read(CONTROLLER))
    assert taken is not None
    return taken


class Outage(SqlLeases):
    """The same rows behind a line that can be cut."""

    cut = False

    async def read(self, name: str) -> Lease | None:
        if self.cut:
            raise UnavailableError("cut")
        return await super().read(name)

    async def renew(self, lease: Lease, expires_at: datetime) -> None:
        if self.cut:
            raise UnavailableError("cut")
        await super().renew(lease, expires_at)


@dataclass
class Controller:
    name: str
    standby: Standby
    leases: Outage
    lease: Lease | None = None
    store: SqlStore | None = None
    frozen: bool = False
    next_act_s: float = 0.0
    stopped_at_s: float | None = None


class TwoControllers(RuleBasedStateMachine):
    """Frozen and cut off at random. The database is real; time is virtual."""

    def __init__(self) -> None:
        super().__init__()
        self.runner, self.exits, self.now_s, self.number = asyncio.Runner(), AsyncExitStack(), 0.0, 0
        self.clock, self.accepted, self.troubled = HandClock(), [], False
        folder = self.exits.enter_context(tempfile.TemporaryDirectory())
        url = f"sqlite+aiosqlite:///{Path(folder) / 'centre.db'}"
        self.engine = self.runner.run(self.exits.enter_async_context(opened(url)))
        self.controllers = []
        for name in ("a", "b"):
            leases = Outage(self.engine)
            standby = Standby(leases, name, self.clock, lambda: self.now_s)
            self.controllers.append(Controller(name, standby, leases))

    def teardown(self) -> None:
        self.runner.run(self.exits.aclose())
        self.runner.close()

    @rule(seconds=st.sampled_from([0.1, 0.25, 0.5, 1.0, 4.0, 8.0]))
    def time_passes(self, seconds: float) -> None:
        until = self.now_s + seconds
        while self.now_s < until:
            self.now_s += 0.05
            self.clock.moment += timedelta(seconds=0.05)
            for controller in self.controllers:
                if not controller.frozen and controller.next_act_s <= self.now_s:
                    self.runner.run(self.act(controller))

    @rule(index=st.integers(0, 1))
    def freezes_or_goes_on(self, index: int) -> None:
        self.controllers[index].frozen = not self.controllers[index].frozen
        self.troubled = True

    @rule(seconds=st.sampled_from([0.5, 5.0, 30.0]))
    def the_database_goes_away_and_returns(self, seconds: float) -> None:
        for controller in self.controllers:
            controller.leases.cut = True
        self.time_passes(seconds)
        for controller in self.controllers:
            controller.leases.cut = False
        self.time_passes(1.0)

    @rule(index=st.integers(0, 1))
    def a_commit_that_was_underway_arrives(self, index: int) -> None:
        """Also of a frozen controller: what it had sent before arrives after."""
        controller = self.controllers[index]
        if controller.store is None:
            return
        self.number += 1
        try:
            self.runner.run(controller.store.commit(Change((contact(f"i{self.number}"),))))
        except FencedError:
            return
        except StaleWriteError as error:  # the other one, never a neighbour of ours
            raise AssertionError from error
        assert controller.lease is not None
        self.accepted.append(controller.lease.token)

    @invariant()
    def writers_follow_each_other(self) -> None:
        assert self.accepted == sorted(self.accepted)
        assert sum(self.owns(controller) for controller in self.controllers) <= 1

    @invariant()
    def an_outage_alone_moves_nothing(self) -> None:
        if not self.troubled and any(controller.lease for controller in self.controllers):
            assert max(self.token(), 1) == 1

    @invariant()
    def somebody_who_can_soon_owns_it(self) -> None:
        if self.now_s == 0:
            return
        able = [each for each in self.controllers if not each.frozen]
        before = self.now_s
        if able and not any(self.owns(each) for each in able):
            while self.now_s < before + 5.0 and not any(self.owns(each) for each in able):
                self.time_passes(0.05)
            assert any(self.owns(each) for each in able)

    def owns(self, controller: Controller) -> bool:
        return controller.lease is not None and controller.lease.token == self.token()

    def token(self) -> int:
        row = self.runner.run(SqlLeases(self.engine).read(CONTROLLER))
        return row.token if row else 0

    async def act(self, controller: Controller) -> None:
        try:
            if controller.lease is None:
                controller.next_act_s = self.now_s + 0.5
                controller.lease = await controller.standby.step()
                if controller.lease is not None:
                    controller.store = SqlStore(self.engine, Fence(controller.lease))
            else:
                controller.next_act_s = self.now_s + 1.0
                await controller.leases.renew(controller.lease, expiry(self.clock))
        except FencedError:  # its process ends, and a new one waits
            controller.lease = controller.store = None
            controller.standby = Standby(controller.leases, controller.name, self.clock, lambda: self.now_s)
        except CentralitaError:
            controller.next_act_s = self.now_s + 0.25


TwoControllers.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestTwoControllers = TwoControllers.TestCase
