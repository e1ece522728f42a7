"""A frozen controller is worse than a dead one: callers would sit in Stasis with no way out.

The event loop beats; a thread watches. When the loop has not beaten for `limit_s`, the process ends at once, with
the stacks of all threads on standard error: Asterisk keeps the calls, and the next start takes them up.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

BEATS_A_LIMIT = 8
LONGEST_PAUSE_S = 0.5
EXIT_CODE = 70  # EX_SOFTWARE: a service manager sees a failure, and starts it again


class Watchdog:
    """`run()` beats in the loop. `act` is what happens past the limit, given the lag in seconds."""

    def __init__(
        self,
        limit_s: float,
        alive: Callable[[], None] = lambda: None,
        act: Callable[[float], None] | None = None,
    ) -> None:
        self._limit_s = limit_s
        self._pause_s = min(limit_s / BEATS_A_LIMIT, LONGEST_PAUSE_S)
        self._alive = alive
        self._act = act or end_process
        self._beat = time.monotonic()
        self._over = threading.Event()

    async def run(self) -> None:
        """Until cancelled."""
        self._beat = time.monotonic()
        thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        thread.start()
        try:
            while True:
                await asyncio.sleep(self._pause_s)
                # Also here: after the whole process was stopped, this may run before the thread does.
                self._look()
                self._beat = time.monotonic()
                self._alive()
        finally:
            self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(self._pause_s):
            self._look()

    def _look(self) -> None:
        lag_s = time.monotonic() - self._beat
        if lag_s > self._limit_s:
            self._act(lag_s)


def end_process(lag_s: float) -> NoReturn:
    """Say why, show where, end. Straight to the descriptor: a lock of the logs may be held by what hangs."""
    said = (
        f"centralita: watchdog: the event loop stood still for {lag_s:.1f} s; ending, to be started again\n"
    )
    os.write(2, said.encode())
    faulthandler.dump_traceback(file=sys.__stderr__ or 2, all_threads=True)
    os._exit(EXIT_CODE)
