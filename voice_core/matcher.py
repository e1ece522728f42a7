"""Who gets what: a pure function of who waits, who is free, and the time.

Order: effective priority (contact + queue + ageing while waiting), then the place in the queue.
Choice: the preferred agent when free, else the one with the least work, then the longest idle.
Greedy in that order is enough: a contact is passed over only when no free agent fits it, so nobody
waits while a fitting agent is free (proved by property test).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from voice_core.agent import Agent, AgentState, AgentStatus
from voice_core.interaction import Interaction, SkillRequirement
from voice_core.queue import QueueConfig

VOICE = "voice"
# A contact that belongs to no queue (a transfer straight to a person) waits under these rules.
DIRECT = QueueConfig(name="")

Loads = Mapping[str, Mapping[str, int]]  # agent → kind of channel → contacts offered, talking or wrapping up
Resting = Mapping[tuple[str, str], datetime]  # (interaction, agent) or ("", agent) → no offer before
Needs = tuple[tuple[str, int], ...]  # (skill, least level)
_NO_LOAD: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Assignment:
    interaction_id: str
    agent: str


def match(
    waiting: Sequence[Interaction],
    agents: Iterable[Agent],
    loads: Loads,
    queues: Mapping[str, QueueConfig],
    now: datetime,
    resting: Resting | None = None,
) -> list[Assignment]:
    """Assign waiting contacts to free agents, best first. `waiting` are the queued ones, in any order."""
    if not waiting:
        return []
    work = {agent.id: dict(loads.get(agent.id, _NO_LOAD)) for agent in agents}
    free = [agent for agent in agents if _takes_anything(agent, work[agent.id])]
    if not free:
        return []
    rests = resting or {}
    assignments: list[Assignment] = []
    free.sort(key=lambda agent: _choice(agent, work[agent.id], now))
    hopeless: set[tuple[str, Needs]] = (
        set()
    )  # the free only get fewer: who found nobody never will in this round
    for contact in sorted(waiting, key=lambda c: order(c, queues, now)):
        needs = needs_at(contact, queues, now)
        kind = (contact.channel, needs)
        if contact.only_agent is None and kind in hopeless:
            continue
        able = [agent for agent in free if fits(contact.channel, needs, agent, work[agent.id])]
        if contact.only_agent is None and not able:
            hopeless.add(kind)
        chosen = _choose(contact, able, rests, now)
        if chosen is None:
            continue
        assignments.append(Assignment(contact.id, chosen.id))
        load = work[chosen.id]
        load[contact.channel] = load.get(contact.channel, 0) + 1
        if not _takes_anything(chosen, load):
            free.remove(chosen)
            if not free:
                break
        else:
            free.sort(key=lambda agent: _choice(agent, work[agent.id], now))
    return assignments


def order(
    contact: Interaction, queues: Mapping[str, QueueConfig], now: datetime
) -> tuple[float, datetime, str]:
    """Sort key: smaller is served first."""
    queue = config_of(contact, queues)
    ageing = queue.ageing_per_minute * waited_s(contact, now) / 60
    return (-(contact.priority + queue.priority + ageing), contact.queued_at or now, contact.id)


def fits(channel: str, needs: Needs, agent: Agent, load: Mapping[str, int]) -> bool:
    """May this agent, with this load, be offered a contact of that channel and those needs now?"""
    return has_room(channel, agent, load) and is_skilled(needs, agent)


def has_room(channel: str, agent: Agent, load: Mapping[str, int]) -> bool:
    """Available, under capacity for the channel, and voice alone: nothing beside a call."""
    if not _takes_anything(agent, load):
        return False
    if channel == VOICE and any(load.values()):
        return False
    return load.get(channel, 0) < agent.capacity.get(channel, 0)


def is_skilled(needs: Needs, agent: Agent) -> bool:
    return all(agent.skills.get(skill, 0) >= level for skill, level in needs)


def needs_at(contact: Interaction, queues: Mapping[str, QueueConfig], now: datetime) -> Needs:
    """The skills asked for after the time waited; a skill relaxed to 0 is no longer asked for."""
    waited = waited_s(contact, now)
    asked = (*config_of(contact, queues).requirements, *contact.requirements)
    return needs_after(asked, waited)


def least_needs(contact: Interaction, queues: Mapping[str, QueueConfig]) -> Needs:
    """What will be asked for at the very end of the waiting: below this, nobody could ever fit."""
    asked = (*config_of(contact, queues).requirements, *contact.requirements)
    return needs_after(asked, float("inf"))


def needs_after(asked: Iterable[SkillRequirement], waited_s: float) -> Needs:
    return tuple((need.skill, level) for need in asked if (level := need.level_after(waited_s)) > 0)


def next_deadline(
    waiting: Iterable[Interaction], queues: Mapping[str, QueueConfig], now: datetime
) -> datetime | None:
    """The next moment at which a requirement relaxes, or None."""
    moments = [
        contact.queued_at + timedelta(seconds=after_s)
        for contact in waiting
        if contact.queued_at is not None
        for need in (*config_of(contact, queues).requirements, *contact.requirements)
        for after_s, _ in need.relax
    ]
    return min((moment for moment in moments if moment > now), default=None)


def config_of(contact: Interaction, queues: Mapping[str, QueueConfig]) -> QueueConfig:
    """The rules it waits under; DIRECT for a contact of no queue, or of one that is no longer configured."""
    return queues.get(contact.queue or "", DIRECT)


def waited_s(contact: Interaction, now: datetime) -> float:
    return max(0.0, (now - contact.queued_at).total_seconds()) if contact.queued_at else 0.0


def _takes_anything(agent: Agent, load: Mapping[str, int]) -> bool:
    if agent.state is not AgentState.AVAILABLE or agent.status is AgentStatus.WRAP_UP or load.get(VOICE, 0):
        return False
    return any(load.get(channel, 0) < most for channel, most in agent.capacity.items())


def _choose(contact: Interaction, able: list[Agent], rests: Resting, now: datetime) -> Agent | None:
    """First of the able who is not resting; the preferred one wins when among them."""
    first = None
    for agent in able:
        if contact.only_agent not in (None, agent.id) or _is_resting(contact.id, agent.id, rests, now):
            continue
        if contact.preferred_agent in (None, agent.id):
            return agent
        first = first or agent
    return first


def _is_resting(interaction_id: str, agent: str, rests: Resting, now: datetime) -> bool:
    if not rests:
        return False
    keys = ((interaction_id, agent), ("", agent))
    return any((until := rests.get(key)) is not None and now < until for key in keys)


def _choice(agent: Agent, load: Mapping[str, int], now: datetime) -> tuple[int, datetime, str]:
    return (sum(load.values()), agent.idle_since or now, agent.id)
