"""Waiting for a condition without polling: whoever changes something tells, whoever waits looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from contact_centre.scripted_caller.errors import CallTimeoutError


class Changes:
    """Wakes everybody who waits. Belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def until(self, condition: Callable[[], bool], timeout_s: float, awaited: str) -> None:
        """Return once `condition()` holds; CallTimeoutError after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    future = asyncio.get_running_loop().create_future()
                    self._waiting.add(future)
                    try:
                        await future
                    finally:
                        self._waiting.discard(future)
        except TimeoutError:
            raise CallTimeoutError(
                f"Waited {timeout_s:g} s in vain for: {awaited}.", awaited=awaited
            ) from None
