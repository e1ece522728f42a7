"""The bounded queue between the socket's reader and the one who reads events."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from .errors import EventOverflow
from .events import Event

EVENT_LIMIT = 20_000
"""Events waiting to be read; at 100 calls/s (12 events a call) some 15 s of work."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The socket is gone: what happens from here is not told. Requests fail with `ConnectionLost`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reconnected:
    """The socket is back. Nothing is replayed: take a snapshot, compare, subscribe again to device states."""


News = Event | Disconnected | Reconnected


class EventStream:
    """One writer, one reader; ends with an error, once what came before it has been read."""

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._waiting: deque[News] = deque()
        self._limit = limit
        self._changed = asyncio.Event()
        self._end: Exception | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def closed(self) -> bool:
        """Nothing more will be told."""
        return self._closed

    def put(self, item: News) -> None:
        """Raises EventOverflow, and ends the stream with it, when nobody reads fast enough."""
        if len(self._waiting) >= self._limit:
            error = EventOverflow(f"{self._limit} events wait unread", limit=self._limit)
            self.close(error)
            raise error
        self._waiting.append(item)
        self._changed.set()

    def close(self, error: Exception | None = None) -> None:
        """Lets the reader finish what is waiting; then `error`, or a plain end of the iteration."""
        if not self._closed:
            self._closed, self._end = True, error
        self._changed.set()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> News:
        while not self._waiting:
            if self._closed:
                if self._end is not None:
                    raise self._end
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()
