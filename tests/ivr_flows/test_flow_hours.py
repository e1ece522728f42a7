"""Opening hours in the organisation's zone, with the holidays of the three countries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr_flows.effects import HangUp
from ivr_flows.schedule import read_days, read_ranges
from tests.ivr_flows.lines import Line, flows_of

HOURS = """
steps:
  h:
    hours:
      schedule: {{lun-vie: "08:00-12:30, 14:00-18:00", sab: "08:00-24:00"}}
      closed_dates: [2026-12-24]
      open_dates: {{2026-12-25: "09:00-10:00"}}
      open: a
      closed: c
      holiday: f
      {extra}
  a:
    hang_up: open
  c:
    hang_up: closed
  f:
    hang_up: holiday
"""


def at(moment: str, extra: str = "country: EC") -> str:
    effect = Line(
        flows_of(HOURS.format(extra=extra)), now=datetime.fromisoformat(moment).astimezone(UTC)
    ).effect
    assert isinstance(effect, HangUp)
    return effect.reason


@pytest.mark.parametrize(("moment", "expected"), [
    ("2026-11-23T07:59:59-05:00", "closed"), ("2026-11-23T08:00:00-05:00", "open"),
    ("2026-11-23T12:30:00-05:00", "closed"), ("2026-11-23T17:59:00-05:00", "open"),
    ("2026-11-28T23:59:00-05:00", "open"), ("2026-11-29T10:00:00-05:00", "closed"),
    ("2026-12-24T10:00:00-05:00", "closed"), ("2026-12-25T09:30:00-05:00", "open"),
    ("2026-12-25T10:30:00-05:00", "closed"),
])  # fmt: skip
def test_the_week_and_its_exceptions(moment: str, expected: str) -> None:
    assert at(moment) == expected


@pytest.mark.parametrize(("country", "holiday"), [
    ("EC", "2026-05-25"), ("BO", "2026-08-06"), ("SV", "2026-09-15"),  # Pichincha; independence of BO; of SV
])  # fmt: skip
def test_the_holidays_of_each_country(country: str, holiday: str) -> None:
    assert at(f"{holiday}T10:00:00-05:00", f"country: {country}") == "holiday"
    assert at(f"{holiday}T10:00:00-05:00", "holidays: false") in ("open", "closed")


def test_the_zone_given_wins() -> None:
    assert at("2026-11-23T07:30:00-05:00", "timezone: America/La_Paz") == "open"


def test_days_and_ranges_as_written() -> None:
    assert read_days("vie-lun") == [4, 5, 6, 0]
    assert read_days("mon, MIÉ") == [0, 2]
    for wrong in ("8-9", "08:00", "12:00-11:00", "08:60-09:00", "22:00-06:00", "00:00-24:30"):
        with pytest.raises(ValueError, match=wrong[:2]):
            read_ranges(wrong)
