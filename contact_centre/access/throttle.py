"""Slows down guessing of passwords: failures are counted by user and address, by user, and by address."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from redis.asyncio import Redis

from contact_centre.access.errors import TooManyAttemptsError
from contact_centre.shared.link import Link

WINDOW = timedelta(minutes=5)
PAIR_LIMIT = 5  # one user from one address
USER_LIMIT = 50  # one user from anywhere: high, or anybody could lock a colleague out
ADDRESS_LIMIT = 30  # any user from one address: a whole office may sit behind it
_KEYS_KEPT = 10_000


class Attempts(Protocol):
    """An attempt counts as failed until it is known to have succeeded: a thousand sent at once must not all pass."""

    async def begin(self, username: str, address: str, now: datetime) -> str:
        """Its name. Raises TooManyAttemptsError."""

    async def succeeded(self, attempt: str, username: str, address: str) -> None:
        """Take it back, and forget the slips of whoever then knew the password from there."""


class Throttle:
    """In memory: a restart forgets, which costs a guesser more than it gives."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, ...], deque[datetime]] = OrderedDict()

    async def begin(self, username: str, address: str, now: datetime) -> str:
        for key, limit in _keys(username, address):
            times = self._recent(key, now)
            if len(times) >= limit:
                raise _refused(times[0] + WINDOW - now)
        for key, limit in _keys(username, address):
            times = self._failures.setdefault(key, deque(maxlen=limit))
            times.append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > _KEYS_KEPT:
            self._failures.popitem(last=False)
        return ""

    async def succeeded(self, attempt: str, username: str, address: str) -> None:
        self.take_back(username, address)
        self._failures.pop(("pair", username, address), None)

    def take_back(self, username: str, address: str) -> None:
        """The last attempt did not count."""
        for key, _ in _keys(username, address):
            if times := self._failures.get(key):
                times.pop()

    def _recent(self, key: tuple[str, ...], now: datetime) -> deque[datetime]:
        times = self._failures.get(key) or deque()
        while times and times[0] <= now - WINDOW:
            times.popleft()
        return times


class SharedThrottle:
    """Counted together by all processes on one Redis; beside it each counts by itself, for when Redis is away."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._own = Throttle()

    async def begin(self, username: str, address: str, now: datetime) -> str:
        await self._own.begin(username, address, now)
        attempt, limits = secrets.token_hex(8), dict(self._names(username, address))
        window_s, now_s = WINDOW.total_seconds(), now.timestamp()

        async def count(redis: Redis) -> list[Any]:
            async with redis.pipeline(transaction=True) as pipe:
                for name in limits:
                    pipe.zremrangebyscore(name, 0, now_s - window_s)
                    pipe.zadd(name, {attempt: now_s})
                    pipe.zrange(name, 0, 0, withscores=True)
                    pipe.zcard(name)
                    pipe.expire(name, round(window_s) + 1)
                return await pipe.execute()

        answers = await self._link.ask(count) or []
        for limit, oldest, counted in zip(limits.values(), answers[2::5], answers[3::5], strict=False):
            if counted > limit:
                self._own.take_back(username, address)
                await self._remove(attempt, limits)
                raise _refused(timedelta(seconds=oldest[0][1] + window_s - now_s))
        return attempt

    async def succeeded(self, attempt: str, username: str, address: str) -> None:
        await self._own.succeeded("", username, address)
        pair, *others = dict(self._names(username, address))
        await self._remove(attempt, others, forget=pair)

    async def _remove(self, attempt: str, names: Iterable[str], forget: str = "") -> None:
        async def remove(redis: Redis) -> list[Any]:
            async with redis.pipeline(transaction=True) as pipe:
                for name in names:
                    pipe.zrem(name, attempt)
                if forget:
                    pipe.delete(forget)
                return await pipe.execute()

        await self._link.ask(remove)

    def _names(self, username: str, address: str) -> Iterable[tuple[str, int]]:
        """Nobody's name or address is in them."""
        for key, limit in _keys(username, address):
            digest = hashlib.sha256("\n".join(key).encode()).hexdigest()[:32]
            yield self._link.name(f"throttle:{digest}"), limit


def _refused(wait: timedelta) -> TooManyAttemptsError:
    return TooManyAttemptsError(max(1, int(wait.total_seconds())))


def _keys(username: str, address: str) -> Iterable[tuple[tuple[str, ...], int]]:
    yield ("pair", username, address), PAIR_LIMIT
    yield ("user", username), USER_LIMIT
    yield ("address", address), ADDRESS_LIMIT
