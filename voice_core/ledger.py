"""The ledger: what happened, who did it, why. Appended in the same transaction as the row it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    OPENED = "opened"
    IDENTIFIED = "identified"  # the customer was recognised
    FLOW_STARTED = "flow_started"
    FLOW_STEP = "flow_step"  # data: step, verb; never the digits pressed
    FLOW_ENDED = "flow_ended"
    QUEUED = "queued"
    REQUEUED = "requeued"  # overflow, transfer to a queue, an agent lost
    CALLBACK_REQUESTED = "callback_requested"
    OFFERED = "offered"
    DECLINED = "declined"  # data: reason = refused | no_answer | unreachable | failed | away | withdrawn
    ACCEPTED = "accepted"
    HELD = "held"
    RESUMED = "resumed"
    TRANSFER_STARTED = "transfer_started"
    TRANSFER_COMPLETED = "transfer_completed"
    TRANSFER_FAILED = "transfer_failed"
    CONFERENCED = "conferenced"
    LINE_OPENED = "line_opened"  # a line we dial out on, before it is dialled; data: leg, to. These three tell what was spent
    LINE_ANSWERED = "line_answered"
    LINE_CLOSED = "line_closed"  # data: unseen, when nobody listened as it ended
    LISTENING_STARTED = "listening_started"  # data: supervisor, mode
    LISTENING_ENDED = "listening_ended"
    TAKEN_OVER = "taken_over"
    RECORDING_STARTED = "recording_started"
    RECORDING_PAUSED = "recording_paused"
    RECORDING_RESUMED = "recording_resumed"
    RECORDING_STORED = "recording_stored"
    RECORDING_FAILED = "recording_failed"  # the disk refused it, or some of it; data: recording, reason
    ENDED = "ended"  # the contact is over; wrap-up may follow
    DISPOSED = "disposed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `seq` is given by the store (0 before)."""

    interaction_id: str
    at: datetime
    kind: Kind
    actor: str  # user name, "router", "flow", "customer", "system"
    data: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
