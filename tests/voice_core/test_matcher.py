from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.contract_store import contact
from tests.voice_core.world import T0
from voice_core.agent import Agent, AgentState, AgentStatus
from voice_core.interaction import Interaction, SkillRequirement, Stage
from voice_core.matcher import (
    Assignment,
    fits,
    is_skilled,
    match,
    needs_at,
    next_deadline,
    order,
)
from voice_core.queue import QueueConfig

SKILLS = ("es", "fibra")
NAMES = ("ana", "luis", "eva", "max")
levels = st.integers(1, 3)
seconds = st.integers(0, 120)
requirements = st.lists(
    st.builds(
        SkillRequirement,
        skill=st.sampled_from(SKILLS),
        level=levels,
        relax=st.lists(st.tuples(st.sampled_from([10.0, 30.0]), st.integers(0, 2)), max_size=2).map(tuple),
    ),
    max_size=2,
).map(tuple)
queue_configs = st.fixed_dictionaries(
    {
        name: st.builds(
            QueueConfig, name=st.just(name), requirements=requirements, priority=st.integers(0, 2),
            ageing_per_minute=st.sampled_from([0.0, 1.0]),
        )
        for name in ("a", "b")
    }
)  # fmt: skip


@st.composite
def waiting_contacts(draw: st.DrawFn) -> list[Interaction]:
    return [
        contact(
            f"c{number}", stage=Stage.QUEUED, channel=draw(st.sampled_from(["voice", "chat"])),
            queue=draw(st.sampled_from(["a", "b", None])), requirements=draw(requirements),
            priority=draw(st.integers(0, 3)), queued_at=T0 - timedelta(seconds=draw(seconds)),
            preferred_agent=draw(st.sampled_from([None, *NAMES])),
            only_agent=draw(st.sampled_from([None, None, None, *NAMES])),
        )
        for number in range(draw(st.integers(0, 7)))
    ]  # fmt: skip


@st.composite
def staff(draw: st.DrawFn) -> tuple[list[Agent], dict[str, dict[str, int]]]:
    agents, loads = [], {}
    for name in NAMES[: draw(st.integers(0, 4))]:
        busy = draw(st.sampled_from([{}, {}, {"voice": 1}, {"chat": 1}, {"chat": 2}]))
        agents.append(
            Agent(
                name, name, draw(st.dictionaries(st.sampled_from(SKILLS), levels)),
                {"voice": draw(st.integers(0, 1)), "chat": draw(st.integers(0, 2))},
                state=draw(st.sampled_from([AgentState.AVAILABLE, AgentState.AVAILABLE, AgentState.PAUSED])),
                status=draw(st.sampled_from([AgentStatus.AVAILABLE, AgentStatus.AVAILABLE, AgentStatus.WRAP_UP])),
                idle_since=T0 - timedelta(seconds=draw(seconds)),
            )
        )  # fmt: skip
        loads[name] = busy
    return agents, loads


def after(
    loads: dict[str, dict[str, int]], made: list[Assignment], waiting: list[Interaction]
) -> dict[str, Counter[str]]:
    channel = {row.id: row.channel for row in waiting}
    total = {name: Counter(load) for name, load in loads.items()}
    for assignment in made:
        total[assignment.agent][channel[assignment.interaction_id]] += 1
    return total


@given(waiting_contacts(), staff(), queue_configs)
def test_nobody_above_capacity_and_a_call_stands_alone(waiting, team, queues) -> None:  # type: ignore[no-untyped-def]
    agents, loads = team
    made = match(waiting, agents, loads, queues, T0)
    total = after(loads, made, waiting)
    for agent in agents:
        got = [assignment for assignment in made if assignment.agent == agent.id]
        if not got:
            continue
        assert agent.state is AgentState.AVAILABLE
        assert agent.status is not AgentStatus.WRAP_UP
        assert all(count <= agent.capacity.get(channel, 0) for channel, count in total[agent.id].items())
        assert not total[agent.id]["voice"] or sum(total[agent.id].values()) == 1
    assert len({assignment.interaction_id for assignment in made}) == len(made)


@given(waiting_contacts(), staff(), queue_configs)
def test_nobody_waits_while_a_fitting_agent_is_free(waiting, team, queues) -> None:  # type: ignore[no-untyped-def]
    agents, loads = team
    made = match(waiting, agents, loads, queues, T0)
    total = after(loads, made, waiting)
    served = {assignment.interaction_id for assignment in made}
    for row in waiting:
        if row.id in served:
            continue
        for agent in agents:
            if row.only_agent in (None, agent.id):
                assert not fits(row.channel, needs_at(row, queues, T0), agent, total[agent.id])


@given(waiting_contacts(), staff(), queue_configs)
def test_requirements_and_reservations_are_honoured(waiting, team, queues) -> None:  # type: ignore[no-untyped-def]
    agents, loads = team
    people = {agent.id: agent for agent in agents}
    rows = {row.id: row for row in waiting}
    for assignment in match(waiting, agents, loads, queues, T0):
        row = rows[assignment.interaction_id]
        assert row.only_agent in (None, assignment.agent)
        assert is_skilled(needs_at(row, queues, T0), people[assignment.agent])


@given(waiting_contacts(), staff(), queue_configs)
def test_who_is_passed_over_could_not_have_been_served(waiting, team, queues) -> None:  # type: ignore[no-untyped-def]
    """Order respected: what a later contact got did not fit any earlier one that was left waiting."""
    agents, loads = team
    people = {agent.id: agent for agent in agents}
    made = match(waiting, agents, loads, queues, T0)
    assert made == match(list(reversed(waiting)), agents, loads, queues, T0)
    got = {assignment.interaction_id: assignment.agent for assignment in made}
    ranked = sorted(waiting, key=lambda row: order(row, queues, T0))
    so_far: list[Assignment] = []
    for index, row in enumerate(ranked):
        if row.id not in got:
            continue
        agent = people[got[row.id]]
        load = after(loads, so_far, waiting)[agent.id]
        for earlier in ranked[:index]:
            if earlier.id not in got and earlier.only_agent in (None, agent.id):
                assert not fits(earlier.channel, needs_at(earlier, queues, T0), agent, load)
        so_far.append(Assignment(row.id, agent.id))


def free(name: str, idle_s: float = 0, **fields: object) -> Agent:
    idle = T0 - timedelta(seconds=idle_s)
    agent = Agent(name, name, state=AgentState.AVAILABLE, status=AgentStatus.AVAILABLE, idle_since=idle)
    return replace(agent, **fields)  # type: ignore[arg-type]


def waits(id: str, waited_s: float = 0, **fields: object) -> Interaction:
    fields = {"queue": "q", "stage": Stage.QUEUED, "queued_at": T0 - timedelta(seconds=waited_s), **fields}
    return contact(id, **fields)


QUEUES = {"q": QueueConfig("q", ageing_per_minute=1.0), "vip": QueueConfig("vip", priority=5)}


def pairs(waiting: list[Interaction], agents: list[Agent], **more: object) -> list[tuple[str, str]]:
    made = match(waiting, agents, {}, QUEUES, T0, **more)  # type: ignore[arg-type]
    return [(assignment.interaction_id, assignment.agent) for assignment in made]


def test_the_longest_idle_goes_first() -> None:
    assert pairs([waits("c")], [free("ana", 10), free("luis", 20)]) == [("c", "luis")]


def test_the_longest_waiting_goes_first_and_ageing_beats_priority_in_time() -> None:
    assert pairs([waits("new", 1), waits("old", 2)], [free("ana")]) == [("old", "ana")]
    assert pairs([waits("vip", 0, queue="vip"), waits("old", 240)], [free("ana")]) == [("vip", "ana")]
    assert pairs([waits("vip", 0, queue="vip"), waits("old", 360)], [free("ana")]) == [("old", "ana")]


def test_the_preferred_agent_is_taken_when_free_and_not_waited_for() -> None:
    assert pairs([waits("c", preferred_agent="ana")], [free("luis", 99), free("ana")]) == [("c", "ana")]
    assert pairs([waits("c", preferred_agent="eva")], [free("luis", 99), free("ana")]) == [("c", "luis")]


def test_a_reserved_contact_waits_for_its_agent_and_holds_nobody_up() -> None:
    assert pairs([waits("mine", 50, only_agent="eva"), waits("c")], [free("ana")]) == [("c", "ana")]


def test_a_resting_pair_is_passed_over_until_its_time() -> None:
    later = T0 + timedelta(seconds=1)
    agents = [free("ana", 9), free("luis")]
    assert pairs([waits("c")], agents, resting={("c", "ana"): later}) == [("c", "luis")]
    assert pairs([waits("c")], agents, resting={("c", "ana"): T0}) == [("c", "ana")]
    assert pairs([waits("c")], agents, resting={("", "ana"): later, ("c", "luis"): later}) == []


def test_requirements_relax_over_waiting_time() -> None:
    need = SkillRequirement("fibra", 8, ((30.0, 4), (60.0, 0)))
    novice, expert = free("ana", skills={"fibra": 4}), free("eva", skills={"fibra": 9})
    row = waits("c", 10, requirements=(need,))
    assert pairs([row], [novice, expert]) == [("c", "eva")]
    assert pairs([row], [novice]) == []
    assert next_deadline([row], QUEUES, T0) == T0 + timedelta(seconds=20)
    assert pairs([waits("c", 30, requirements=(need,))], [novice]) == [("c", "ana")]
    assert pairs([waits("c", 59, requirements=(need,))], [free("luis")]) == []
    assert pairs([waits("c", 60, requirements=(need,))], [free("luis")]) == [("c", "luis")]
    assert next_deadline([waits("c", 61, requirements=(need,))], QUEUES, T0) is None


def test_three_hundred_waiting_and_thirty_agents_are_quick() -> None:
    """The worst case (free agents, none of them fitting) must not be felt; the bound is generous on purpose."""
    need = (SkillRequirement("quechua", 5),)
    waiting = [waits(f"c{n}", n, requirements=need, priority=n % 7) for n in range(300)]
    agents = [free(f"a{n}", n) for n in range(30)]
    best = min(_timed(waiting, agents) for _ in range(5))
    assert best < 0.05


def _timed(waiting: list[Interaction], agents: list[Agent]) -> float:
    start = time.perf_counter()
    match(waiting, agents, {}, QUEUES, T0)
    return time.perf_counter() - start
