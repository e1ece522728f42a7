"""hours: open, closed or a holiday?"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ivr_flows.pieces import Target
from ivr_flows.schedule import Openness, Range, Timetable, known_countries, read_days, read_ranges
from ivr_flows.verbs.base import Frame, Go, Move, Next, Verb


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("unknown_timezone", "unknown_timezone", {"name": name[:60]})
    return name


def _country(code: str) -> str:
    if code not in known_countries():
        raise PydanticCustomError("unknown_country", "unknown_country", {"name": code[:20]})
    return code


TimeZone = Annotated[str, AfterValidator(_zone)]
Country = Annotated[str, AfterValidator(_country)]


class Hours(Verb):
    """Without `open` or `closed`, the next step follows. Without `holiday`, a holiday is a closed day.

    `timezone` and `country` are the organisation's unless given; `holidays: false` opens on holidays too.
    """

    verb = "hours"

    schedule: dict[str, str] = Field(min_length=1, max_length=14)
    timezone: TimeZone | None = None
    country: Country | None = None
    holidays: bool = True
    closed_dates: list[date] = Field(default=[], max_length=400)
    open_dates: dict[date, str] = Field(default={}, max_length=400)
    open: Target | None = None
    closed: Target | None = None
    holiday: Target | None = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        _ = self._week, self._exceptions
        return self

    def enter(self, frame: Frame) -> Move:
        country = (self.country or frame.country) if self.holidays else ""
        zone = ZoneInfo(self.timezone or frame.timezone)
        openness = Timetable(self._week, self._exceptions, country).at(frame.context.now.astimezone(zone))
        closed = self.holiday or self.closed if openness is Openness.HOLIDAY else self.closed
        target = self.open if openness is Openness.OPEN else closed
        return Go(target, openness.value) if target else Next(openness.value)

    @cached_property
    def _week(self) -> dict[int, list[Range]]:
        week: dict[int, list[Range]] = {}
        for days, text in self.schedule.items():
            for day in _read(read_days, days):
                week.setdefault(day, []).extend(_read(read_ranges, text))
        return week

    @cached_property
    def _exceptions(self) -> dict[date, list[Range]]:
        closed: dict[date, list[Range]] = {day: [] for day in self.closed_dates}
        return closed | {day: _read(read_ranges, text) for day, text in self.open_dates.items()}


def _read(reader: Any, text: str) -> Any:
    try:
        return reader(text)
    except ValueError as error:
        raise PydanticCustomError("bad_hours", "bad_hours", {"name": text[:60]}) from error
