"""An agent: who may take work, in what state, and how much at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AgentState(StrEnum):
    """What the agent (or a supervisor, or the missed-offer rule) chose."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    PAUSED = "paused"


class AgentStatus(StrEnum):
    """What the agent is doing, as people read it on a screen: work wins over the chosen state."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    PAUSED = "paused"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, slots=True)
class Agent:
    """One person who takes contacts. `id` is the user name."""

    id: str
    name: str
    skills: Mapping[str, int] = field(default_factory=dict)  # skill → level 1 to 10
    capacity: Mapping[str, int] = field(
        default_factory=lambda: {"voice": 1, "task": 1}
    )  # per kind of channel
    state: AgentState = AgentState.OFFLINE
    reason: str = ""  # pause reason id, "missed_offers", …
    state_since: datetime | None = None
    status: AgentStatus = AgentStatus.OFFLINE
    status_since: datetime | None = None
    # Since when without work and available: longest idle goes first. Kept while ringing.
    idle_since: datetime | None = None
    missed_offers: int = 0  # in a row


@dataclass(frozen=True, slots=True)
class StatusSpan:
    """A stretch of an agent's time line; `until` is None while it lasts."""

    agent: str
    status: AgentStatus
    reason: str
    since: datetime
    until: datetime | None
    actor: str  # who caused it: a user name, "router", "system"
