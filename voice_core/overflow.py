"""When a waiting contact moves on by itself: pure, checked again on every round of the router."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from voice_core.agent import Agent, AgentState
from voice_core.interaction import Interaction
from voice_core.matcher import Needs, config_of, is_skilled, least_needs
from voice_core.queue import Overflow, OverflowWhen, QueueConfig
from voice_core.status import is_signed_in

# Two queues that overflow into each other at once would turn for ever: a hop takes at least this long.
SHORTEST_HOP_S = 1.0
# How long a contact reserved for one agent waits for them: when they are there, and when they are not.
RESERVED_PATIENCE_S = 60.0
ABSENT_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now: follow `overflow`, or (None) open a reserved contact to everybody."""

    interaction_id: str
    overflow: Overflow | None
    reason: str


class Waiting:
    """One look at those who wait. `steps` are due; `next_at` is when to look again, None: on a change."""

    def __init__(
        self,
        waiting: Sequence[Interaction],
        agents: Iterable[Agent],
        queues: Mapping[str, QueueConfig],
        now: datetime,
    ) -> None:
        self._agents = {agent.id: agent for agent in agents}
        self._queues = queues
        self._now = now
        self._servable: dict[tuple[str, Needs], bool] = {}
        self.steps: list[Step] = []
        self.next_at: datetime | None = None
        for contact in waiting:
            step = self._reserved(contact) if contact.only_agent else self._overflow(contact)
            if step is not None:
                self.steps.append(step)

    def _overflow(self, contact: Interaction) -> Step | None:
        for rule in config_of(contact, self._queues).overflow:
            if contact.callback_address and rule.to_flow:
                continue  # nobody is on the line to hear a flow
            after_s = max(rule.after_s, SHORTEST_HOP_S) if rule.to_queue else rule.after_s
            if not self._reached(contact, after_s):
                continue
            if rule.when is OverflowWhen.NO_AGENTS and self._is_servable(contact):
                continue
            return Step(contact.id, rule, f"overflow_{rule.when.value}")
        return None

    def _reserved(self, contact: Interaction) -> Step | None:
        agent = self._agents.get(contact.only_agent or "")
        present = agent is not None and agent.state is AgentState.AVAILABLE
        if not self._reached(contact, RESERVED_PATIENCE_S if present else ABSENT_PATIENCE_S):
            return None
        return Step(contact.id, None, "agent_busy" if present else "agent_absent")

    def _reached(self, contact: Interaction, after_s: float) -> bool:
        moment = (contact.queue_since or contact.queued_at or self._now) + timedelta(seconds=after_s)
        if moment <= self._now:
            return True
        self.next_at = moment if self.next_at is None else min(moment, self.next_at)
        return False

    def _is_servable(self, contact: Interaction) -> bool:
        """Somebody signed in could take it, now or after the last relaxation."""
        kind = (contact.channel, least_needs(contact, self._queues))
        if kind not in self._servable:
            self._servable[kind] = any(
                is_signed_in(agent) and agent.capacity.get(kind[0], 0) > 0 and is_skilled(kind[1], agent)
                for agent in self._agents.values()
            )
        return self._servable[kind]
