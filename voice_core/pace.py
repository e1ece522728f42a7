"""How fast a queue moves: what a waiting caller is told."""

from __future__ import annotations

from dataclasses import dataclass

from voice_core.interaction import Interaction, Stage

_WEIGHT = 0.2  # of the newest contact in the moving average
_LONGEST_S = 3600.0  # a forgotten contact must not rule the average


@dataclass(frozen=True, slots=True)
class Place:
    position: int  # from 1
    expected_wait_s: float | None  # None: not enough is known, or nobody serves the queue now


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a contact that came to a queue now would meet."""

    waiting: int  # queued or held out there already
    free: int  # agents it could be held out to at once: skilled for the queue, with room for it
    expected_wait_s: float | None  # 0 with somebody free; None as in Place


class Pace:
    """Moving average of the handling time (accepted to closed) by queue."""

    def __init__(self) -> None:
        self._handle_s: dict[str, float] = {}

    def learn(self, row: Interaction) -> None:
        if (
            row.stage is not Stage.CLOSED
            or row.accepted_at is None
            or row.closed_at is None
            or row.queue is None
        ):
            return
        handled_s = min(_LONGEST_S, (row.closed_at - row.accepted_at).total_seconds())
        known = self._handle_s.get(row.queue, handled_s)
        self._handle_s[row.queue] = known + _WEIGHT * (handled_s - known)

    def expected_wait_s(self, queue: str | None, position: int, agents: int) -> float | None:
        handle_s = self._handle_s.get(queue or "")
        return None if handle_s is None or agents < 1 else handle_s * position / agents
