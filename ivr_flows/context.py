"""What a flow may know about the world; given anew with every input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who speaks. `timezone` is IANA, `country` ISO 3166 (for holidays)."""

    name: str
    timezone: str = "America/Guayaquil"
    country: str = "EC"
    languages: tuple[str, ...] = ("es", "en")
    default_language: str = "es"


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue at this moment."""

    waiting: int = 0
    agents_available: int = 0
    expected_wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """`now` is aware UTC; `data` is the interaction's.

    `contact`: `id` and `name` once the caller is known, `last_agent` once somebody here has talked with them.
    `splits`: a step that splits → the way it goes, where chance is not to decide (tests).
    `medium`: "voice" hears, "text" reads and writes, "form" fills in; values are said or shown accordingly.
    """

    now: datetime
    id: str = ""  # the interaction's
    caller: str = ""
    called: str = ""
    contact: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""
    medium: Literal["voice", "text", "form"] = "voice"
    queues: Mapping[str, QueueView] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)
