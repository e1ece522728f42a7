"""Opening hours: a weekly timetable, holidays, and single dates that differ. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

import holidays

COUNTRIES = ("EC", "BO", "SV")  # where our customers are; any country `holidays` knows is accepted
Range = tuple[int, int]  # minutes since midnight: from, until (not included)
_DAYS = {
    "mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6,
    "lun": 0, "mar": 1, "mie": 2, "mié": 2, "jue": 3, "vie": 4, "sab": 5, "sáb": 5, "dom": 6,
}  # fmt: skip
_RANGE = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)")


class Openness(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Timetable:
    """`exceptions` win over holidays, holidays over the week. An exception without ranges is a closed day."""

    week: Mapping[int, Sequence[Range]]  # 0 is Monday
    exceptions: Mapping[date, Sequence[Range]]
    country: str = ""  # "": no holidays

    def at(self, local: datetime) -> Openness:
        """`local` is in the organisation's zone."""
        minute, day = local.hour * 60 + local.minute, local.date()
        if day in self.exceptions:
            ranges = self.exceptions[day]
        elif self.country and is_holiday(self.country, day):
            return Openness.HOLIDAY
        else:
            ranges = self.week.get(local.weekday(), ())
        return Openness.OPEN if any(start <= minute < end for start, end in ranges) else Openness.CLOSED


def is_holiday(country: str, day: date) -> bool:
    """National public holidays, observed days included. An unknown country has none."""
    return day in _holidays(country, day.year)


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> frozenset[date]:
    if country not in known_countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))


def warm_up() -> None:
    """The calendars' library takes half a second to wake: not while a caller waits."""
    for country in COUNTRIES:
        is_holiday(country, date(2026, 1, 1))


@lru_cache(maxsize=1)
def known_countries() -> frozenset[str]:
    return frozenset(holidays.list_supported_countries())


def read_days(text: str) -> list[int]:
    """`lun-vie`, `sat`, `mon,wed`. Raises ValueError."""
    days: list[int] = []
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last and last not in _DAYS):
            raise ValueError(text)
        start, end = _DAYS[first], _DAYS[last or first]
        days += range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]
    return days


def read_ranges(text: str) -> list[Range]:
    """`08:00-12:30, 14:00-18:00`; 24:00 is the day's end. Raises ValueError."""
    ranges = []
    for part in text.split(","):
        found = _RANGE.fullmatch(part.strip())
        if not found:
            raise ValueError(text)
        hour, minute, until_hour, until_minute = map(int, found.groups())
        start, end = hour * 60 + minute, until_hour * 60 + until_minute
        if minute > 59 or until_minute > 59 or not 0 <= start < end <= 24 * 60:
            raise ValueError(text)
        ranges.append((start, end))
    return ranges
