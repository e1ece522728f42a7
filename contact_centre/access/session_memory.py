"""Sessions as the database last told them: while it does not answer, people on the phone go on working."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from contact_centre.access.models import Signed
from voice_core.clock import Clock
from voice_core.errors import UnavailableError
from voice_core.store.errors import translated

REMEMBERED_FOR = timedelta(minutes=15)
"""How long a session is honoured after the database last confirmed it: a page asks every 20 s."""

ANSWER_TIMEOUT_S = 1.5
ASK_AGAIN_AFTER = timedelta(seconds=2)
"""A database that stands still costs one click in so long the wait for it."""

PURGE_FROM = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    signed: Signed
    confirmed_at: datetime


class SessionMemory:
    """Asks the database each time; only one that does not answer is answered for, and only for who was seen lately.

    What is revoked through this process is forgotten at once.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._away_until: datetime | None = None

    async def look_up(self, token_hash: str, ask: Callable[[], Awaitable[Signed | None]]) -> Signed | None:
        """What `ask` says; None when there is no such session. Raises UnavailableError."""
        known = self._known(token_hash)
        if known is not None and self._away_until is not None and self._clock.now() < self._away_until:
            return known
        try:
            async with translated(), asyncio.timeout(ANSWER_TIMEOUT_S):
                signed = await ask()
        except UnavailableError as error:
            self._away_until = self._clock.now() + ASK_AGAIN_AFTER
            if known is None:
                raise
            log.warning("session_from_memory", user=known.username, error=str(error))
            return known
        self._away_until = None
        if signed is None:
            self.forget(token_hash)
        else:
            self._remember(token_hash, signed)
        return signed

    def forget(self, token_hash: str) -> None:
        self._seen.pop(token_hash, None)

    def forget_user(self, username: str) -> None:
        self._seen = {key: seen for key, seen in self._seen.items() if seen.signed.username != username}

    def _remember(self, token_hash: str, signed: Signed) -> None:
        now = self._clock.now()
        if len(self._seen) >= PURGE_FROM:
            self._seen = {
                key: seen for key, seen in self._seen.items() if now - seen.confirmed_at <= REMEMBERED_FOR
            }
        self._seen[token_hash] = _Seen(signed, now)

    def _known(self, token_hash: str) -> Signed | None:
        seen, now = self._seen.get(token_hash), self._clock.now()
        if seen is None:
            return None
        if now - seen.confirmed_at > REMEMBERED_FOR or seen.signed.expires_at <= now:
            del self._seen[token_hash]
            return None
        return seen.signed
