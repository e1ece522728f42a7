"""What the world answers to an effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Done:
    """It was done to its end."""


@dataclass(frozen=True, slots=True)
class Digits:
    """Keys pressed, without the terminator."""

    digits: str


@dataclass(frozen=True, slots=True)
class Words:
    """What was written or recognised."""

    text: str


@dataclass(frozen=True, slots=True)
class NoInput:
    """Nothing came in time."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be done. `reason` is a short code, e.g. "not_allowed"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What an institution's own system said, by the names its description gives."""

    values: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class NotFound:
    """The system answered: it knows no such thing."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The system gave no answer that can be used. `words`: what the caller is told, by language."""

    reason: str
    words: Mapping[str, str] = field(default_factory=dict)


Input = Done | Digits | Words | NoInput | Failed | Answered | NotFound | Unavailable
