"""Time is passed in (house law 8): nothing below the edge reads the wall clock by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, always UTC and aware."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock; made once, at the composition root.

    It never goes back: when somebody sets the machine's clock back, this one walks at half speed until
    the machine has caught up, so that offers and wrap-ups still end and no time line turns around.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._last, self._seen = wall(), steady()

    def now(self) -> datetime:
        wall, steady = self._wall(), self._steady()
        slow = self._last + timedelta(seconds=(steady - self._seen) / 2)
        self._last, self._seen = max(wall, slow), steady
        return self._last
