"""Where a screen's snapshot and the messages after it meet: nothing is shown twice, out of order, or left out.

The controller numbers its messages within an epoch (its lease's token). A snapshot tells the number it stands at; a screen
shows it, and then each next number. Anything else (a gap, a new epoch, a beat that knows of more) asks for another snapshot.
Pure: no clock, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Position(NamedTuple):
    """Ordered: a later epoch is behind every number of an earlier one."""

    epoch: int
    number: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, or a beat: the position of the last one. `text` is None where it is not for this screen."""

    at: Position
    text: bytes | None = None
    beat: bool = False


NOWHERE = Position(-1, 0)


class Joint:
    """One screen's. While `waits`, a snapshot is wanted, and what is heard is held back."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._at: Position | None = None
        self._least = NOWHERE  # an older snapshot would lack something
        self._held: list[Heard] = []

    @property
    def waits(self) -> bool:
        return self._at is None

    def begin_again(self) -> None:
        """Another snapshot is wanted, which holds all that was shown or held back."""
        if self._at is not None:
            self._least = max(self._least, self._at)
        self._at = None
        self._drop_held()

    def hear(self, heard: Heard) -> bytes | None:
        """What to show now, if anything. It may have torn: `waits` tells."""
        if self._at is None:
            self._hold(heard)
            return None
        if heard.at <= self._at:
            return None
        if not heard.beat and heard.at == (self._at.epoch, self._at.number + 1):
            self._at = heard.at
            return heard.text
        self.begin_again()
        self._least = heard.at
        return None

    def snapshot(self, at: Position, text: bytes) -> list[bytes]:
        """What to show: the snapshot and what was held back after it; nothing when it is too old."""
        if at < self._least:
            return []
        held, self._held, self._at = self._held, [], at
        return [text, *(shown for each in held if (shown := self.hear(each)) is not None)]

    def _hold(self, heard: Heard) -> None:
        self._held.append(heard)
        if len(self._held) > self._limit:
            self._drop_held()

    def _drop_held(self) -> None:
        for each in self._held:
            self._least = max(self._least, each.at)
        self._held.clear()
