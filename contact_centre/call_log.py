"""The life of every contact in the log: a fixed message a step, with the contact's id, so that one search tells it all.

Only what is named here is taken from the ledger: what else its lines hold may be personal.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from voice_core.interaction import Interaction
from voice_core.ledger import Entry, Kind
from voice_core.news import Lagged, LocalNews
from voice_core.ports import Change

_TOLD: Mapping[Kind, tuple[str, ...]] = {
    Kind.OPENED: ("channel", "direction", "flow", "parent"),
    Kind.IDENTIFIED: ("contact",),
    Kind.FLOW_STARTED: ("flow", "from_queue"),
    Kind.QUEUED: ("queue", "priority", "preferred_agent", "only_agent"),
    Kind.REQUEUED: ("queue", "priority", "preferred_agent", "only_agent", "reason"),
    Kind.CALLBACK_REQUESTED: (),
    Kind.OFFERED: ("agent", "offer"),
    Kind.DECLINED: ("agent", "offer", "reason"),
    Kind.ACCEPTED: ("agent", "offer", "waited_s"),
    Kind.TRANSFER_STARTED: ("to_agent", "to_queue"),
    Kind.TRANSFER_COMPLETED: ("agent", "from_agent"),
    Kind.TRANSFER_FAILED: ("reason",),
    Kind.TAKEN_OVER: ("agent", "from_agent"),
    Kind.RECORDING_STORED: ("recording", "length_s"),
    Kind.RECORDING_FAILED: ("recording", "reason"),
    Kind.ENDED: ("reason", "stage"),
    Kind.CLOSED: (),
}
"""What is told of each kind of ledger line; the others are not told."""

AFTER_S = 0.005
"""So much later than its commit a line is written: it costs a fifth of a millisecond, and a phone may be about to ring."""

log = structlog.get_logger(__name__)


async def log_lives(news: LocalNews) -> None:
    """Until cancelled."""
    async with news.subscribe(after_s=AFTER_S) as changes:
        async for change in changes:
            if isinstance(change, Lagged):
                log.warning("call_log_lagged", lost=change.lost)
            else:
                _tell(change)


def _tell(change: Change) -> None:
    rows = {row.id: row for row in change.interactions}
    for entry in change.entries:
        if (told := _TOLD.get(entry.kind)) is not None:
            fields = {name: entry.data[name] for name in told if name in entry.data}
            people = _people(entry, rows.get(entry.interaction_id))
            log.info(
                f"contact_{entry.kind}",
                interaction=entry.interaction_id,
                actor=entry.actor,
                **fields,
                **people,
            )


def _people(entry: Entry, row: Interaction | None) -> Mapping[str, str]:
    """Who calls whom, once; and the channel's own id, to find it in Asterisk's log."""
    if entry.kind is not Kind.OPENED or row is None:
        return {}
    return {"external_id": row.external_id, "pii.from": row.from_address, "pii.to": row.to_address}
