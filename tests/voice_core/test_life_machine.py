"""The whole life of contacts, by random play in virtual time, on the real desk and router.

After every step: nobody is in two places, nobody is above capacity, no contact waits while a fitting agent
is free, ledgers replay to their rows, time lines are contiguous, and the store agrees with memory.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.voice_core.world import World
from voice_core.agent import AgentState, AgentStatus
from voice_core.errors import CentralitaError
from voice_core.interaction import Direction, EndReason, Interaction, SkillRequirement, Stage
from voice_core.ledger import Kind
from voice_core.matcher import fits, needs_at
from voice_core.queue import Overflow, OverflowWhen, QueueConfig
from voice_core.replay import replay, seen
from voice_core.status import status_of
from voice_core.store.memory import MemoryStore

T = TypeVar("T")
AGENTS = ("ana", "luis", "eva")
QUEUES = {
    "a": QueueConfig("a", wrap_up_s=10, ring_timeout_s=5),
    "b": QueueConfig(
        "b", wrap_up_s=0, ring_timeout_s=5, pause_after_missed=0,
        requirements=(SkillRequirement("x", 2, ((20.0, 1), (40.0, 0))),),
        overflow=(Overflow(5, OverflowWhen.NO_AGENTS, to_flow="sorry"), Overflow(50, to_queue="a")),
    ),
}  # fmt: skip
agents = st.sampled_from(AGENTS)
picks = st.integers(0, 1000)


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = MemoryStore()
        self.world = World(QUEUES, store=self.store)

    def teardown(self) -> None:
        self.run(self.close_all())
        self.everything_ended_once()
        self.run(self.world.__aexit__())
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T | None:
        """One step and what follows from it; a refusal is a fine answer, anything else is not."""

        async def step() -> T | None:
            try:
                return await work
            except CentralitaError:
                return None
            finally:
                await self.world.settle()

        return self.runner.run(step())

    def pick(self, index: int, *stages: Stage) -> Interaction | None:
        rows = [row for row in self.world.desk.live() if not stages or row.stage in stages]
        return rows[index % len(rows)] if rows else None

    @initialize()
    def begin(self) -> None:
        self.run(self.world.__aenter__())
        skills = ({"x": 3}, {"x": 1}, {})
        for name, skill in zip(AGENTS, skills, strict=True):
            self.run(self.world.agent(name, skills=skill, capacity={"voice": 1, "chat": 2}))

    @rule(channel=st.sampled_from(["voice", "voice", "chat"]), queue=st.sampled_from([None, "a", "b"]))
    def comes_in(self, channel: str, queue: str | None) -> None:
        self.run(self.world.call(queue, channel))

    @rule(agent=agents)
    def dials_out(self, agent: str) -> None:
        call = {"from_address": "101", "to_address": "099", "direction": Direction.OUTBOUND}
        self.run(self.world.desk.open(channel="voice", agent=agent, **call))  # type: ignore[arg-type]

    @rule(index=picks, queue=st.sampled_from(["a", "b"]), agent=st.sampled_from([None, *AGENTS]))
    def is_queued(self, index: int, queue: str, agent: str | None) -> None:
        if row := self.pick(index):
            self.run(self.world.desk.enqueue(row.id, queue, preferred_agent=agent))

    @rule(index=picks)
    def is_accepted(self, index: int) -> None:
        if row := self.pick(index, Stage.OFFERED):
            self.run(self.world.accept(row))

    @rule(index=picks, reason=st.sampled_from(["refused", "no_answer", "unreachable", "withdrawn", "failed"]))
    def is_declined(self, index: int, reason: str) -> None:
        if row := self.pick(index, Stage.OFFERED):
            self.run(self.world.decline(row, reason))

    @rule(index=picks, agent=st.sampled_from([None, *AGENTS]), queue=st.sampled_from([None, "a", "b"]))
    def is_transferred(self, index: int, agent: str | None, queue: str | None) -> None:
        if row := self.pick(index, Stage.TALKING):
            self.run(self.world.desk.transfer(row.id, to_agent=agent, to_queue=queue, by=row.agent or ""))

    @rule(index=picks, agent=agents, taken=st.booleans())
    def is_handed_over(self, index: int, agent: str, taken: bool) -> None:
        if row := self.pick(index, Stage.TALKING):
            self.run(self.world.desk.hand_over(row.id, agent, agent if taken else row.agent or ""))

    @rule(index=picks, agent=agents)
    def is_joined(self, index: int, agent: str) -> None:
        if row := self.pick(index, Stage.TALKING):
            self.run(self.world.desk.join(row.id, agent, "x"))

    @rule(index=picks, agent=agents)
    def is_left(self, index: int, agent: str) -> None:
        if row := self.pick(index, Stage.TALKING):
            self.run(self.world.desk.leave(row.id, agent, "x"))

    @rule(index=picks, reason=st.sampled_from(EndReason))
    def ends(self, index: int, reason: EndReason) -> None:
        if row := self.pick(index):
            self.run(self.world.desk.end(row.id, reason, actor="customer"))

    @rule(index=picks)
    def is_disposed(self, index: int) -> None:
        if row := self.pick(index):
            self.run(self.world.desk.wrap_up(row.id, row.agent or "", disposition="d", note="n"))

    @rule(index=picks)
    def asks_for_a_callback(self, index: int) -> None:
        if row := self.pick(index):
            self.run(self.world.desk.request_callback(row.id, "099"))

    @rule(index=picks)
    def goes_back_to_a_flow(self, index: int) -> None:
        if row := self.pick(index):
            self.run(self.world.desk.back_to_flow(row.id, "menu", "customer"))

    @rule(agent=agents, state=st.sampled_from(AgentState))
    def changes_state(self, agent: str, state: AgentState) -> None:
        reason = "lunch" if state is AgentState.PAUSED else ""
        self.run(self.world.desk.set_state(agent, state, reason, actor=agent))

    @rule(seconds=st.sampled_from([0.5, 3.0, 10.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(self.world.pass_time(seconds))

    @rule()
    def the_controller_dies_and_comes_back(self) -> None:
        moment = self.world.clock.moment
        self.run(self.world.__aexit__())
        self.world = World(QUEUES, store=self.store)
        self.world.clock.moment = moment
        self.run(self.world.__aenter__())

    @invariant()
    def nobody_is_in_two_places_or_above_capacity(self) -> None:
        floor = self.world.desk.floor
        for agent in floor.agents.values():
            held = floor.held_by(agent.id)
            guest = [row for row in floor.guest_of(agent.id) if row.agent != agent.id]
            load = Counter(row.channel for row in (*held, *guest))
            assert all(count <= agent.capacity[channel] for channel, count in load.items()), (agent, load)
            assert not load["voice"] or sum(load.values()) == 1
            stages = [row.stage for row in held] + [Stage.TALKING for _ in guest]
            assert agent.status is status_of(agent, stages)
            if agent.status is not AgentStatus.RINGING:
                assert (agent.idle_since is not None) == (agent.status is AgentStatus.AVAILABLE)
        for row in floor.interactions.values():
            assert (row.stage is Stage.OFFERED) == (row.id in floor.offers)
            assert (row.agent is not None) == (row.stage in (Stage.OFFERED, Stage.TALKING, Stage.WRAP_UP))

    @invariant()
    def nobody_waits_while_a_fitting_agent_is_free(self) -> None:
        floor, now = self.world.desk.floor, self.world.clock.now()
        for row in floor.waiting():
            needs = needs_at(row, QUEUES, now)
            for agent in floor.agents.values():
                rests = [floor.resting.get((key, agent.id), now) > now for key in (row.id, "")]
                if any(rests) or row.only_agent not in (None, agent.id):
                    continue
                assert not fits(row.channel, needs, agent, floor.load(agent.id)), (row, agent)

    @invariant()
    def nothing_is_overdue(self) -> None:
        now = self.world.clock.now()
        assert all(offer.expires_at > now for offer in self.world.desk.floor.offers.values())
        assert all(row.wrap_up_until > now for row in self.world.desk.live() if row.wrap_up_until)

    @invariant()
    def the_ledger_replays_to_the_row_and_the_store_agrees_with_memory(self) -> None:
        ledgers: dict[str, list[Any]] = {}
        for entry in self.store.ledger:
            ledgers.setdefault(entry.interaction_id, []).append(entry)
        for row in self.store.rows.values():
            assert replay(ledgers[row.id]) == seen(row)
        live = {row.id: row for row in self.store.rows.values() if row.stage is not Stage.CLOSED}
        assert live == self.world.desk.floor.interactions
        assert self.store.agents == self.world.desk.floor.agents

    @invariant()
    def time_lines_are_contiguous(self) -> None:
        for agent in self.store.agents.values():
            spans = [span for span in self.store.time_line if span.agent == agent.id]
            for before, after in pairwise(spans):
                assert before.until == after.since
                assert before.since <= before.until
                assert (before.status, before.reason) != (after.status, after.reason)
            assert (spans[-1].until, spans[-1].status, spans[-1].since) == (
                None,
                agent.status,
                agent.status_since,
            )

    @invariant()
    def the_ringing_stops_when_the_offer_is_gone(self) -> None:
        """Only offers that stand or were accepted ring or have rung to their end."""
        withdrawn = {offer for offer, _ in self.world.phones.withdrawn}
        standing = {offer.id for offer in self.world.desk.floor.offers.values()}
        accepted = {entry.data["offer"] for entry in self.store.ledger if entry.kind is Kind.ACCEPTED}
        for offer in self.world.phones.presented:
            assert offer.id in withdrawn | standing | accepted
        assert not withdrawn & (standing | accepted)

    async def close_all(self) -> None:
        for row in self.world.desk.live():
            await self.world.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        self.world.clock.moment += timedelta(seconds=60)
        await self.world.settle()

    def everything_ended_once(self) -> None:
        closed = Counter(entry.interaction_id for entry in self.store.ledger if entry.kind is Kind.CLOSED)
        assert closed == Counter(self.store.rows.keys())
        assert all(row.stage is Stage.CLOSED and row.end_reason for row in self.store.rows.values())


Life.TestCase.settings = settings(
    stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLife = Life.TestCase
