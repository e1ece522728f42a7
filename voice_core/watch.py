"""Waiting for a contact to change: only what is stored wakes anybody."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from voice_core.interaction import Interaction, Stage

CLOSED_KEPT = 2000  # closed rows remembered for those who still wait; older ones are read from the store


class Watch:
    def __init__(self) -> None:
        self._rows: dict[str, Interaction] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}

    def stored(self, rows: Iterable[Interaction]) -> None:
        for row in rows:
            self._rows[row.id] = row
            if row.stage is Stage.CLOSED:
                self._closed[row.id] = None
            for waiter in self._waiters.pop(row.id, ()):
                if not waiter.done():
                    waiter.set_result(None)
        while len(self._closed) > CLOSED_KEPT:
            oldest, _ = self._closed.popitem(last=False)
            self._rows.pop(oldest, None)

    def forget_closed(self) -> None:
        """What is closed is asked from the store again."""
        for closed in self._closed:
            self._rows.pop(closed, None)
        self._closed.clear()

    def row(self, interaction_id: str) -> Interaction | None:
        return self._rows.get(interaction_id)

    async def next(self, interaction_id: str) -> None:
        """Until the contact's next stored change."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiters = self._waiters.setdefault(interaction_id, [])
        waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in waiters:
                waiters.remove(waiter)
            if not waiters and self._waiters.get(interaction_id) is waiters:
                del self._waiters[interaction_id]
