"""An agent's time line: what they did from when to when, and how long of each in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from voice_core.agent import AgentStatus, StatusSpan
from voice_core.clock import Clock
from voice_core.desk import Desk
from voice_core.errors import InvalidInputError
from voice_core.store.queries import Queries

LONGEST = timedelta(days=8)  # a week, with the night the clocks go back; more is a report


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a span that lies in what was asked for; `until` is None while it lasts."""

    status: AgentStatus
    reason: str
    since: datetime
    until: datetime | None
    seconds: float
    actor: str  # who caused it


@dataclass(frozen=True, slots=True)
class Total:
    status: AgentStatus
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Timeline:
    agent: str
    since: datetime
    until: datetime
    stretches: tuple[Stretch, ...]
    totals: tuple[Total, ...]  # by status and reason, the longest first


class Timelines:
    """Reads what is stored. `zone`: where the organisation's day begins."""

    def __init__(self, desk: Desk, queries: Queries, clock: Clock, zone: ZoneInfo) -> None:
        self._desk = desk
        self._queries = queries
        self._clock = clock
        self._zone = zone

    async def of(self, agent: str, since: datetime | None, until: datetime | None) -> Timeline:
        """Today so far, unless told otherwise. Raises NotFoundError, InvalidInputError, UnavailableError."""
        self._desk.agent(agent)
        now = self._clock.now()
        end = min(until or now, now)
        local_day = end.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        begin = since or local_day.astimezone(now.tzinfo)
        if not timedelta(0) <= end - begin <= LONGEST:
            raise InvalidInputError(
                f"A time line begins before it ends, and spans at most {LONGEST.days} days.", field="since"
            )
        return timeline(agent, await self._queries.spans(agent, begin, end), begin, end, now)


def timeline(
    agent: str, spans: Sequence[StatusSpan], since: datetime, until: datetime, now: datetime
) -> Timeline:
    """Cut `spans` (oldest first) to [since, until); what lasts is counted up to `until`, which is no later than `now`."""
    stretches = tuple(_cut(span, since, until, now) for span in spans)
    totals: dict[tuple[AgentStatus, str], float] = {}
    for stretch in stretches:
        kind = (stretch.status, stretch.reason)
        totals[kind] = totals.get(kind, 0.0) + stretch.seconds
    ordered = sorted(totals.items(), key=lambda total: -total[1])
    return Timeline(
        agent, since, until, stretches, tuple(Total(*kind, round(seconds, 3)) for kind, seconds in ordered)
    )


def _cut(span: StatusSpan, since: datetime, until: datetime, now: datetime) -> Stretch:
    lasts = span.until is None and until >= now
    begin, end = max(span.since, since), min(span.until or until, until)
    return Stretch(
        status=span.status,
        reason=span.reason,
        since=begin,
        until=None if lasts else end,
        seconds=round(max(0.0, (end - begin).total_seconds()), 3),
        actor=span.actor,
    )
