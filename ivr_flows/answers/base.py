"""What every kind of answer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ivr_flows.run import Plain

LONGEST_WRITTEN = 80  # characters in which a value is looked for; a longer message is not one


class NotAnAnswerError(ValueError):
    """`phrase` names what is said about it, `bound` is the limit it tells of."""

    def __init__(self, phrase: str, bound: Plain = None) -> None:
        super().__init__(phrase)
        self.phrase = phrase
        self.bound = bound


@dataclass(frozen=True, slots=True)
class Asked:
    """Where and when it is asked, and between which bounds: numbers, or days."""

    country: str
    today: date
    lowest: Any = None
    highest: Any = None


Reader = Callable[[str, Asked], Plain]


@dataclass(frozen=True, slots=True)
class Kind:
    """`pressed` and `written` read an answer or raise NotAnAnswerError. `keys`: how many at least and at most."""

    keys: tuple[int, int]
    pressed: Reader
    written: Reader


def between(value: Any, asked: Asked, too_low: str, too_high: str) -> None:
    """Raises NotAnAnswerError for what lies outside the bounds."""
    if asked.lowest is not None and value < asked.lowest:
        raise NotAnAnswerError(too_low, _plain(asked.lowest))
    if asked.highest is not None and value > asked.highest:
        raise NotAnAnswerError(too_high, _plain(asked.highest))


def _plain(bound: Any) -> Plain:
    return bound.isoformat() if isinstance(bound, date) else bound
