"""The lease: one controller owns routing, the others wait (house law 6).

A lease is a row with a fencing token that grows with each taking; every commit carries the token and is refused
when it is no longer the newest. The decision to take it from a holder who has gone is pure, and trusts no other
machine's clock: a standby takes it after it has watched the row, without a gap, not change for TTL_S. Time in which
the database could not be read does not count, so that an outage of the database alone moves nothing.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from voice_core.clock import Clock
from voice_core.errors import FencedError, UnavailableError

CONTROLLER = "controller"
TTL_S = 3.5  # of a row that does not change, before another takes it
RENEW_EVERY_S = 1.0
LOOK_EVERY_S = 0.5
LONGEST_GAP_S = 1.5  # between two looks; after a longer one the watching begins anew
LEASE_TIMEOUT_S = 2.0  # one look, taking or renewal
WORD_BYTES = 16
RETRY_S = 0.25  # after a renewal that did not reach the database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lease:
    name: str
    holder: str  # a home folder on a machine; "" when it was given back
    token: int
    expires_at: datetime  # what its holder last promised; others only look whether it changes
    applied: int = 0  # number of the last commit under any token
    url: str = ""  # where its holder serves
    # Random, of this token: who knows it can read the row (decision 0016).
    word: str = field(default="", repr=False)


class Leases(Protocol):
    """The rows. Every method raises UnavailableError when the database does not answer."""

    async def read(self, name: str) -> Lease | None: ...

    async def take(
        self, name: str, holder: str, expires_at: datetime, seen: Lease | None, url: str = "", word: str = ""
    ) -> Lease | None:
        """With the next token, if the row is still as `seen`; None when somebody was quicker."""

    async def renew(self, lease: Lease, expires_at: datetime) -> None:
        """Raises FencedError when another has taken it."""

    async def release(self, lease: Lease) -> None:
        """Given back: the next one need not wait. Nothing happens when it was lost already."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a standby knows. Seconds are of its own steady clock."""

    lease: Lease | None
    unchanged_since_s: float
    looked_s: float


def look(before: Sighting | None, lease: Lease | None, now_s: float) -> Sighting:
    """One more look. A change, or a gap since the last look, begins the watching anew."""
    if before is None or now_s - before.looked_s > LONGEST_GAP_S or before.lease != lease:
        return Sighting(lease, now_s, now_s)
    return Sighting(lease, before.unchanged_since_s, now_s)


def may_take(sighting: Sighting, holder: str) -> bool:
    """Free, our own from an earlier life (the home's lock says that one is dead), or held by one who is gone."""
    lease = sighting.lease
    if lease is None or lease.holder in ("", holder):
        return True
    return sighting.looked_s - sighting.unchanged_since_s >= TTL_S


class Standby:
    """Waits for the lease. `url`: where we will serve once it is ours."""

    def __init__(
        self,
        leases: Leases,
        holder: str,
        clock: Clock,
        steady: Callable[[], float] = time.monotonic,
        *,
        url: str = "",
    ) -> None:
        self._leases = leases
        self._holder = holder
        self._clock = clock
        self._steady = steady
        self._url = url
        self._sighting: Sighting | None = None

    async def step(self) -> Lease | None:
        """One look, and the lease if it could be taken. Raises UnavailableError."""
        async with _named_timeout():
            lease = await self._leases.read(CONTROLLER)
        self._sighting = look(self._sighting, lease, self._steady())
        if not may_take(self._sighting, self._holder):
            return None
        async with _named_timeout():
            expires_at, word = expiry(self._clock), secrets.token_hex(WORD_BYTES)
            return await self._leases.take(CONTROLLER, self._holder, expires_at, lease, self._url, word)

    async def wait(self, waiting: Callable[[str], None]) -> Lease:
        """Until it is ours. `waiting` is told once who holds it."""
        told = False
        while True:
            try:
                lease = await self.step()
            except UnavailableError as error:
                log.warning("lease_not_readable", error=str(error))
                lease = None
            if lease is not None:
                log.info("lease_taken", holder=lease.holder, token=lease.token)
                return lease
            if not told and self.holder:
                told = True
                waiting(self.holder)
            await asyncio.sleep(LOOK_EVERY_S)

    async def take_or_refuse(self) -> Lease:
        """For a database of one machine: taken unless its holder lives, which is heard within TTL_S.

        Raises UnavailableError with a sentence that says who holds it.
        """
        first: Lease | None = None
        while True:
            lease = await self.step()
            if lease is not None:
                return lease
            seen = self._sighting.lease if self._sighting else None
            if first is not None and seen != first:
                raise UnavailableError(
                    f"The database is in use by another Centralita, {self.holder}: stop that one first."
                )
            first = seen
            await asyncio.sleep(LOOK_EVERY_S)

    @property
    def holder(self) -> str:
        """Who held it at the last look."""
        lease = self._sighting.lease if self._sighting else None
        return lease.holder if lease else ""


class Keeper:
    """Renews the lease for as long as this process owns it."""

    def __init__(self, leases: Leases, lease: Lease, clock: Clock) -> None:
        self._leases = leases
        self._lease = lease
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. Raises FencedError: another controller owns the centre, this one must end.

        A database that does not answer is no reason to end: nobody else can take the lease then either.
        """
        pause_s = RENEW_EVERY_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                async with _named_timeout():
                    await self._leases.renew(self._lease, expiry(self._clock))
                pause_s = RENEW_EVERY_S
            except FencedError:
                log.error("lease_lost", holder=self._lease.holder, token=self._lease.token)
                raise
            except UnavailableError as error:
                log.warning("lease_not_renewed", error=str(error))
                pause_s = RETRY_S


def expiry(clock: Clock) -> datetime:
    return clock.now() + timedelta(seconds=TTL_S)


class Fence:
    """The lease a store writes under, and the number of its last commit."""

    def __init__(self, lease: Lease) -> None:
        self.name = lease.name
        self.token = lease.token
        self.applied = lease.applied


@asynccontextmanager
async def _named_timeout() -> AsyncIterator[None]:
    """LEASE_TIMEOUT_S around one statement; a timeout is an UnavailableError."""
    try:
        async with asyncio.timeout(LEASE_TIMEOUT_S):
            yield
    except TimeoutError:
        raise UnavailableError("The database did not answer in time.") from None
