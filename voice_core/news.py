"""News inside one process: committed changes for whoever watches. Publishing never blocks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from voice_core.ports import Change

DEFAULT_LIMIT = 1000  # changes a subscriber may be behind


@dataclass(frozen=True, slots=True)
class Lagged:
    """The subscriber was too slow; `lost` changes were dropped and it must take a new snapshot."""

    lost: int


class LocalNews:
    """Bus with a bounded queue a subscriber. Overflow is loud: the subscriber reads a `Lagged`."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def publish(self, change: Change) -> None:
        for subscription in self._subscriptions:
            subscription.put(change)

    @asynccontextmanager
    async def subscribe(
        self, limit: int = DEFAULT_LIMIT, *, after_s: float = 0.0
    ) -> AsyncIterator[Subscription]:
        """`after_s`: for who has time. They are woken so much later, and what was decided (a ring) goes out first."""
        subscription = Subscription(limit, after_s)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)


class Subscription:
    """`async for change in subscription`: every change, or a `Lagged` in place of those lost."""

    def __init__(self, limit: int, after_s: float) -> None:
        self._limit = limit
        self._after_s = after_s
        self._changes: deque[Change] = deque()
        self._lost = 0
        self._news = asyncio.Event()
        self._waking = False

    def put(self, change: Change) -> None:
        if len(self._changes) >= self._limit:
            self._lost += len(self._changes)
            self._changes.clear()
        if self._lost:
            self._lost += 1
        else:
            self._changes.append(change)
        if not self._after_s:
            self._news.set()
        elif not self._waking:
            self._waking = True
            asyncio.get_running_loop().call_later(self._after_s, self._wake)

    def _wake(self) -> None:
        self._waking = False
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Change | Lagged]:
        return self

    async def __anext__(self) -> Change | Lagged:
        while not self._changes and not self._lost:
            self._news.clear()
            await self._news.wait()
        if self._lost:
            lost, self._lost = self._lost, 0
            return Lagged(lost)
        return self._changes.popleft()
