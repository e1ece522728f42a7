"""What screens show of the live room. Times are UTC, lengths in seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime

from contact_centre.schema import Answer, Body, Line, Query
from voice_core.agent import AgentState, AgentStatus
from voice_core.interaction import Direction, EndReason, Stage


class ConsultOut(Answer):
    """A consultation beside the call: with whom, and how far it is."""

    target: str
    state: str


class RequirementOut(Answer):
    skill: str
    level: int


class InteractionOut(Answer):
    """One contact. `held`, `muted`, `dialling`, `page_lost`, `recording` and `consult` are of this moment."""

    id: str
    channel: str
    direction: Direction
    stage: Stage
    from_address: str
    to_address: str
    opened_at: datetime
    stage_since: datetime
    external_id: str
    node: str
    parent_id: str | None
    contact_id: str | None
    contact_name: str
    language: str
    flow: str | None
    queue: str | None
    queue_label: dict[str, str]
    requirements: list[RequirementOut]
    priority: int
    preferred_agent: str | None
    only_agent: str | None
    queued_at: datetime | None
    queue_since: datetime | None
    offers: int
    agent: str | None
    accepted_at: datetime | None
    ended_at: datetime | None
    wrap_up_until: datetime | None
    closed_at: datetime | None
    end_reason: EndReason | None
    end_detail: str
    disposition: str | None
    callback_address: str | None
    data: dict[str, Any]
    version: int
    held: bool
    muted: bool
    dialling: bool
    page_lost: bool
    recording: Literal["on", "paused", "failed", "off"]
    consult: ConsultOut | None


class AgentOut(Answer):
    id: str
    name: str
    skills: dict[str, int]
    capacity: dict[str, int]
    state: AgentState
    reason: str
    state_since: datetime | None
    status: AgentStatus
    status_since: datetime | None
    idle_since: datetime | None
    missed_offers: int


class OfferOut(Answer):
    id: str
    interaction_id: str
    agent: str
    queue: str | None
    made_at: datetime
    expires_at: datetime


class QueueOut(Answer):
    """A queue now. `service_level` is the share of today's contacts answered in time, None before the first one."""

    name: str
    label: dict[str, str]
    waiting: int
    longest_wait_s: float
    agents_available: int
    service_level: float | None


class MinuteOut(Answer):
    """One minute of the room: `waiting` is the most that waited at once within it."""

    at: datetime
    arrived: int
    answered: int
    waiting: int


class NoticeOut(Answer):
    code: str
    agent: str | None
    interaction_id: str | None
    data: dict[str, str]


class ColleagueOut(Answer):
    id: str
    name: str
    status: AgentStatus


class TimelineQuery(Query):
    """None: from the beginning of the organisation's day, up to now."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class StretchOut(Answer):
    """`until` is None while it lasts; `actor` is who caused it."""

    status: AgentStatus
    reason: str
    since: datetime
    until: datetime | None
    seconds: float
    actor: str


class TotalOut(Answer):
    status: AgentStatus
    reason: str
    seconds: float


class TimelineOut(Answer):
    """What an agent did in [since, until), oldest first; `totals` by status and reason, the longest first."""

    agent: str
    since: datetime
    until: datetime
    stretches: list[StretchOut]
    totals: list[TotalOut]


class WorkOut(Answer):
    """All an agent's page needs after a reload."""

    agent: AgentOut
    interactions: list[InteractionOut]
    offer: OfferOut | None


class SnapshotOut(Answer):
    agents: list[AgentOut]
    interactions: list[InteractionOut]
    queues: list[QueueOut]
    offers: list[OfferOut]
    pulse: list[MinuteOut]


class StandingOut(Answer):
    """A snapshot, and where it stands among the live messages: `number` counts within `epoch`."""

    epoch: int
    number: int
    snapshot: SnapshotOut


class SoftphoneOut(Answer):
    """What the telephone in the page registers with."""

    ws_url: str
    uri: str
    username: str
    password: str
    realm: str


class StateBody(Body):
    state: AgentState
    reason: Line = ""


class LabelledOut(Answer):
    id: str
    label: dict[str, str]


class QueueNameOut(Answer):
    name: str
    label: dict[str, str]


class DispositionOut(Answer):
    id: str
    label: dict[str, str]
    queues: list[str]


class NumberOut(Answer):
    number: str
    label: dict[str, str]


class CentreOut(Answer):
    """What is fixed while the centre runs."""

    organisation: str
    timezone: str
    languages: list[str]
    queues: list[QueueNameOut]
    pause_reasons: list[LabelledOut]
    dispositions: list[DispositionOut]
    numbers: list[NumberOut]
