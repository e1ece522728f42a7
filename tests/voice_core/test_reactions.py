"""What follows from a ledger line follows, once the line is stored, whoever dies; one reacts at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tests.contract_store import contact
from tests.databases import opened
from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.store.models import ReactionRow
from voice_core.store.reactions import BATCH, WORKER_GONE_S, Reacting, Reaction
from voice_core.store.sql import SqlStore

T0 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Told:
    """What was reacted to; the next reaction may fail, or wait."""

    contacts: list[str] = field(default_factory=list)
    refuses: str = ""
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event | None = None

    async def react(self, connection: AsyncConnection, contact: Interaction) -> None:
        self.entered.set()
        if self.held is not None:
            await self.held.wait()
        if contact.id == self.refuses:
            raise RuntimeError("cannot")
        self.contacts.append(contact.id)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with opened(database_url) as engine:
        yield engine


async def close(engine: AsyncEngine, *ids: str) -> None:
    """Opened and closed contacts, one commit each."""
    store = SqlStore(engine)
    for each in ids:
        lines = tuple(Entry(each, T0, kind, "system") for kind in (Kind.OPENED, Kind.ENDED, Kind.CLOSED))
        await store.commit(Change((replace(contact(each), stage=Stage.CLOSED),), entries=lines))


def reacting(
    engine: AsyncEngine, told: Told, *, gives_way: bool = False, now_s: list[float] | None = None
) -> Reacting:
    reaction = Reaction("try", Kind.CLOSED, told.react)
    return Reacting(engine, reaction, gives_way=gives_way, steady=lambda: (now_s or [0.0])[0])


async def test_every_closed_contact_in_the_order_of_the_ledger_and_none_twice(engine: AsyncEngine) -> None:
    told, ids = Told(), [f"c{number}" for number in range(BATCH + 3)]
    await close(engine, *ids)
    worker = reacting(engine, told)
    assert [await worker.turn() for _ in range(3)] == [BATCH, 3, 0]
    assert told.contacts == ids
    await close(engine, "last")
    assert await reacting(engine, told).turn() == 1  # another process goes on from there
    assert told.contacts[-1] == "last"


async def test_one_that_cannot_be_reacted_to_does_not_keep_back_the_others(engine: AsyncEngine) -> None:
    told = Told(refuses="b")
    await close(engine, "a", "b", "c")
    assert await reacting(engine, told).turn() == 3
    assert told.contacts == ["a", "c"]


async def test_a_turn_that_is_broken_off_is_taken_again(engine: AsyncEngine) -> None:
    broken = Told(held=asyncio.Event())
    await close(engine, "a")
    await reacting(engine, Told()).turn()
    await close(engine, "b")
    turn = asyncio.create_task(reacting(engine, broken).turn())
    await broken.entered.wait()
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    told = Told()
    assert await reacting(engine, told).turn() == 1
    assert told.contacts == ["b"]


async def test_two_do_not_take_the_same_turn(postgres_engine: AsyncEngine) -> None:
    slow, other = Told(held=asyncio.Event()), Told()
    await close(postgres_engine, "a")
    await reacting(postgres_engine, Told()).turn()
    await close(postgres_engine, "b")
    turn = asyncio.create_task(reacting(postgres_engine, slow).turn())
    await slow.entered.wait()
    assert await reacting(postgres_engine, other).turn() == 0
    assert slow.held is not None
    slow.held.set()
    assert await turn == 1
    assert (slow.contacts, other.contacts) == (["b"], [])


async def test_the_controller_gives_way_to_a_worker_and_goes_on_when_it_is_gone(engine: AsyncEngine) -> None:
    told, now_s = Told(), [100.0]
    controller, worker = reacting(engine, told, gives_way=True, now_s=now_s), reacting(engine, told)
    await close(engine, "a")
    assert await controller.turn() == 1  # nobody else was ever seen
    await worker.turn()
    await close(engine, "b")
    assert await controller.turn() == 0
    now_s[0] += WORKER_GONE_S - 1
    assert await controller.turn() == 0
    now_s[0] += 2
    assert await controller.turn() == 1
    assert told.contacts == ["a", "b"]


async def test_it_is_woken_and_finds_by_itself_what_nobody_told(engine: AsyncEngine) -> None:
    told = Told()
    worker = reacting(engine, told)
    running = asyncio.create_task(worker.run())
    try:
        await close(engine, "a")
        worker.wake()
        await told.entered.wait()
        told.entered.clear()
        await close(engine, "b")
        async with asyncio.timeout(10):
            await told.entered.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    async with engine.connect() as connection:
        assert await connection.scalar(select(ReactionRow.turns).where(ReactionRow.name == "try"))
