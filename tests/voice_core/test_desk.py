from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.voice_core.world import World
from voice_core.agent import Agent, AgentState, AgentStatus
from voice_core.errors import InvalidInputError, NotAllowedError, NotFoundError, OfferGoneError, StageError
from voice_core.interaction import Direction, EndReason, Interaction, Stage
from voice_core.ledger import Kind
from voice_core.news import Lagged, LocalNews
from voice_core.ports import Change
from voice_core.queue import QueueConfig

pytestmark = pytest.mark.usefixtures("each_store")  # in memory, on SQLite, on PostgreSQL

QUEUES = {"q": QueueConfig("q"), "r": QueueConfig("r")}


async def open_call(world: World, **fields: object) -> Interaction:
    call = {
        "channel": "voice",
        "direction": Direction.INBOUND,
        "from_address": "1",
        "to_address": "2",
        **fields,
    }
    return await world.desk.open(**call)  # type: ignore[arg-type]


async def test_a_contact_opened_twice_is_one_even_at_the_same_time_and_after_its_end() -> None:
    async with World(QUEUES) as world:
        rows = await asyncio.gather(*(open_call(world, node="n", external_id="chan") for _ in range(3)))
        assert len({row.id for row in rows}) == 1
        await world.desk.end(rows[0].id, EndReason.FLOW_ENDED, actor="flow")
        again = await open_call(world, node="n", external_id="chan")
        assert (again.id, again.stage) == (rows[0].id, Stage.CLOSED)
        assert (await open_call(world, node="n2", external_id="chan")).id != rows[0].id


async def test_everything_said_twice_is_done_once() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await open_call(world)
        desk = world.desk
        for _ in range(2):
            await desk.identify(row.id, "c1", "José")
        for _ in range(2):
            await desk.enqueue(row.id, "q")
        await world.settle()
        offer = desk.offer_of(row.id)
        assert offer is not None
        for _ in range(2):
            await desk.accept(offer.id)
        await desk.decline(offer.id, "refused")
        for _ in range(2):
            await desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        for _ in range(2):
            await desk.wrap_up(row.id, "ana", disposition="x")
        await desk.end(row.id, EndReason.ABANDONED, actor="customer")
        kinds = [entry.kind for entry in await world.store.entries(row.id)]
        assert kinds == [
            Kind.OPENED, Kind.IDENTIFIED, Kind.QUEUED, Kind.OFFERED, Kind.ACCEPTED, Kind.ENDED, Kind.DISPOSED, Kind.CLOSED,
        ]  # fmt: skip


async def test_what_is_not_possible_is_refused_with_the_right_error() -> None:
    async with World(QUEUES) as world:
        desk = world.desk
        await world.agent("ana")
        await world.agent("luis")
        row = await open_call(world)
        with pytest.raises(NotFoundError, match="no queue"):
            await desk.enqueue(row.id, "nowhere")
        with pytest.raises(NotFoundError):
            desk.interaction("nobody")
        with pytest.raises(StageError) as refused:
            await desk.transfer(row.id, to_queue="q", by="ana")
        assert refused.value.data["interaction"] == row.id
        with pytest.raises(StageError):
            await desk.request_callback(row.id, "099")
        with pytest.raises(OfferGoneError):
            await desk.accept(f"{row.id}.o1")
        await desk.enqueue(row.id, "q")
        await world.settle()
        taken = await world.accept(row)
        giver, other = ("ana", "luis") if taken.agent == "ana" else ("luis", "ana")
        with pytest.raises(NotAllowedError):
            await desk.transfer(row.id, to_queue="r", by=other)
        with pytest.raises(InvalidInputError):
            await desk.transfer(row.id, by=giver)
        with pytest.raises(InvalidInputError):
            await desk.transfer(row.id, to_agent=giver, by=giver)
        with pytest.raises(NotFoundError):
            await desk.transfer(row.id, to_agent="ghost", by=giver)
        with pytest.raises(NotAllowedError):
            await desk.wrap_up(row.id, other, disposition="x")
        with pytest.raises(StageError) as refused:
            await desk.save_flow(row.id, {})
        assert refused.value.data["interaction"] == row.id
        second = await world.call("q")
        await world.accept(second)
        with pytest.raises(NotAllowedError, match="busy"):
            await desk.hand_over(row.id, other, giver)
        with pytest.raises(NotAllowedError, match="busy"):
            await open_call(world, direction=Direction.OUTBOUND, agent=giver)


async def test_an_agent_dials_out_and_an_unanswered_call_needs_no_wrap_up() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await open_call(world, direction=Direction.OUTBOUND, agent="ana")
        assert (row.stage, world.desk.agent("ana").status) == (Stage.TALKING, AgentStatus.TALKING)
        closed = await world.desk.end(row.id, EndReason.NOT_ANSWERED, actor="system")
        assert (closed.stage, closed.agent) == (Stage.CLOSED, "ana")
        assert world.desk.agent("ana").status is AgentStatus.AVAILABLE


async def test_a_disposition_that_comes_after_the_wrap_up_time_is_kept() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("q")
        await world.accept(row)
        assert (await world.desk.wrap_up(row.id, "ana", disposition="early")).stage is Stage.TALKING
        await world.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        await world.pass_time(60)
        late = await world.desk.wrap_up(row.id, "ana", disposition="late")
        assert (late.stage, late.disposition) == (Stage.CLOSED, "late")
        assert (await world.store.interaction(row.id)) == late
        kinds = [entry.kind for entry in await world.store.entries(row.id)]
        assert kinds.count(Kind.CLOSED) == 1


async def test_the_flow_stores_where_it_stands_and_what_it_heard() -> None:
    async with World(QUEUES) as world:
        row = await open_call(world, flow="demo", data={"a": 1})
        await world.desk.save_flow(
            row.id, {"step": 1}, data={"b": 2}, entry=(Kind.FLOW_STEP, {"step": "menu"})
        )
        after = await world.desk.save_flow(row.id, {"step": 2}, language="en")
        assert (after.flow_state, after.data, after.language) == ({"step": 2}, {"a": 1, "b": 2}, "en")
        assert [e.kind for e in await world.store.entries(row.id)] == [Kind.OPENED, Kind.FLOW_STEP]


async def test_provisioning_again_changes_skills_and_keeps_state() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        await world.desk.set_state("ana", AgentState.PAUSED, "lunch", actor="ana")
        kept = await world.desk.put_agent(Agent("ana", "Ana María", {"es": 9}))
        assert (kept.name, kept.skills, kept.state, kept.reason) == (
            "Ana María",
            {"es": 9},
            AgentState.PAUSED,
            "lunch",
        )
        same = await world.desk.put_agent(replace(kept, state=AgentState.OFFLINE))
        assert same.state is AgentState.PAUSED


async def test_a_slow_subscriber_hears_that_it_lagged() -> None:
    news = LocalNews()
    async with news.subscribe(limit=2) as changes:
        for _ in range(3):
            news.publish(Change())
        assert await anext(changes) == Lagged(3)
        news.publish(Change())
        assert await anext(changes) == Change()
    news.publish(Change())


async def test_news_comes_after_the_store_and_in_order() -> None:
    async with World(QUEUES) as world, world.news.subscribe() as changes:
        row = await open_call(world)
        await world.desk.enqueue(row.id, "q")
        stages = [(await anext(changes)).interactions[0].stage for _ in range(2)]  # type: ignore[union-attr]
        assert stages == [Stage.FLOW, Stage.QUEUED]
