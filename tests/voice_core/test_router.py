from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.voice_core.world import World
from voice_core.agent import AgentState, AgentStatus
from voice_core.errors import NotFoundError, OfferGoneError, StageError
from voice_core.interaction import EndReason, SkillRequirement, Stage
from voice_core.ledger import Kind
from voice_core.pace import Outlook
from voice_core.queue import Overflow, OverflowWhen, QueueConfig

pytestmark = pytest.mark.usefixtures("each_store")  # in memory, on SQLite, on PostgreSQL

QUEUES = {
    "q": QueueConfig("q", ring_timeout_s=15, wrap_up_s=20, pause_after_missed=2),
    "quick": QueueConfig("quick", wrap_up_s=0, pause_after_missed=0),
    "fibra": QueueConfig("fibra", requirements=(SkillRequirement("fibra", 5, ((30.0, 0),)),)),
    "tight": QueueConfig(
        "tight", requirements=(SkillRequirement("fibra"),),
        overflow=(Overflow(0, OverflowWhen.NO_AGENTS, to_flow="sorry"), Overflow(60, to_queue="q")),
    ),
}  # fmt: skip


async def test_a_call_is_offered_accepted_wrapped_up_and_closed() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("q")
        assert [offer.agent for offer in world.phones.presented] == ["ana"]
        assert world.desk.agent("ana").status is AgentStatus.RINGING
        taken = await world.accept(row)
        assert (taken.stage, taken.agent) == (Stage.TALKING, "ana")
        ended = await world.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        assert (ended.stage, world.desk.agent("ana").status) == (Stage.WRAP_UP, AgentStatus.WRAP_UP)
        closed = await world.desk.wrap_up(row.id, "ana", disposition="venta", note="ok", tags=["a"])
        assert (closed.stage, closed.disposition) == (Stage.CLOSED, "venta")
        assert world.desk.agent("ana").status is AgentStatus.AVAILABLE
        kinds = [entry.kind for entry in await world.store.entries(row.id)]
        assert kinds == [
            Kind.OPENED,
            Kind.QUEUED,
            Kind.OFFERED,
            Kind.ACCEPTED,
            Kind.ENDED,
            Kind.DISPOSED,
            Kind.CLOSED,
        ]


async def test_a_freed_agent_gets_the_next_caller_at_once_and_wrap_up_ends_by_itself() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        first, second = await world.call("q"), await world.call("q")
        await world.accept(first)
        await world.desk.end(first.id, EndReason.AGENT_HUNG_UP, actor="ana")
        await world.pass_time(19.9)
        assert world.now(second).stage is Stage.QUEUED
        await world.pass_time(0.2)
        assert world.now(second).agent == "ana"
        assert (await world.store.entries(first.id))[-1].actor == "router"


async def test_an_offer_nobody_answers_goes_to_the_next_and_missed_offers_pause_with_a_notice() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("q")
        await world.agent("luis")
        await world.pass_time(15)
        assert world.phones.withdrawn == [(f"{row.id}.o1", "no_answer")]
        assert world.now(row).agent == "luis"
        await world.pass_time(15)
        assert world.now(row).agent == "ana"  # again, after her rest; the place was kept
        await world.pass_time(15)
        ana = world.desk.agent("ana")
        assert (ana.state, ana.reason, ana.status) == (AgentState.PAUSED, "missed_offers", AgentStatus.PAUSED)
        assert [(notice.code, notice.agent) for notice in world.notices] == [
            ("agent_paused_missed_offers", "ana")
        ]
        await world.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
        assert world.desk.agent("ana").missed_offers == 0


async def test_the_only_agent_who_refuses_is_asked_again_after_a_rest() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("quick")
        await world.decline(row, "refused")
        assert world.now(row).stage is Stage.QUEUED
        await world.pass_time(2)
        assert world.now(row).agent == "ana"
        with pytest.raises(OfferGoneError):
            await world.desk.accept(f"{row.id}.o1")


async def test_an_unreachable_phone_signs_its_agent_out() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("q")
        await world.decline(row, "unreachable")
        ana = world.desk.agent("ana")
        assert (ana.state, ana.reason) == (AgentState.OFFLINE, "unreachable")


async def test_a_presenter_that_fails_or_hangs_stalls_nobody_and_signs_nobody_out() -> None:
    async with World(QUEUES, present_timeout_s=0.05) as world:
        world.phones.fails_for, world.phones.stuck_for = {"ana"}, {"luis"}
        await world.agent("ana")
        row = await world.call("q")
        assert world.now(row).stage is Stage.QUEUED
        await world.agent("luis")
        assert world.now(row).agent == "luis"
        await world.agent("eva")
        other = await world.call("q")
        assert world.now(other).agent == "eva"  # while luis's phone hangs
        seen = world.now(row)
        async with asyncio.timeout(5):
            while seen.stage is Stage.OFFERED:
                seen = await world.desk.changed(row.id, seen.version)
        assert world.desk.agent("ana").state is AgentState.AVAILABLE
        declined = [e for e in await world.store.entries(row.id) if e.kind is Kind.DECLINED]
        assert [(entry.data["agent"], entry.data["reason"]) for entry in declined] == [
            ("ana", "failed"),
            ("luis", "failed"),
        ]


async def test_a_caller_who_hangs_up_while_it_rings_stops_the_ringing() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("q")
        closed = await world.desk.end(row.id, EndReason.ABANDONED, actor="customer")
        await world.settle()
        assert closed.stage is Stage.CLOSED
        assert world.phones.withdrawn == [(f"{row.id}.o1", "withdrawn")]
        assert (world.desk.agent("ana").status, world.desk.agent("ana").missed_offers) == (
            AgentStatus.AVAILABLE,
            0,
        )


async def test_an_agent_who_pauses_while_it_rings_gives_the_offer_back() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("q")
        await world.desk.set_state("ana", AgentState.PAUSED, "lunch", actor="sofia")
        await world.settle()
        assert world.now(row).stage is Stage.QUEUED
        assert world.phones.withdrawn == [(f"{row.id}.o1", "withdrawn")]
        assert world.desk.agent("ana").status is AgentStatus.PAUSED


async def test_skills_relax_by_themselves() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("fibra")
        await world.pass_time(29)
        assert world.now(row).stage is Stage.QUEUED
        await world.pass_time(1)
        assert world.now(row).agent == "ana"


async def test_overflow_keeps_the_place_and_is_checked_again_while_waiting() -> None:
    async with World(QUEUES) as world:
        await world.agent("eva", skills={"fibra": 1})
        await world.desk.set_state("eva", AgentState.PAUSED, "lunch", actor="eva")
        row = await world.call("tight")
        await world.pass_time(59)
        assert world.now(row).queue == "tight"  # somebody signed in could take it
        await world.pass_time(1)
        moved = world.now(row)
        assert (moved.queue, moved.queued_at, moved.stage) == ("q", row.queued_at, Stage.QUEUED)
        requeued = (await world.store.entries(row.id))[-1]
        assert (requeued.kind, requeued.data["reason"]) == (Kind.REQUEUED, "overflow_always")


async def test_no_agents_overflow_goes_to_the_flow_when_the_last_one_leaves() -> None:
    async with World(QUEUES) as world:
        await world.agent("eva", skills={"fibra": 1})
        await world.desk.set_state("eva", AgentState.PAUSED, "lunch", actor="eva")
        row = await world.call("tight")
        assert world.now(row).stage is Stage.QUEUED
        await world.desk.set_state("eva", AgentState.OFFLINE, actor="eva")
        await world.settle()
        assert (world.now(row).stage, world.now(row).flow) == (Stage.FLOW, "sorry")


async def test_a_callback_keeps_its_place_and_never_goes_to_a_flow() -> None:
    async with World(QUEUES) as world:
        await world.agent("eva", skills={"fibra": 1})
        await world.desk.set_state("eva", AgentState.PAUSED, "lunch", actor="eva")
        row = await world.call("tight")
        await world.call("tight")
        await world.desk.request_callback(row.id, "+593991234567")
        assert world.desk.place(row.id).position == 1
        await world.desk.set_state("eva", AgentState.OFFLINE, actor="eva")
        await world.settle()
        assert world.now(row).stage is Stage.QUEUED
        await world.desk.set_state("eva", AgentState.AVAILABLE, actor="eva")
        await world.settle()
        assert (world.now(row).agent, world.now(row).callback_address) == ("eva", "+593991234567")


async def test_a_blind_transfer_frees_the_giver_and_goes_first() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("q")
        await world.accept(row)
        waiting = [await world.call("q") for _ in range(3)]
        await world.desk.transfer(row.id, to_queue="quick", by="ana", data={"why": "x"})
        await world.settle()
        again = world.now(row)
        assert (again.agent, again.stage, again.data["why"]) == (
            "ana",
            Stage.OFFERED,
            "x",
        )  # the only one there is
        assert all(world.now(other).stage is Stage.QUEUED for other in waiting)


async def test_a_transfer_to_a_person_waits_for_them_and_then_for_anybody() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("q")
        await world.accept(row)
        await world.agent("luis")
        await world.desk.set_state("luis", AgentState.OFFLINE, actor="luis")
        await world.desk.transfer(row.id, to_agent="luis", by="ana")
        await world.pass_time(14)
        assert (world.now(row).stage, world.now(row).only_agent) == (Stage.QUEUED, "luis")
        await world.pass_time(1)
        assert world.now(row).agent == "ana"
        reasons = [entry.data.get("reason") for entry in await world.store.entries(row.id)]
        assert "agent_absent" in reasons


async def test_a_consulted_agent_gets_no_other_call_and_takes_over_cleanly() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("q")
        await world.accept(row)
        await world.agent("luis")
        await world.desk.join(row.id, "luis", "ana")
        other = await world.call("q")
        assert (world.now(other).stage, world.desk.agent("luis").status) == (
            Stage.QUEUED,
            AgentStatus.TALKING,
        )
        await world.desk.hand_over(row.id, "luis", "ana")
        await world.settle()
        assert world.now(row).agent == "luis"
        assert world.now(other).agent == "ana"
        await world.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        await world.desk.wrap_up(row.id, "luis")
        assert world.desk.agent("luis").status is AgentStatus.AVAILABLE


async def test_a_guest_is_free_again_when_the_conversation_ends() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        row = await world.call("quick")
        await world.accept(row)
        await world.agent("luis")
        await world.desk.join(row.id, "luis", "ana")
        await world.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        assert world.desk.agent("luis").status is AgentStatus.AVAILABLE
        assert world.desk.floor.loads() == {}


async def test_after_a_restart_the_same_work_goes_on() -> None:
    async with World(QUEUES) as before:
        await before.agent("ana")
        await before.agent("luis")
        talking, ringing, waiting = [await before.call("q") for _ in range(3)]
        await before.accept(talking)
    async with World(QUEUES, store=before.store) as world:
        world.clock.moment = before.clock.moment
        await world.settle()
        stages = [world.now(row).stage for row in (talking, ringing, waiting)]
        assert stages == [Stage.TALKING, Stage.OFFERED, Stage.QUEUED]
        await world.pass_time(15)
        assert (f"{ringing.id}.o1", "no_answer") in world.phones.withdrawn
        await world.desk.end(talking.id, EndReason.LOST, actor="system")
        await world.settle()
        assert sorted(agent.status for agent in world.desk.agents()) == [AgentStatus.RINGING] * 2


async def test_written_contacts_share_an_agent_up_to_capacity_but_never_beside_a_call() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana", capacity={"voice": 1, "chat": 2})
        chats = [await world.call("q", channel="chat") for _ in range(3)]
        call = await world.call("q")
        assert [world.now(row).stage for row in chats] == [Stage.OFFERED, Stage.OFFERED, Stage.QUEUED]
        assert world.now(call).stage is Stage.QUEUED
        with pytest.raises(StageError):
            await world.desk.offer(call.id, "ana", 15)


async def test_place_and_expected_wait() -> None:
    async with World(QUEUES) as world:
        await world.agent("ana")
        served = await world.call("quick")
        await world.accept(served)
        rows = [await world.call("quick") for _ in range(2)]
        assert [world.desk.place(row.id).position for row in rows] == [1, 2]
        assert world.desk.place(rows[0].id).expected_wait_s is None
        await world.pass_time(100)
        await world.desk.end(served.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        await world.settle()
        assert world.desk.place(rows[1].id).expected_wait_s == pytest.approx(100)


async def test_the_outlook_counts_who_could_take_a_newcomer_of_that_queue() -> None:
    async with World(QUEUES) as world:
        assert world.desk.outlook("fibra") == Outlook(0, 0, None)
        await world.agent("ana", skills={"fibra": 5}, capacity={"voice": 1, "chat": 3})
        await world.agent("luis")  # will do for `fibra` only once its demands have relaxed
        await world.agent("eva", skills={"fibra": 9}, capacity={"voice": 0, "chat": 3})  # takes no calls
        assert world.desk.outlook("fibra") == Outlook(0, 1, 0.0)
        assert world.desk.outlook("quick") == Outlook(0, 2, 0.0)
        assert world.desk.outlook("fibra", "chat").free == 2
        served = await world.call("fibra")
        assert world.desk.outlook("fibra") == Outlook(
            1, 0, None
        )  # held out to ana; how long it takes is not known
        await world.accept(served)
        assert world.desk.outlook("fibra") == Outlook(0, 0, None)
        assert world.desk.outlook("fibra", "chat").free == 1  # nothing beside a call
        await world.pass_time(100)
        await world.desk.end(served.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        await world.desk.wrap_up(served.id, "ana")
        await world.accept(await world.call("fibra"))
        rows = [await world.call("fibra") for _ in range(2)]
        # two before the newcomer, 100 s each, shared by ana and, in the end, luis
        assert world.desk.outlook("fibra") == Outlook(2, 0, pytest.approx(150))
        assert world.desk.outlook("quick") == Outlook(0, 1, 0.0)
        await world.pass_time(31)
        assert world.now(rows[0]).agent == "luis"
        with pytest.raises(NotFoundError):
            world.desk.outlook("nowhere")


async def test_who_was_touched_but_not_served_keeps_their_turn() -> None:
    async with World(QUEUES) as world:
        await world.agent("luis")
        since = world.clock.now()
        await world.pass_time(10)
        await world.agent("ana")
        row = await world.call("q")
        assert world.now(row).agent == "luis"
        await world.pass_time(5)
        await world.desk.end(row.id, EndReason.ABANDONED, actor="customer")  # hung up while it rang
        assert world.desk.agent("luis").idle_since == since
        await world.desk.put_agent(replace(world.desk.agent("luis"), skills={"x": 1}))
        await world.desk.set_state("luis", AgentState.AVAILABLE, actor="luis")
        assert world.desk.agent("luis").idle_since == since
        row = await world.call("q")
        assert world.now(row).agent == "luis"
        await world.decline(row, "refused")  # who does not want it goes behind the others
        assert world.now(row).agent == "ana"
        assert world.desk.agent("luis").idle_since == world.clock.now()
        await world.accept(row)
        await world.pass_time(5)
        assert world.desk.agent("ana").idle_since is None
        await world.desk.set_state("luis", AgentState.PAUSED, "lunch", actor="luis")
        assert world.desk.agent("luis").idle_since is None
