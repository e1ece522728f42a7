"""What a language must know to say values. Spanish and English do; in others values are shown as figures."""

from __future__ import annotations

from datetime import date, time
from typing import Protocol

from ivr_flows.spoken import english, spanish


class Tongue(Protocol):
    """`one` is how the number ends before a noun: Spanish "uno", "un", "una"; English does not care."""

    def cardinal(self, number: int, one: str = ..., /) -> str: ...
    def decimals(self, digits: str) -> str: ...
    def counted(self, number: int, currency: str, *, cents: bool) -> str: ...
    def day_in_words(self, day: date) -> str: ...
    def day_in_figures(self, day: date) -> str: ...
    def hour_in_words(self, hour: time) -> str: ...
    def hour_in_figures(self, hour: time) -> str: ...

    MINUS: str
    AND_CENTS: str
    MARKS: dict[str, str]
    TRUTHS: tuple[str, str]


_TONGUES: dict[str, Tongue] = {"es": spanish, "en": english}


def tongue(language: str) -> Tongue | None:
    return _TONGUES.get(language[:2])
