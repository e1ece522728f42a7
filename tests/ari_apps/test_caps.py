"""What calls out may amount to (fault 26): no order of calls, however many people make them, passes the caps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_apps.caps import CapReachedError, Caps, Line, Tariff, longest_s, overdrawn

DAY = datetime(2026, 11, 25, 5, tzinfo=UTC)
NOON = DAY + timedelta(hours=12)
MOBILE, ABROAD = "0991234567", "+12025550100"
CAPS = Caps(
    calls_a_minute=4,
    calls_a_minute_each=2,
    at_once=3,
    at_once_each=2,
    longest_call_s=300,
    minutes_a_day=20,
    minutes_a_day_each=12,
    cost_a_day=Decimal(6),
    cost_a_day_each=Decimal(3),
    tariffs=(Tariff("0", Decimal("0.1")), Tariff("+", Decimal("0.5"), 8), Tariff("+1", Decimal(1), 4)),
    always=frozenset({"911"}),
)
STEP = timedelta(seconds=10)  # how often overdrawn calls are looked for here
LOOSE = Caps(
    calls_a_minute=999, calls_a_minute_each=999, at_once=999, at_once_each=999, minutes_a_day_each=None
)


def spent(seconds: float, by: str = "ana", to: str = MOBILE, at: datetime = NOON, n: int = 0) -> Line:
    """A call of so many seconds that is over."""
    return Line(f"l{n}-{at}", by, to, at, at, at + timedelta(seconds=seconds))


def refused(caps: Caps, lines: list[Line], by: str = "ana", to: str = MOBILE, now: datetime = NOON) -> str:
    with pytest.raises(CapReachedError) as refusal:
        longest_s(caps, lines, by, to, now, DAY)
    assert refusal.value.code.startswith("outbound_")
    return str(refusal.value.data["cap"])


def test_each_cap_has_its_name() -> None:
    just_now = [spent(5, at=NOON - timedelta(seconds=9 + n), n=n) for n in range(2)]
    assert refused(CAPS, just_now) == "calls_a_minute_each"
    assert refused(replace(CAPS, calls_a_minute=2), just_now, by="luis") == "calls_a_minute"
    early = NOON - timedelta(minutes=5)
    ringing = [Line(f"r{n}", "ana", MOBILE, early) for n in range(2)]
    assert refused(CAPS, ringing) == "at_once_each"
    assert refused(replace(CAPS, at_once=2), ringing, by="luis") == "max_concurrent"
    morning = DAY + timedelta(hours=2)
    assert refused(CAPS, [spent(11 * 60 + 1, at=morning)]) == "minutes_a_day_each"
    assert refused(replace(CAPS, minutes_a_day=12), [spent(701, at=morning)], by="luis") == "minutes_a_day"
    assert refused(CAPS, [spent(200, to=ABROAD, at=morning)], to=ABROAD) == "tariffs.+1.minutes_a_day"
    dear = replace(CAPS, tariffs=(Tariff("", Decimal(1)),))
    assert refused(dear, [spent(150, at=morning)]) == "cost_a_day_each"
    assert refused(dear, [spent(350, at=morning)], by="luis") == "cost_a_day"


def test_what_is_left_is_how_long_a_call_may_last() -> None:
    morning = DAY + timedelta(hours=2)
    assert longest_s(CAPS, [], "ana", MOBILE, NOON, DAY) == 300
    assert longest_s(CAPS, [spent(10 * 60, at=morning)], "ana", MOBILE, NOON, DAY) == 120
    assert longest_s(CAPS, [], "ana", ABROAD, NOON, DAY) == 180  # three at 1 a minute


def test_yesterday_does_not_count_and_a_flow_has_no_cap_of_a_person() -> None:
    assert longest_s(CAPS, [spent(3600, at=DAY - timedelta(hours=2))], "ana", MOBILE, NOON, DAY) == 300
    mine = [spent(12 * 60, by="", at=DAY)]
    assert longest_s(CAPS, mine, "", MOBILE, NOON, DAY) == 300


def test_an_emergency_number_is_dialled_whatever_was_spent() -> None:
    busy = [Line(f"r{n}", "ana", ABROAD, NOON, NOON) for n in range(9)]
    assert longest_s(CAPS, busy, "ana", "911", NOON, DAY) == 300
    help_line = Line("e", "ana", "911", DAY, DAY)
    assert overdrawn(CAPS, [help_line], NOON, DAY) == []


def test_started_minutes_count_whole_and_unanswered_ones_not() -> None:
    assert [spent(s).minutes(NOON) for s in (0, 1, 60, 61)] == [1, 1, 1, 2]
    rung = Line("r", "ana", MOBILE, NOON, closed_at=NOON + timedelta(seconds=40))
    assert rung.minutes(NOON) == 0
    assert replace(rung, unseen=True).minutes(NOON) == 1  # it may have been answered
    assert spent(-30).minutes(NOON) == 1  # the clock was put back


@given(st.integers(0, 40), st.integers(0, 40))
def test_more_spent_never_allows_more(some: int, more: int) -> None:
    def allowed(minutes: int) -> float:
        try:
            return longest_s(LOOSE, [spent(minutes * 60, at=DAY)], "ana", MOBILE, NOON, DAY)
        except CapReachedError:
            return 0.0

    assert allowed(some) >= allowed(some + more)


Attempt = tuple[int, str, str, int]  # steps since the last, who, where to, seconds they would talk


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from(["ana", "luis", "eva", ""]),
            st.sampled_from([MOBILE, ABROAD, "+593991234567"]),
            st.integers(0, 600),
        ),
        max_size=40,
    )
)
def test_no_order_of_calls_passes_the_caps(attempts: list[Attempt]) -> None:
    now, lines, ends = NOON, [], {}  # type: datetime, list[Line], dict[str, datetime]
    for number, (steps, by, to, talk_s) in enumerate(attempts):
        for _ in range(steps):
            now += STEP
            lines = end_those_over(lines, ends, now)
            within_the_caps(lines, now)
        try:
            longest = longest_s(CAPS, lines, by, to, now, DAY)
        except CapReachedError:
            continue
        line = Line(str(number), by, to, now, now)
        lines.append(line)
        ends[line.id] = now + timedelta(seconds=min(talk_s, longest))
        within_the_caps(lines, now)


def end_those_over(lines: list[Line], ends: dict[str, datetime], now: datetime) -> list[Line]:
    """Who hung up by now, was cut by Asterisk's own limit, or is ended because the purse is empty."""
    lines = [
        replace(line, closed_at=ends[line.id]) if line.closed_at is None and ends[line.id] <= now else line
        for line in lines
    ]
    over = {line.id for line, _ in overdrawn(CAPS, lines, now, DAY)}
    return [replace(line, closed_at=now) if line.id in over else line for line in lines]


def within_the_caps(lines: list[Line], now: datetime) -> None:
    """A minute that has begun counts whole: so much may be above, for each call that went on."""
    most, dearest = CAPS.at_once, Decimal(1)
    lately = [line for line in lines if line.at > now - timedelta(minutes=1)]
    live = [line for line in lines if line.closed_at is None]
    assert len(lately) <= CAPS.calls_a_minute
    assert len(live) <= most
    assert sum(line.minutes(now) for line in lines) <= 20 + most
    assert cost(lines, now) <= 6 + most * dearest
    for person in ("ana", "luis", "eva"):
        mine = [line for line in lines if line.by == person]
        assert sum(line in lately for line in mine) <= CAPS.calls_a_minute_each
        assert sum(line in live for line in mine) <= CAPS.at_once_each
        assert sum(line.minutes(now) for line in mine) <= 12 + CAPS.at_once_each
        assert cost(mine, now) <= 3 + CAPS.at_once_each * dearest


def cost(lines: list[Line], now: datetime) -> Decimal:
    return sum((CAPS.tariff(line.to).price * line.minutes(now) for line in lines), Decimal(0))
