"""What a store that fails does to decisions: the error reaches the caller, memory becomes the store's truth again."""

from __future__ import annotations

import asyncio

import pytest

from tests.voice_core.world import World
from voice_core.errors import CentralitaError, NotFoundError, StaleWriteError, UnavailableError
from voice_core.interaction import Direction, EndReason, Stage
from voice_core.ledger import Kind
from voice_core.ports import Change, Live
from voice_core.queue import QueueConfig
from voice_core.store.memory import MemoryStore

QUEUES = {"q": QueueConfig("q")}


class FailingStore(MemoryStore):
    """A store in memory that can be told to fail, and that can be held up."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.poison: str | None = None  # the contact whose change cannot be stored
        self.load_error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.batches: list[int] = []

    async def commit(self, *changes: Change) -> None:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        if any(row.id == self.poison for change in changes for row in change.interactions):
            raise StaleWriteError("poison")
        await super().commit(*changes)
        self.batches.append(len(changes))

    async def load_live(self) -> Live:
        if self.load_error is not None:
            raise self.load_error
        return await super().load_live()


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


async def test_a_failed_commit_reaches_the_caller_and_memory_is_read_again(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        await world.agent("ana")
        row = await world.call()
        store.error = UnavailableError("disk full")
        with pytest.raises(UnavailableError, match="disk full"):
            await world.desk.enqueue(row.id, "q")
        store.error = None
        await world.settle()
        assert (world.now(row).stage, world.desk.healthy) == (Stage.FLOW, True)
        assert world.phones.presented == []  # nobody was told
        assert (await world.desk.enqueue(row.id, "q")).stage is Stage.QUEUED
        await world.settle()
        assert world.now(row).agent == "ana"
        assert store.rows == world.desk.floor.interactions


async def test_one_bad_change_does_not_fail_its_neighbours(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        rows = [await world.call() for _ in range(4)]
        store.poison = rows[1].id
        store.open.clear()
        tasks = [asyncio.create_task(world.desk.enqueue(row.id, "q")) for row in rows]
        await world.settle()
        store.open.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(result, StaleWriteError) for result in results] == [False, True, False, False]
        store.poison = None
        await world.settle()
        stages = [world.now(row).stage for row in rows]
        assert stages == [Stage.QUEUED, Stage.FLOW, Stage.QUEUED, Stage.QUEUED]


async def test_a_decision_built_on_one_that_failed_fails_too(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        row, other = await world.call(), await world.call()
        store.poison = row.id
        store.open.clear()
        first = asyncio.create_task(world.desk.enqueue(other.id, "q"))
        await world.settle()
        tasks = [asyncio.create_task(world.desk.enqueue(row.id, "q"))]
        await world.settle()
        tasks.append(asyncio.create_task(world.desk.end(row.id, EndReason.ABANDONED, actor="customer")))
        await world.settle()
        store.open.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, StaleWriteError) for result in results)
        assert (await first).stage is Stage.QUEUED
        store.poison = None
        await world.settle()
        assert world.now(row).stage is Stage.FLOW


async def test_what_gathers_goes_in_one_transaction(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        store.open.clear()
        store.batches.clear()
        calls = [asyncio.create_task(world.call()) for _ in range(20)]
        await world.settle()
        store.open.set()
        await asyncio.gather(*calls)
        assert store.batches == [20]


async def test_while_the_store_cannot_be_read_decisions_are_refused_in_words(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        row = await world.call()
        store.error = store.load_error = UnavailableError("gone")
        with pytest.raises(UnavailableError):
            await world.desk.enqueue(row.id, "q")
        with pytest.raises(UnavailableError, match="try again"):
            await world.desk.enqueue(row.id, "q")
        store.error = store.load_error = None
        assert (await world.desk.enqueue(row.id, "q")).stage is Stage.QUEUED


async def test_a_caller_who_is_cancelled_leaves_the_decision_standing(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        row = await world.call()
        store.open.clear()
        task = asyncio.create_task(world.desk.enqueue(row.id, "q"))
        await world.settle()
        task.cancel()
        await asyncio.wait([task])
        store.open.set()
        await world.settle()
        assert (stored := await store.interaction(row.id)) is not None
        assert stored.stage is Stage.QUEUED


async def test_changed_tells_only_what_is_stored(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        row = await world.call()
        store.open.clear()
        waiting = asyncio.create_task(world.desk.changed(row.id, row.version))
        ending = asyncio.create_task(world.desk.end(row.id, EndReason.FLOW_ENDED, actor="flow"))
        await world.settle()
        assert not waiting.done()
        store.open.set()
        assert (await waiting) == (await ending)
        assert (await world.desk.changed(row.id, row.version)).stage is Stage.CLOSED
        with pytest.raises(NotFoundError):
            await world.desk.changed("nobody", 0)


async def test_a_store_that_raises_something_unheard_of_is_still_an_answer(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        row = await world.call()
        store.error = ValueError("a time without a zone")
        with pytest.raises(CentralitaError):
            await world.desk.note(row.id, Kind.HELD, "ana")
        store.error = None
        await world.settle()
        await world.desk.note(row.id, Kind.HELD, "ana")


async def test_what_is_decided_together_is_stored_and_offered_in_one_commit(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        await world.agent("ana")
        await world.settle()
        store.batches.clear()
        async with world.desk.together():
            row = await world.desk.open(
                channel="voice", direction=Direction.INBOUND, from_address="1", to_address="2"
            )
            await world.desk.note(row.id, Kind.FLOW_STARTED, "flow", {"flow": "f"})
            await world.desk.save_flow(row.id, {"step": "q"})
            await world.desk.enqueue(row.id, "q")
            assert store.batches == []
            assert await store.interaction(row.id) is None
        stored = await store.interaction(row.id)
        assert stored is not None
        assert stored.stage in (Stage.QUEUED, Stage.OFFERED)
        await world.settle()
        assert len(store.batches) == 1, "the router's offer went with it"
        assert [offer.agent for offer in world.phones.presented] == ["ana"]


async def test_of_what_is_decided_together_nothing_stands_when_it_cannot_be_stored(
    store: FailingStore,
) -> None:
    async with World(QUEUES, store=store) as world:
        row = await world.call()
        store.error = UnavailableError("disk full")

        async def both() -> None:
            async with world.desk.together():
                await world.desk.save_flow(row.id, {"step": "x"})
                await world.desk.enqueue(row.id, "q")

        with pytest.raises(UnavailableError, match="disk full"):
            await both()
        store.error = None
        await world.settle()
        await world.desk.recover()
        assert world.desk.interaction(row.id).stage is Stage.FLOW
        assert [entry.kind for entry in await store.entries(row.id)] == [Kind.OPENED]


async def test_a_task_begun_inside_waits_for_its_own_decisions(store: FailingStore) -> None:
    async with World(QUEUES, store=store) as world:
        row = await world.call()
        store.open.clear()
        noting: list[asyncio.Task[None]] = []

        async def both() -> None:
            async with world.desk.together():
                noting.append(asyncio.create_task(world.desk.note(row.id, Kind.HELD, "ana")))
                await world.desk.note(row.id, Kind.RESUMED, "ana")

        deciding = asyncio.create_task(both())
        await world.settle()
        assert not deciding.done()
        assert not noting[0].done()
        store.open.set()
        await asyncio.gather(deciding, *noting)
        assert {Kind.HELD, Kind.RESUMED} <= {entry.kind for entry in await store.entries(row.id)}
