"""Today's service level by queue: A_T / (A + B − S), in time over answered plus abandoned without short abandons.

T is the queue's, S are those who left before 5 s. Counted as changes arrive; seeded once from the records at start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from voice_core.interaction import EndReason, Interaction
from voice_core.ledger import Kind
from voice_core.ports import Change
from voice_core.queue import QueueConfig

SHORT_ABANDON_S = 5.0


@dataclass(slots=True)
class _Count:
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0


class ServiceLevels:
    """`zone`: where the organisation's day begins."""

    def __init__(self, queues: Mapping[str, QueueConfig], zone: ZoneInfo, now: datetime) -> None:
        self._queues = queues
        self._zone = zone
        self._day = now.astimezone(zone).date()
        self._counts: dict[str, _Count] = {}

    def begin_of_day(self, now: datetime) -> datetime:
        return now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def seed(self, rows: Iterable[Interaction]) -> None:
        """Today's rows as stored."""
        for row in rows:
            if row.accepted_at is not None:
                self._answered(row)
            elif row.end_reason is EndReason.ABANDONED:
                self._abandoned(row)

    def follow(self, change: Change) -> None:
        rows = {row.id: row for row in change.interactions}
        for entry in change.entries:
            row = rows.get(entry.interaction_id)
            if row is None:
                continue
            self._turn(entry.at)
            if entry.kind is Kind.ACCEPTED and row.accepted_at == entry.at:
                self._answered(row)
            elif entry.kind is Kind.ENDED and row.end_reason is EndReason.ABANDONED:
                self._abandoned(row)

    def share(self, queue: str) -> float | None:
        """0 to 1; None before the first contact that counts."""
        count = self._counts.get(queue)
        if count is None or not count.answered + count.abandoned:
            return None
        return round(count.in_time / (count.answered + count.abandoned), 4)

    def _turn(self, now: datetime) -> None:
        today = now.astimezone(self._zone).date()
        if today > self._day:
            self._day = today
            self._counts.clear()

    def _answered(self, row: Interaction) -> None:
        if row.queue is None or row.queued_at is None or row.accepted_at is None:
            return
        count = self._counts.setdefault(row.queue, _Count())
        count.answered += 1
        config = self._queues.get(row.queue)
        within_s = config.service_level_s if config else 20.0
        count.in_time += (row.accepted_at - row.queued_at).total_seconds() <= within_s

    def _abandoned(self, row: Interaction) -> None:
        if row.queue is None or row.queued_at is None or row.ended_at is None:
            return
        if (row.ended_at - row.queued_at).total_seconds() >= SHORT_ABANDON_S:
            self._counts.setdefault(row.queue, _Count()).abandoned += 1
