"""The stage machine: each move is a pure function (row, what, now) → the next row and its ledger entries.

A move never looks at anything but its arguments; `desk` checks that the move is allowed for the people
in it, these functions check the stage. Every entry carries what `replay` needs to rebuild the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from voice_core.errors import StageError
from voice_core.interaction import EndReason, Interaction, Offer, Stage
from voice_core.ledger import Entry, Kind

TRANSFER_PRIORITY = 100  # who was already talking to us goes before who has not talked yet
# Ends with no conversation worth a note: closed at once.
NO_WRAP_UP = frozenset({EndReason.NOT_ANSWERED, EndReason.LOST})


@dataclass(frozen=True, slots=True)
class Move:
    row: Interaction
    entries: tuple[Entry, ...]
    offer: Offer | None = None


def entry(row: Interaction, now: datetime, kind: Kind, actor: str, **data: Any) -> Entry:
    """A ledger line; values that are None are left out."""
    return Entry(row.id, now, kind, actor, {key: value for key, value in data.items() if value is not None})


def opened(row: Interaction, now: datetime) -> Move:
    data = {"channel": row.channel, "direction": row.direction.value, "flow": row.flow}
    actor = row.agent or "customer"
    line = entry(row, now, Kind.OPENED, actor, agent=row.agent, parent=row.parent_id, **data)
    return Move(replace(row, version=1), (line,))


def queued(row: Interaction, now: datetime, actor: str, *, reason: str = "", **wanted: Any) -> Move:
    """To a queue, from the flow or from another queue (keeping the place). `wanted`: fields that change."""
    _require(row, "queue", Stage.FLOW, Stage.QUEUED)
    kind = Kind.QUEUED if row.stage is Stage.FLOW else Kind.REQUEUED
    after = _next(row, now, Stage.QUEUED, queued_at=row.queued_at or now, queue_since=now, **wanted)
    return Move(after, (_queue_entry(after, now, kind, actor, reason),))


def callback_requested(row: Interaction, now: datetime, address: str) -> Move:
    _require(row, "ask for a callback", Stage.QUEUED)
    after = _next(row, now, callback_address=address)
    return Move(after, (entry(row, now, Kind.CALLBACK_REQUESTED, "customer"),))


def offered(row: Interaction, now: datetime, agent: str, ring_timeout_s: float) -> Move:
    _require(row, "offer", Stage.QUEUED)
    number = row.offers + 1
    expires_at = now + timedelta(seconds=ring_timeout_s)
    offer = Offer(f"{row.id}.o{number}", row.id, agent, row.queue, now, expires_at)
    after = _next(row, now, Stage.OFFERED, agent=agent, offers=number)
    line = entry(
        row, now, Kind.OFFERED, "router", offer=offer.id, agent=agent, expires_at=expires_at.isoformat()
    )
    return Move(after, (line,), offer)


def accepted(row: Interaction, now: datetime, offer: Offer) -> Move:
    _require(row, "accept", Stage.OFFERED)
    after = _next(row, now, Stage.TALKING, accepted_at=row.accepted_at or now)
    waited = (now - row.queued_at).total_seconds() if row.queued_at else 0.0
    line = entry(row, now, Kind.ACCEPTED, offer.agent, offer=offer.id, agent=offer.agent, waited_s=waited)
    return Move(after, (line,))


def declined(row: Interaction, now: datetime, offer: Offer, *, reason: str, actor: str) -> Move:
    """Back to its place in the queue."""
    _require(row, "decline", Stage.OFFERED)
    after = _next(row, now, Stage.QUEUED, agent=None)
    return Move(after, (_declined_entry(row, now, offer, reason, actor),))


def transferred(
    row: Interaction,
    now: datetime,
    by: str,
    *,
    to_agent: str | None,
    to_queue: str | None,
    data: Mapping[str, Any],
) -> Move:
    """From a conversation back to waiting, ahead of the others, for one agent or a queue.

    The one who gave it away is preferred nowhere and free at once; without a queue they are the fallback.
    """
    _require(row, "transfer", Stage.TALKING)
    queue = to_queue or row.queue
    after = _next(
        row,
        now,
        Stage.QUEUED,
        agent=None,
        queue=queue,
        only_agent=to_agent,
        queued_at=now,
        queue_since=now,
        preferred_agent=None if queue else by,
        priority=max(row.priority, TRANSFER_PRIORITY),
        data={**row.data, **data},
    )
    started = entry(row, now, Kind.TRANSFER_STARTED, by, to_agent=to_agent, to_queue=to_queue, by=by)
    return Move(after, (started, _queue_entry(after, now, Kind.REQUEUED, by, "transfer")))


def handed_over(row: Interaction, now: datetime, to_agent: str, by: str) -> Move:
    """The conversation goes on with another agent: a consulted transfer, or a supervisor who takes over."""
    _require(row, "hand over", Stage.TALKING)
    after = replace(_next(row, now, agent=to_agent), stage_since=now)
    kind = Kind.TAKEN_OVER if by == to_agent else Kind.TRANSFER_COMPLETED
    return Move(after, (entry(row, now, kind, by, agent=to_agent, from_agent=row.agent),))


def returned_to_flow(row: Interaction, now: datetime, flow: str, actor: str) -> Move:
    """Out of the queue, into a flow; the place in the queue is given up."""
    _require(row, "go back to a flow", Stage.QUEUED)
    after = _next(
        row,
        now,
        Stage.FLOW,
        flow=flow,
        flow_state=None,
        queue=None,
        queued_at=None,
        queue_since=None,
        only_agent=None,
        preferred_agent=None,
    )
    return Move(after, (entry(row, now, Kind.FLOW_STARTED, actor, flow=flow, from_queue=row.queue or ""),))


def ended(
    row: Interaction, now: datetime, reason: EndReason, actor: str, *, detail: str, wrap_up_s: float
) -> Move:
    """The contact is over, from whatever stage; `wrap_up_s` counts only after a conversation."""
    talked = row.stage is Stage.TALKING
    after = _next(row, now, ended_at=now, end_reason=reason, end_detail=detail)
    line = entry(
        row, now, Kind.ENDED, actor, reason=reason.value, detail=detail or None, stage=row.stage.value
    )
    if talked and wrap_up_s > 0 and reason not in NO_WRAP_UP:
        until = now + timedelta(seconds=wrap_up_s)
        line = replace(line, data={**line.data, "wrap_up_until": until.isoformat()})
        return Move(replace(after, stage=Stage.WRAP_UP, stage_since=now, wrap_up_until=until), (line,))
    keeps_agent = row.agent if talked else None
    closed_row, closed_line = _closed(replace(after, agent=keeps_agent), now, actor)
    return Move(closed_row, (line, closed_line))


def disposed(
    row: Interaction, now: datetime, agent: str, *, disposition: str | None, note: str, tags: Sequence[str]
) -> Move:
    """What it was about. In wrap-up this closes the contact; before and after, it is only written down."""
    _require(row, "wrap up", Stage.TALKING, Stage.WRAP_UP, Stage.CLOSED)
    lines: tuple[Entry, ...] = ()
    after = _next(row, now, disposition=disposition or row.disposition)
    if disposition or note or tags:
        said = {"disposition": disposition, "note": note or None, "tags": list(tags) or None}
        lines = (entry(row, now, Kind.DISPOSED, agent, **said),)
    if row.stage is not Stage.WRAP_UP:
        return Move(after, lines)
    closed_row, closed_line = _closed(after, now, agent)
    return Move(closed_row, (*lines, closed_line))


def wrap_up_over(row: Interaction, now: datetime) -> Move:
    """The time for notes ran out."""
    _require(row, "close", Stage.WRAP_UP)
    closed_row, line = _closed(_next(row, now), now, "router")
    return Move(closed_row, (line,))


def withdrawn_first(row: Interaction, now: datetime, offer: Offer, actor: str, move: Move) -> Move:
    """`move` made from OFFERED: the ledger tells first that the offer was taken back."""
    return replace(move, entries=(_declined_entry(row, now, offer, "withdrawn", actor), *move.entries))


def changed(row: Interaction, now: datetime, **fields: Any) -> Interaction:
    """The same stage with other fields."""
    return _next(row, now, **fields)


def _next(row: Interaction, now: datetime, stage: Stage | None = None, **fields: Any) -> Interaction:
    if stage is not None and stage is not row.stage:
        fields |= {"stage": stage, "stage_since": now}
    return replace(row, version=row.version + 1, **fields)


def _closed(row: Interaction, now: datetime, actor: str) -> tuple[Interaction, Entry]:
    after = replace(row, stage=Stage.CLOSED, stage_since=now, closed_at=now)
    return after, entry(row, now, Kind.CLOSED, actor)


def _queue_entry(row: Interaction, now: datetime, kind: Kind, actor: str, reason: str) -> Entry:
    wanted = {"only_agent": row.only_agent, "preferred_agent": row.preferred_agent, "priority": row.priority}
    return entry(row, now, kind, actor, queue=row.queue or "", reason=reason or None, **wanted)


def _declined_entry(row: Interaction, now: datetime, offer: Offer, reason: str, actor: str) -> Entry:
    return entry(row, now, Kind.DECLINED, actor, offer=offer.id, agent=offer.agent, reason=reason)


def _require(row: Interaction, verb: str, *stages: Stage) -> None:
    if row.stage not in stages:
        raise StageError(
            f"Cannot {verb}: the contact is in stage {row.stage}.", interaction=row.id, stage=row.stage
        )
