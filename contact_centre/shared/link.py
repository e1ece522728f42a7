"""Redis as one of our processes uses it. Nothing waits long for it, and nothing but screens and counts hangs on it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from voice_core.errors import InvalidInputError

CONNECT_TIMEOUT_S = 1.0
ASK_TIMEOUT_S = 0.5  # somebody is signing in meanwhile
ASK_AGAIN_S = 2.0  # after one that failed
AWAY = (RedisError, OSError, TimeoutError)
"""What a request raises when Redis does not answer."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Link:
    """One Redis. `scope` keeps two centres on it apart; it is known once the lease is."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.scope = ""
        self._away_until = 0.0

    def hang_on(self, word: str) -> None:
        """`word`: the lease's. Whoever reads the same row says and hears the same names."""
        self.scope = hashlib.sha256(word.encode()).hexdigest()[:16]

    def name(self, kind: str) -> str:
        return f"centralita:{self.scope}:{kind}"

    async def ask(self, work: Callable[[Redis], Awaitable[T]]) -> T | None:
        """What `work` gives; None when Redis does not answer, and then for a while without asking it again."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            return None
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                return await work(self.redis)
        except AWAY as error:
            self._away_until = loop.time() + ASK_AGAIN_S
            log.warning("redis_does_not_answer", error=type(error).__name__)
            return None


@asynccontextmanager
async def open_link(url: str) -> AsyncIterator[Link | None]:
    """None without a URL. It need not be there: whoever uses the link copes. Raises InvalidInputError."""
    if not url:
        yield None
        return
    redis = connect(url)
    try:
        yield Link(redis)
    finally:
        await redis.aclose()


def connect(url: str) -> Redis:
    """Nothing is sent yet. Raises InvalidInputError, without the URL: it may hold a password."""
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),  # whoever asks decides; a repeated message would have two numbers
        "client_name": "centralita",
        "protocol": 2,
    }
    try:
        return Redis.from_url(url, **options)
    except ValueError as error:
        raise InvalidInputError(
            "CENTRALITA_REDIS_URL cannot be used: write redis://:PASSWORD@HOST:6379/0.", field="redis_url"
        ) from error
