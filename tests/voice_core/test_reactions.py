"""What follows from a ledger line follows, once the line is stored, whoever dies; one reacts at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contract_store import contact
from tests.databases import opened
from voice_core.errors import UnavailableError
from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Entry, Kind
from voice_core.ports import Change
from voice_core.store.models import ReactionRow
from voice_core.store.reactions import BATCH, WORKER_GONE_S, Reacting, Reaction
from voice_core.store.sql import SqlStore

T0 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Told:
    """What was reacted to; one contact may fail."""

    contacts: list[str] = field(default_factory=list)
    refuses: str = ""
    error: Exception = field(default_factory=lambda: RuntimeError("cannot"))

    def react(self, connection: Connection, contact: Interaction) -> None:
        if contact.id == self.refuses:
            raise self.error
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


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


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
    broken = Told(refuses="b", error=UnavailableError("The database is away."))
    await close(engine, "a", "b")
    with pytest.raises(UnavailableError):
        await reacting(engine, broken).turn()
    told = Told()
    assert await reacting(engine, told).turn() == 2
    assert (broken.contacts, told.contacts) == (["a"], ["a", "b"])


async def test_two_do_not_take_the_same_turn(postgres_engine: AsyncEngine) -> None:
    told = Told()
    await close(postgres_engine, "a")
    await reacting(postgres_engine, told).turn()
    await close(postgres_engine, "b")
    async with postgres_engine.begin() as other:  # whoever is in the middle of theirs
        await other.execute(select(ReactionRow).where(ReactionRow.name == "try").with_for_update())
        assert await reacting(postgres_engine, told).turn() == 0
    assert await reacting(postgres_engine, told).turn() == 1
    assert told.contacts == ["a", "b"]


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
        async with asyncio.timeout(20):
            await close(engine, "a")
            worker.wake()
            await until(lambda: told.contacts == ["a"])
            await close(engine, "b")
            await until(lambda: told.contacts == ["a", "b"])
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    async with engine.connect() as connection:
        assert await connection.scalar(select(ReactionRow.turns).where(ReactionRow.name == "try"))
