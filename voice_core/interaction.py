"""An interaction: one customer's contact, on any channel, from first sign to closed record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """Where an interaction is in its life (house law 2); stored, and enterable from cold."""

    FLOW = "flow"
    QUEUED = "queued"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    CLOSED = "closed"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class EndReason(StrEnum):
    """Why the contact ended; kept for good on the closed record."""

    CUSTOMER_LEFT_FLOW = "customer_left_flow"  # hung up in the IVR: not an abandon (metrics: counted apart)
    ABANDONED = "abandoned"  # hung up while queued or offered
    CUSTOMER_HUNG_UP = "customer_hung_up"  # after talking with an agent
    AGENT_HUNG_UP = "agent_hung_up"
    FLOW_ENDED = "flow_ended"  # served by self-service alone, or the flow hung up
    VOICEMAIL_LEFT = "voicemail_left"
    TRANSFERRED_OUT = "transferred_out"  # left the house to an outside number
    NOT_ANSWERED = "not_answered"  # outbound: the customer did not answer, was busy, or was refused
    TASK_DONE = "task_done"
    UNKNOWN_NUMBER = "unknown_number"
    WAY_OUT = "way_out"  # no controller was there: Asterisk's dialplan served the caller by itself
    FAILED = "failed"  # our fault; `end_detail` says what
    LOST = "lost"  # found ended after a restart; the true moment is unknown


@dataclass(frozen=True, slots=True)
class SkillRequirement:
    """A skill wanted at `level` (1 to 10). Each `relax` pair (after_s, level) lowers it over waiting time."""

    skill: str
    level: int = 1
    relax: tuple[tuple[float, int], ...] = ()

    def level_after(self, waited_s: float) -> int:
        """The level asked after `waited_s` seconds; 0 means the skill is no longer asked for."""
        reached = [level for after_s, level in self.relax if waited_s >= after_s]
        return min([self.level, *reached])


@dataclass(frozen=True, slots=True)
class Interaction:
    """One contact. Changed only by `voice_core.desk`, which stores a new copy with `version + 1`.

    Times are aware UTC. `data` is what agents are shown about it (answers given in the flow, labels);
    plain JSON values only.
    """

    id: str
    channel: str  # "voice", "task", later "whatsapp", "email" …
    direction: Direction
    stage: Stage
    from_address: str  # E.164 or as received; "" when withheld
    to_address: str  # the number dialled
    opened_at: datetime
    stage_since: datetime
    external_id: str = ""  # the channel's own id: an Asterisk channel id, a message thread
    node: str = ""  # which Asterisk node (or provider account) carries it
    parent_id: str | None = None  # a voicemail task points at the call that left it
    contact_id: str | None = None
    contact_name: str = ""
    language: str = "es"
    flow: str | None = None
    flow_state: Mapping[str, Any] | None = None
    queue: str | None = None
    requirements: tuple[SkillRequirement, ...] = ()
    priority: int = 0  # higher goes first
    preferred_agent: str | None = None
    only_agent: str | None = None  # a transfer to one person: nobody else is offered it
    queued_at: datetime | None = None  # the place in the queue; kept through re-offers and callbacks
    queue_since: datetime | None = None  # when it came into this queue: overflow counts from here
    offers: int = 0  # how many offers were made so far
    agent: str | None = None  # offered to, talking with, or wrapping up
    accepted_at: datetime | None = None  # the first time a person took it
    ended_at: datetime | None = None
    wrap_up_until: datetime | None = None
    closed_at: datetime | None = None
    end_reason: EndReason | None = None
    end_detail: str = ""
    disposition: str | None = None
    callback_address: str | None = None  # the caller left, and keeps the place: we dial this on accept
    data: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """A contact held out to one agent. The id is ours: `<interaction>.o<n>`, n from 1."""

    id: str
    interaction_id: str
    agent: str
    queue: str | None
    made_at: datetime
    expires_at: datetime
