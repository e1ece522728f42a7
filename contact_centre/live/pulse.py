"""The last half hour, minute by minute: how many came in, how many were answered, how many waited at the worst moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Kind
from voice_core.ports import Change

MINUTES = 30
_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Minute:
    """`at` is its beginning (UTC); `waiting` the most that waited for a person at once within it."""

    at: datetime
    arrived: int = 0
    answered: int = 0
    waiting: int = 0


class Pulse:
    """Counted as changes arrive, each in constant time; seeded once from the records at start."""

    def __init__(self, now: datetime) -> None:
        self._minutes: deque[Minute] = deque([Minute(_floor(now))], maxlen=MINUTES)
        self._waiting: set[str] = set()

    def seed(self, rows: Iterable[Interaction], now: datetime) -> None:
        """Lived again from what is stored; nothing may have been followed before."""
        begin = begin_of_picture(now)
        self._minutes = deque([Minute(begin)], maxlen=MINUTES)
        steps = sorted((step for row in rows for step in _steps(row)), key=lambda step: step[0])
        for at, what, interaction_id in steps:
            minute = self._at(max(at, begin))
            minute.arrived += what == "arrived" and at >= begin
            minute.answered += what == "answered" and at >= begin
            self._waits(minute, interaction_id, what == "queued")
        self._at(now)

    def follow(self, change: Change, now: datetime) -> None:
        minute = self._at(now)
        for entry in change.entries:
            minute.arrived += entry.kind is Kind.OPENED
            minute.answered += entry.kind is Kind.ACCEPTED
        for row in change.interactions:
            self._waits(minute, row.id, row.stage in (Stage.QUEUED, Stage.OFFERED))

    def minutes(self, now: datetime) -> list[Minute]:
        """Oldest first, the one that runs now last."""
        self._at(now)
        return list(self._minutes)

    def latest(self, now: datetime) -> Minute:
        return self._at(now)

    def _waits(self, minute: Minute, interaction_id: str, waits: bool) -> None:
        (self._waiting.add if waits else self._waiting.discard)(interaction_id)
        minute.waiting = max(minute.waiting, len(self._waiting))

    def _at(self, now: datetime) -> Minute:
        """The minute of `now`; a clock that was put back counts into the newest one."""
        last = self._minutes[-1]
        if now - last.at > MINUTES * _MINUTE:  # nothing happened for long, or the clock jumped
            last = Minute(begin_of_picture(now), waiting=len(self._waiting))
            self._minutes.append(last)
        while now - last.at >= _MINUTE:
            last = Minute(last.at + _MINUTE, waiting=len(self._waiting))
            self._minutes.append(last)
        return last


def begin_of_picture(now: datetime) -> datetime:
    """Where the first of the minutes shown begins."""
    return _floor(now) - (MINUTES - 1) * _MINUTE


def _steps(row: Interaction) -> Iterator[tuple[datetime, str, str]]:
    yield row.opened_at, "arrived", row.id
    if row.queued_at is not None:
        yield row.queued_at, "queued", row.id
    if row.accepted_at is not None:
        yield row.accepted_at, "answered", row.id
    elif row.ended_at is not None:
        yield row.ended_at, "ended", row.id


def _floor(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)
