"""The live room as screens see it: the desk's memory, with what the telephone and the recorder add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from contact_centre.live.pulse import Minute, Pulse
from contact_centre.live.schemas import (
    AgentOut,
    ConsultOut,
    InteractionOut,
    MinuteOut,
    OfferOut,
    QueueOut,
    RequirementOut,
    SnapshotOut,
    WorkOut,
)
from contact_centre.live.service_level import ServiceLevels
from contact_centre.ports import Telephone
from voice_core.agent import Agent, AgentStatus
from voice_core.clock import Clock
from voice_core.desk import Desk
from voice_core.interaction import Interaction, Offer, Stage
from voice_core.ledger import Kind
from voice_core.ports import Change
from voice_core.queue import QueueConfig

RecordingState = Literal["on", "paused", "failed", "off"]
_RECORDING: Mapping[Kind, RecordingState] = {
    Kind.RECORDING_STARTED: "on",
    Kind.RECORDING_RESUMED: "on",
    Kind.RECORDING_PAUSED: "paused",
    Kind.RECORDING_FAILED: "failed",
    Kind.RECORDING_STORED: "off",
}


class Room:
    """Reads only. `telephone` is None while the centre runs without one."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        queues: Mapping[str, QueueConfig],
        levels: ServiceLevels,
        telephone: Telephone | None,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._queues = queues
        self._levels = levels
        self._telephone = telephone
        self._recording: dict[str, RecordingState] = {}
        self.pulse = Pulse(clock.now())

    def follow(self, change: Change) -> None:
        """Remember what is not in the desk's memory, so that showing it asks nobody."""
        self._levels.follow(change)
        self.pulse.follow(change, self._clock.now())
        for entry in change.entries:
            if entry.kind in _RECORDING and self.find(entry.interaction_id) is not None:
                self._recording[entry.interaction_id] = _RECORDING[entry.kind]

    def recording(self, interaction_id: str, state: str) -> None:
        """What was found at the start: "on", "paused", "failed" or "off"."""
        found: dict[str, RecordingState] = {"on": "on", "paused": "paused", "failed": "failed"}
        self._recording[interaction_id] = found.get(state, "off")

    def forget(self, interaction_id: str) -> None:
        self._recording.pop(interaction_id, None)

    def interaction(self, row: Interaction) -> InteractionOut:
        view = self._telephone.view(row.id) if self._telephone is not None else None
        consult = view.consult if view else None
        shown = {name: getattr(row, name) for name in InteractionOut.model_fields if hasattr(row, name)}
        shown |= {
            "requirements": [
                RequirementOut(skill=wanted.skill, level=wanted.level) for wanted in row.requirements
            ],
            "data": dict(row.data),
            "queue_label": self.label(row.queue),
            "held": bool(view and view.held),
            "muted": bool(view and view.muted),
            "dialling": bool(view and view.dialling and row.stage is Stage.TALKING),
            "page_lost": bool(view and view.page_lost),
            "recording": self._recording.get(row.id, "off") if row.stage is not Stage.CLOSED else "off",
            "consult": ConsultOut(target=consult.target, state=consult.state) if consult else None,
        }
        return InteractionOut(**shown)

    def label(self, queue: str | None) -> dict[str, str]:
        config = self._queues.get(queue or "")
        return dict(config.label) if config else {}

    def agent(self, agent: Agent) -> AgentOut:
        shown = {name: getattr(agent, name) for name in AgentOut.model_fields}
        return AgentOut(**shown | {"skills": dict(agent.skills), "capacity": dict(agent.capacity)})

    def offer(self, offer: Offer) -> OfferOut:
        return OfferOut(**{name: getattr(offer, name) for name in OfferOut.model_fields})

    def queues(self) -> list[QueueOut]:
        """Waiting means queued or held out: nobody has taken it yet."""
        waiting: dict[str, list[Interaction]] = {}
        for row in self._desk.live():
            if row.stage in (Stage.QUEUED, Stage.OFFERED) and row.queue:
                waiting.setdefault(row.queue, []).append(row)
        return [self._queue(config, waiting.get(name, [])) for name, config in self._queues.items()]

    def work(self, agent_id: str) -> WorkOut:
        mine = [row for row in self._desk.live() if row.agent == agent_id]
        offers = (self._desk.offer_of(row.id) for row in mine)
        offer = next((offer for offer in offers if offer is not None and offer.agent == agent_id), None)
        return WorkOut(
            agent=self.agent(self._desk.agent(agent_id)),
            interactions=[self.interaction(row) for row in mine],
            offer=self.offer(offer) if offer else None,
        )

    def snapshot(self, only_agent: str | None) -> SnapshotOut:
        """Everything, or one agent's own."""
        rows = [row for row in self._desk.live() if only_agent is None or row.agent == only_agent]
        agents = [agent for agent in self._desk.agents() if only_agent in (None, agent.id)]
        offers = [offer for row in rows if (offer := self._desk.offer_of(row.id)) is not None]
        return SnapshotOut(
            agents=[self.agent(agent) for agent in agents],
            interactions=[self.interaction(row) for row in rows],
            queues=self.queues() if only_agent is None else [],
            offers=[self.offer(offer) for offer in offers if only_agent in (None, offer.agent)],
            pulse=[minute_out(one) for one in self.pulse.minutes(self._clock.now())]
            if only_agent is None
            else [],
        )

    def minute(self) -> MinuteOut:
        """The one that runs now."""
        return minute_out(self.pulse.latest(self._clock.now()))

    def find(self, interaction_id: str) -> Interaction | None:
        return self._desk.floor.interactions.get(interaction_id)

    def _queue(self, config: QueueConfig, waiting: list[Interaction]) -> QueueOut:
        now = self._clock.now()
        since = min((row.queued_at for row in waiting if row.queued_at is not None), default=now)
        free = [agent for agent in self._desk.agents() if agent.status is AgentStatus.AVAILABLE]
        return QueueOut(
            name=config.name,
            label=dict(config.label),
            waiting=len(waiting),
            longest_wait_s=round(max(0.0, (now - since).total_seconds()), 1),
            agents_available=sum(_could_serve(agent, config) for agent in free),
            service_level=self._levels.share(config.name),
        )


def minute_out(minute: Minute) -> MinuteOut:
    return MinuteOut(at=minute.at, arrived=minute.arrived, answered=minute.answered, waiting=minute.waiting)


def _could_serve(agent: Agent, config: QueueConfig) -> bool:
    """Once the demands have relaxed: who would be offered it at last."""
    lowest = (
        (wanted.skill, min([wanted.level, *(level for _, level in wanted.relax)]))
        for wanted in config.requirements
    )
    return all(agent.skills.get(skill, 0) >= level for skill, level in lowest)
