"""What the world answers to an effect."""

from __future__ import annotations

from dataclasses import dataclass


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


Input = Done | Digits | Words | NoInput | Failed
