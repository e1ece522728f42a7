"""What has happened since the start, counted from stored changes: ends, offers, recordings; and how long things took.

Labels are our own words and the names of queues and connectors, so their number is bounded; nobody's name or number
is among them.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Entry, Kind
from voice_core.news import LocalNews
from voice_core.ports import Change

_WAITS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
_ANSWERS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)
_TALKS = (5, 15, 30, 60, 120, 180, 300, 600, 900, 1800, 3600)
_DECLINES = frozenset({"refused", "no_answer", "unreachable", "failed", "away", "withdrawn"})
_RECORDING_ALARMS = {"recording_lost": "lost", "recording_failed": "failed"}
_DISK_ALARMS = {"disk_refuses": 1, "disk_refuses_recordings": 1, "disk_takes_again": 0}


class Counts:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.ended = Counter(
            "centralita_contacts_ended",
            "Contacts that are over",
            ["reason", "queue", "direction"],
            registry=registry,
        )
        self.offers = Counter("centralita_offers", "Offers that are over", ["outcome"], registry=registry)
        self.recordings = Counter(
            "centralita_recordings", "Recordings that are over", ["result"], registry=registry
        )
        self.disk = Gauge(
            "centralita_disk_refuses", "1 while the disk takes no more: full, read-only", registry=registry
        )
        self.reconnects = Counter(
            "centralita_ari_reconnects", "Times Asterisk came back after a cut", registry=registry
        )
        self.rung = Histogram(
            "centralita_time_to_ring_seconds",
            "From the queue to the first offer",
            ["queue"],
            buckets=_WAITS,
            registry=registry,
        )
        self.waited = Histogram(
            "centralita_wait_to_answer_seconds",
            "From the queue to a person",
            ["queue"],
            buckets=_WAITS,
            registry=registry,
        )
        self.talked = Histogram(
            "centralita_talk_seconds",
            "From the first person to the end of the contact",
            ["queue"],
            buckets=_TALKS,
            registry=registry,
        )
        self.systems = Histogram(
            "centralita_connector_seconds",
            "Until an institution's own system had answered, or was given up",
            ["connector", "outcome"],
            buckets=_ANSWERS,
            registry=registry,
        )
        self._seen_reconnects = 0

    def follow(self, change: Change) -> None:
        """A stored change; for `Desk.listen`. Never raises, never waits."""
        rows = {row.id: row for row in change.interactions}
        for entry in change.entries:
            row = rows.get(entry.interaction_id)
            if row is not None:
                self._of_contact(entry, row)
            elif entry.kind is Kind.RECORDING_STORED:
                self.recordings.labels("stored").inc()

    async def follow_alarms(self, news: LocalNews) -> None:
        """Recordings that failed, and a disk that is full, are told, not stored: until cancelled."""
        async with news.subscribe() as changes:
            async for change in changes:
                for notice in change.notices if isinstance(change, Change) else ():
                    if (result := _RECORDING_ALARMS.get(notice.code)) is not None:
                        self.recordings.labels(result).inc()
                    if (refuses := _DISK_ALARMS.get(notice.code)) is not None:
                        self.disk.set(refuses)

    def asked_system(self, connector: str, outcome: str, seconds: float) -> None:
        """Names come from descriptions, outcomes from our own few words."""
        self.systems.labels(connector, outcome).observe(seconds)

    def reconnected(self, times: int) -> None:
        """How often so far, as whoever keeps the connection counts it."""
        self.reconnects.inc(max(0, times - self._seen_reconnects))
        self._seen_reconnects = times

    def _of_contact(self, entry: Entry, row: Interaction) -> None:
        queue = row.queue or ""
        match entry.kind:
            case Kind.OFFERED if row.offers == 1 and row.queued_at is not None:
                self.rung.labels(queue).observe((entry.at - row.queued_at).total_seconds())
            case Kind.ACCEPTED:
                self.offers.labels("accepted").inc()
                self.waited.labels(queue).observe(float(entry.data.get("waited_s", 0.0)))
            case Kind.DECLINED:
                reason = str(entry.data.get("reason"))
                self.offers.labels(reason if reason in _DECLINES else "other").inc()
            case Kind.ENDED:
                reason = row.end_reason.value if row.end_reason is not None else ""
                self.ended.labels(reason, queue, row.direction.value).inc()
                if entry.data.get("stage") == Stage.TALKING.value and row.accepted_at is not None:
                    self.talked.labels(queue).observe((entry.at - row.accepted_at).total_seconds())
