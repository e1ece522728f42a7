"""What the other processes tell: heard one by one, in order; a line that was cut is told, and mended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from contact_centre.shared.link import AWAY, Link

LISTEN_S = 0.25  # then it is seen whether the scope has changed
SUBSCRIBE_TIMEOUT_S = 2.0
SILENCE_S = 5.0  # then Redis is asked whether it is there; after twice as long the line is taken for dead
RETRY_S = 0.5

log = structlog.get_logger(__name__)
Hear = Callable[[bytes], None]


class Subscription:
    """`hear`: kind → who is told. `lost` is called when the line is cut."""

    def __init__(self, link: Link, hear: Mapping[str, Hear], lost: Callable[[], None] = lambda: None) -> None:
        self._link = link
        self._hear = hear
        self._lost = lost
        self._away = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._listen()
            except AWAY as error:
                if not self._away:
                    self._away = True
                    log.warning("subscription_lost", error=type(error).__name__)
                self._lost()
                await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        """Until the line is cut (AWAY), or what we hang on has changed."""
        scope = self._link.scope
        names = {self._link.name(kind).encode(): hear for kind, hear in self._hear.items()}
        async with self._link.redis.pubsub(ignore_subscribe_messages=True) as line:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S):
                await line.subscribe(*names)
            if self._away:
                self._away = False
                log.info("subscription_back")
            loop = asyncio.get_running_loop()
            heard_s, asked = loop.time(), False
            while self._link.scope == scope:
                message: dict[str, Any] | None = await line.get_message(timeout=LISTEN_S)
                silent_s = loop.time() - heard_s
                if message is not None:
                    heard_s, asked = loop.time(), False
                    if message["type"] == "message":
                        self._tell(names[message["channel"]], message["data"])
                elif silent_s > 2 * SILENCE_S:
                    raise TimeoutError
                elif silent_s > SILENCE_S and not asked:
                    asked = True
                    await line.ping()

    def _tell(self, hear: Hear, text: bytes) -> None:
        try:
            hear(text)
        except Exception:  # one that cannot be read must not cut the line for the others
            log.exception("news_not_understood")
