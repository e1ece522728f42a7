"""Rebuilding what a contact became from its ledger alone: the proof that the ledger is the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from voice_core.interaction import EndReason, Interaction, Stage
from voice_core.ledger import Entry, Kind


@dataclass(frozen=True, slots=True)
class Replayed:
    """The part of an interaction that metrics and audits stand on."""

    stage: Stage = Stage.FLOW
    queue: str | None = None
    agent: str | None = None
    offers: int = 0
    opened_at: datetime | None = None
    queued_at: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    closed_at: datetime | None = None
    end_reason: EndReason | None = None
    disposition: str | None = None


def replay(entries: Iterable[Entry]) -> Replayed:
    state = Replayed()
    for entry in entries:
        state = _step(state, entry)
    return state


def seen(row: Interaction) -> Replayed:
    """The same part of the stored row, to compare."""
    return Replayed(
        row.stage,
        row.queue,
        row.agent,
        row.offers,
        row.opened_at,
        row.queued_at,
        row.accepted_at,
        row.ended_at,
        row.closed_at,
        row.end_reason,
        row.disposition,
    )


def _step(state: Replayed, entry: Entry) -> Replayed:
    data, at = entry.data, entry.at
    match entry.kind:
        case Kind.OPENED:
            state = replace(state, opened_at=at)
            if data.get("agent"):
                state = replace(state, stage=Stage.TALKING, agent=data["agent"], accepted_at=at)
        case Kind.QUEUED:
            state = replace(state, stage=Stage.QUEUED, queue=data["queue"] or None, queued_at=at)
        case Kind.REQUEUED:
            queued_at = at if state.stage is Stage.TALKING else state.queued_at
            state = replace(
                state, stage=Stage.QUEUED, queue=data["queue"] or None, queued_at=queued_at, agent=None
            )
        case Kind.OFFERED:
            state = replace(state, stage=Stage.OFFERED, agent=data["agent"], offers=state.offers + 1)
        case Kind.DECLINED:
            state = replace(state, stage=Stage.QUEUED, agent=None)
        case Kind.ACCEPTED:
            state = replace(state, stage=Stage.TALKING, accepted_at=state.accepted_at or at)
        case Kind.TRANSFER_COMPLETED | Kind.TAKEN_OVER if "agent" in data:
            state = replace(state, agent=data["agent"])
        case Kind.FLOW_STARTED if "from_queue" in data:
            state = replace(state, stage=Stage.FLOW, queue=None, queued_at=None)
        case Kind.ENDED:
            stage = Stage.WRAP_UP if "wrap_up_until" in data else state.stage
            state = replace(state, stage=stage, ended_at=at, end_reason=EndReason(data["reason"]))
        case Kind.DISPOSED:
            state = replace(state, disposition=data.get("disposition") or state.disposition)
        case Kind.CLOSED:
            state = replace(state, stage=Stage.CLOSED, closed_at=at)
    return state
