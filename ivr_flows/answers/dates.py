"""Dates, pressed as ddmm or ddmmyyyy, or written as people write them. The day comes first, as it does here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from ivr_flows.answers.base import LONGEST_WRITTEN, Asked, Kind, NotAnAnswerError, between
from ivr_flows.letters import folded

_DAYS = {
    "hoy": 0, "today": 0, "manana": 1, "tomorrow": 1, "pasado manana": 2, "day after tomorrow": 2,
    "ayer": -1, "yesterday": -1, "anteayer": -2, "antier": -2,
}  # fmt: skip
_MONTHS = {
    name: number
    for names in (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "january february march april may june july august september october november december",
        "ene feb mar abr may jun jul ago sep oct nov dic",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for number, name in enumerate(names.split(), start=1)
} | {"setiembre": 9, "sept": 9, "set": 9}
_SILENT = frozenset({
    "el", "dia", "de", "del", "para", "the", "of", "on", "for", "lunes", "martes", "miercoles",
    "jueves", "viernes", "sabado", "domingo", "monday", "tuesday", "wednesday", "thursday", "friday",
    "saturday", "sunday",
})  # fmt: skip
_FIGURES = re.compile(r"(\d{1,2})[/. -](\d{1,2})(?:[/. -](\d{4}|\d{2}))?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_WORDS = re.compile(r"(\d{1,2})(?:st|nd|rd|th|ro|er|º|o)? ([a-z]{3,10})(?: (\d{4}|\d{2}))?")
_MONTH_FIRST = re.compile(r"([a-z]{3,10}) (\d{1,2})(?:st|nd|rd|th|ro|er|º|o)?(?: (\d{4}))?")


def date_pressed(keys: str, asked: Asked) -> str:
    if not re.fullmatch(r"\d{4}|\d{6}|\d{8}", keys):
        raise NotAnAnswerError("date")
    return _within(int(keys[:2]), int(keys[2:4]), keys[4:], asked)


def date_written(text: str, asked: Asked) -> str:
    plain = _plain(text)
    if plain in _DAYS:
        return _checked(asked.today + timedelta(days=_DAYS[plain]), asked)
    if found := _ISO.fullmatch(plain):
        return _within(int(found[3]), int(found[2]), found[1], asked)
    if found := _FIGURES.fullmatch(plain):
        first, second = int(found[1]), int(found[2])
        day, month = (
            (second, first) if second > 12 >= first else (first, second)
        )  # 12/25 can only be one thing
        return _within(day, month, found[3] or "", asked)
    if re.fullmatch(r"\d{4}|\d{8}", plain):
        return date_pressed(plain, asked)
    return _in_words(plain, asked)


def _in_words(plain: str, asked: Asked) -> str:
    bare = re.sub(r"[.,]", " ", plain.replace("primero", "1").replace(".o ", "o "))
    words = " ".join(word for word in bare.split() if word not in _SILENT)
    day_first, month_first = _WORDS.fullmatch(words), _MONTH_FIRST.fullmatch(words)
    found = day_first or month_first
    day, name = found.group(1, 2) if day_first and found else found.group(2, 1) if found else ("", "")
    if found is None or name not in _MONTHS:
        raise NotAnAnswerError("date")
    return _within(int(day), _MONTHS[name], found[3] or "", asked)


def _within(day: int, month: int, year: str, asked: Asked) -> str:
    """Without its year, or its century, the date is the one nearest to today that the bounds allow."""
    this = asked.today.year
    if len(year) == 4:
        years: Iterable[int] = [int(year)]
    elif year:
        years = range(this // 100 * 100 - 100 + int(year), this + 101, 100)
    else:
        years = sorted({*range(this - 1, this + 2), *_years_of(asked)})
    found = [made for each in years if (made := _date(each, month, day))]
    if not found:
        raise NotAnAnswerError("date")
    allowed = [each for each in found if _fits(each, asked)]
    nearest = min(allowed or found, key=lambda each: (abs(each - asked.today), each < asked.today))
    return _checked(nearest, asked)


def _years_of(asked: Asked) -> list[int]:
    """A bound far from today brings its own year, and the one beside it."""
    years = [bound.year for bound in (asked.lowest, asked.highest) if bound is not None]
    return [year + step for year in years for step in (-1, 0, 1)]


def _fits(day: date, asked: Asked) -> bool:
    return (asked.lowest is None or day >= asked.lowest) and (asked.highest is None or day <= asked.highest)


def _checked(day: date, asked: Asked) -> str:
    between(day, asked, "too_early", "too_late")
    return day.isoformat()


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1800 <= year <= 2200 else None
    except ValueError:
        return None


def _plain(text: str) -> str:
    return " ".join(folded(text[:LONGEST_WRITTEN]).strip(" .,;!¡¿?\n\t").split())


DATE = Kind((4, 8), date_pressed, date_written)
