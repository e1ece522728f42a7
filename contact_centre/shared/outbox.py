"""What this process tells the others: a bounded queue and one task, so that whoever tells never waits."""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from contact_centre.shared.link import AWAY, Link

LIMIT = 2000  # messages that wait; some seconds of a busy centre
BATCH = 100
SEND_TIMEOUT_S = 2.0
RETRY_S = 0.5

log = structlog.get_logger(__name__)


class Outbox:
    """What cannot be told is dropped: it would be old when it could. Whoever hears notices by the numbers."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._any = asyncio.Event()
        self._away = False

    def put(self, kind: str, text: bytes) -> None:
        if len(self._waiting) >= LIMIT:
            log.error("news_dropped", lost=len(self._waiting), why="Redis is too slow")
            self._waiting.clear()
        self._waiting.append((kind, text))
        self._any.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._any.wait()
            self._any.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                try:
                    await self._send(batch)
                except AWAY as error:
                    self._lost(error)
                    await asyncio.sleep(RETRY_S)

    async def _send(self, batch: list[tuple[str, bytes]]) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S), self._link.redis.pipeline(transaction=False) as pipe:
            for kind, text in batch:
                pipe.publish(self._link.name(kind), text)
            await pipe.execute()
        if self._away:
            self._away = False
            log.info("redis_back")

    def _lost(self, error: BaseException) -> None:
        if not self._away:
            self._away = True
            log.warning("redis_away", error=type(error).__name__)
        self._waiting.clear()
