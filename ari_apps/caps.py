"""What calls out may amount to (fault 26): how many, how long, for how much. Pure: rules, lines and a moment in, a word out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from voice_core.errors import NotAllowedError

MINUTE = timedelta(minutes=1)


class CapReachedError(NotAllowedError):
    """`cap`: the field of centre.yaml; `limit`: what it says there."""

    code = "outbound_cap"

    def __init__(self, code: str, cap: str, limit: object, message: str) -> None:
        super().__init__(message, cap=cap, limit=str(limit))
        self.code = code


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a minute costs to numbers that begin with `prefix`; and how many a day the centre affords."""

    prefix: str
    price: Decimal = Decimal(0)
    minutes_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class Caps:
    """`each`: for one person; flows are held by the centre's own caps. None: no cap."""

    calls_a_minute: int = 60
    calls_a_minute_each: int = 10
    at_once: int = 10
    at_once_each: int = 3
    longest_call_s: float = 7200.0
    minutes_a_day: int | None = 6000
    minutes_a_day_each: int | None = 600
    cost_a_day: Decimal | None = None
    cost_a_day_each: Decimal | None = None
    tariffs: tuple[Tariff, ...] = ()
    always: frozenset[str] = frozenset()  # emergency numbers: dialled however much was spent

    def tariff(self, number: str) -> Tariff:
        """The longest prefix that fits; free when none does."""
        fitting = [tariff for tariff in self.tariffs if number.startswith(tariff.prefix)]
        return max(fitting, key=lambda tariff: len(tariff.prefix), default=Tariff(""))


@dataclass(frozen=True, slots=True)
class Line:
    """One line we dialled out on. `by`: whose doing; "" when it was nobody's of the house (a flow)."""

    id: str
    by: str
    to: str
    at: datetime
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    unseen: bool = False  # it ended while nobody listened: counted from the first ring

    def minutes(self, now: datetime) -> int:
        """Each started minute counts whole, as carriers bill; nothing for who did not answer."""
        since = self.answered_at or (self.at if self.unseen else None)
        if since is None:
            return 0
        return max(1, math.ceil(((self.closed_at or now) - since) / MINUTE))


@dataclass(frozen=True, slots=True)
class _Budget:
    """One cap that is used up over the day."""

    code: str
    cap: str
    limit: Decimal
    used: Decimal
    price: Decimal  # of one minute more, in what the cap counts

    @property
    def minutes_left(self) -> float:
        return float((self.limit - self.used) // self.price) if self.price else math.inf


def longest_s(caps: Caps, lines: Sequence[Line], by: str, number: str, now: datetime, day: datetime) -> float:
    """How many seconds the next call may last. `day`: when today began. Raises CapReachedError."""
    if number in caps.always:
        return caps.longest_call_s
    _require_pace(caps, lines, by, now)
    longest = caps.longest_call_s
    for budget in _budgets(caps, lines, by, number, now, day):
        if budget.minutes_left < 1:
            raise _used_up(budget)
        longest = min(longest, budget.minutes_left * 60)
    return longest


def overdrawn(
    caps: Caps, lines: Sequence[Line], now: datetime, day: datetime
) -> list[tuple[Line, CapReachedError]]:
    """The calls going on that use up more than a day has, and which cap says so."""
    found = []
    for line in lines:
        if line.answered_at is None or line.closed_at is not None or line.to in caps.always:
            continue
        for budget in _budgets(caps, lines, line.by, line.to, now, day):
            if budget.price and budget.used > budget.limit:
                found.append((line, _used_up(budget)))
                break
    return found


def _require_pace(caps: Caps, lines: Sequence[Line], by: str, now: datetime) -> None:
    lately = [line for line in lines if line.at > now - MINUTE and line.to not in caps.always]
    open_now = [line for line in lines if line.closed_at is None]
    pace = ("outbound_pace", "a minute. Wait a moment.")
    at_once = ("outbound_lines", "at once. Wait until one ends.")
    for (code, words), cap, limit, found in (
        (pace, "calls_a_minute", caps.calls_a_minute, lately),
        (pace, "calls_a_minute_each", caps.calls_a_minute_each, _of(lately, by)),
        (at_once, "max_concurrent", caps.at_once, open_now),
        (at_once, "at_once_each", caps.at_once_each, _of(open_now, by)),
    ):
        if len(found) >= limit:
            raise CapReachedError(code, cap, limit, f"No more than {limit} outgoing calls {words}")


def _budgets(
    caps: Caps, lines: Iterable[Line], by: str, number: str, now: datetime, day: datetime
) -> list[_Budget]:
    today = [line for line in lines if line.at >= day and line.to not in caps.always]
    mine, tariff = _of(today, by), caps.tariff(number)
    there = [line for line in today if caps.tariff(line.to) == tariff]
    budgets = [
        _Budget("outbound_minutes", cap, Decimal(limit), _minutes(counted, now), Decimal(1))
        for cap, limit, counted, applies in (
            ("minutes_a_day", caps.minutes_a_day, today, True),
            ("minutes_a_day_each", caps.minutes_a_day_each, mine, bool(by)),
            (f"tariffs.{tariff.prefix}.minutes_a_day", tariff.minutes_a_day, there, True),
        )
        if limit is not None and applies
    ]
    return budgets + [
        _Budget("outbound_cost", cap, limit, _cost(caps, counted, now), tariff.price)
        for cap, limit, counted, applies in (
            ("cost_a_day", caps.cost_a_day, today, True),
            ("cost_a_day_each", caps.cost_a_day_each, mine, bool(by)),
        )
        if limit is not None and applies
    ]


def _used_up(budget: _Budget) -> CapReachedError:
    what = "minutes" if budget.code == "outbound_minutes" else "cost"
    message = f"Today's {what} of outgoing calls are used up ({budget.limit}). Tell your supervisor."
    return CapReachedError(budget.code, budget.cap, budget.limit, message)


def _of(lines: Iterable[Line], by: str) -> list[Line]:
    return [line for line in lines if by and line.by == by]


def _minutes(lines: Iterable[Line], now: datetime) -> Decimal:
    return Decimal(sum(line.minutes(now) for line in lines))


def _cost(caps: Caps, lines: Iterable[Line], now: datetime) -> Decimal:
    return sum((caps.tariff(line.to).price * line.minutes(now) for line in lines), Decimal(0))
