"""Addresses that guess at telephones are shut out for a while (fault 25).

Asterisk writes who failed to sign in to `security.log`; whoever fails too often is written into `banned.conf`, which
`acl.conf` includes and PJSIP obeys: from then on it is answered 403 before anything is looked up. Trunks are spared: a
carrier's address is not a guesser's, and a forged source must not cut the centre off. A phone that signs in clears its
address, so that an office behind one address is not shut out for a few mistyped passwords.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from voice_core.clock import Clock
from voice_core.errors import CentralitaError

FAILURES = 12  # in WITHIN, of one address: a person mistypes a few times, a phone tries every half minute
WITHIN = timedelta(seconds=60)
BANNED_FOR = timedelta(minutes=10)
LOOK_S = 0.5
MOST_WATCHED = 10_000  # addresses; a flood of forged ones must not fill the memory
LONGEST_READ = 1 << 20  # bytes of the log a look; what is beyond is left out, loudly
_ATTEMPT = re.compile(
    r'SecurityEvent="(ChallengeResponseFailed|InvalidPassword|InvalidAccountID|RequestBadFormat|SuccessfulAuth)"'
    r'.*?RemoteAddress="IPV[46]/[A-Z]+/([0-9a-fA-F.:]+)/\d+"'
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Bans:
    """Pure: who failed when, and who is shut out until when."""

    spared: Collection[Network] = ()
    _failures: dict[str, deque[datetime]] = field(default_factory=dict)
    _until: dict[str, datetime] = field(default_factory=dict)

    def failed(self, address: str, now: datetime) -> bool:
        """Whether that one was too many."""
        if address in self._until or any(ipaddress.ip_address(address) in network for network in self.spared):
            return False
        if len(self._failures) >= MOST_WATCHED:
            self._failures.clear()
        moments = self._failures.setdefault(address, deque(maxlen=FAILURES))
        moments.append(now)
        if len(moments) < FAILURES or now - moments[0] > WITHIN:
            return False
        del self._failures[address]
        self._until[address] = now + BANNED_FOR
        return True

    def signed_in(self, address: str) -> None:
        self._failures.pop(address, None)

    def over(self, now: datetime) -> list[str]:
        """Who may try again, from now on."""
        free = [address for address, until in self._until.items() if until <= now]
        for address in free:
            del self._until[address]
        return free

    @property
    def banned(self) -> list[str]:
        return sorted(self._until)


class SipGuard:
    """`run` beside the telephone. `reload` makes Asterisk read its access lists again."""

    def __init__(
        self,
        asterisk_home: Path,
        clock: Clock,
        spared: Collection[Network],
        reload: Callable[[], Awaitable[None]],
    ) -> None:
        self._log = asterisk_home / "log" / "security.log"
        self._list = asterisk_home / "etc" / "banned.conf"
        self._clock = clock
        self._bans = Bans(spared)
        self._reload = reload
        self._read_to = 0

    async def run(self) -> None:
        """Until cancelled. Bans of a life before this one are over."""
        self._read_to = self._log.stat().st_size if self._log.exists() else 0
        await self._write()
        while True:
            await asyncio.sleep(LOOK_S)
            now = self._clock.now()
            new = self._new_bans(now)
            free = self._bans.over(now)
            for address in new:
                log.warning(
                    "sip_address_banned", **{"pii.address": address}, minutes=BANNED_FOR.seconds // 60
                )
            if new or free:
                await self._write()

    def _new_bans(self, now: datetime) -> list[str]:
        new = []
        for address, failed in attempts(self._new_lines()):
            if not failed:
                self._bans.signed_in(address)
            elif self._bans.failed(address, now):
                new.append(address)
        return new

    def _new_lines(self) -> Iterable[str]:
        try:
            size = self._log.stat().st_size
            if size < self._read_to:  # rotated
                self._read_to = 0
            with self._log.open("rb") as file:
                file.seek(self._read_to)
                read = file.read(LONGEST_READ)
        except OSError:
            return []
        whole = read[: read.rfind(b"\n") + 1]
        self._read_to += len(whole)
        if size - self._read_to > LONGEST_READ:
            log.error("security_log_skipped", bytes=size - self._read_to)
            self._read_to = size
        return whole.decode(errors="replace").splitlines()

    async def _write(self) -> None:
        text = "".join(f"deny = {address}\n" for address in self._bans.banned)
        try:
            if not self._list.exists() or self._list.read_text() != text:
                self._list.write_text(text)
                await self._reload()
        except (OSError, CentralitaError) as error:
            log.error("bans_not_applied", error=str(error))


def attempts(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """(address, whether it failed) of each attempt to sign in."""
    for line in lines:
        found = _ATTEMPT.search(line)
        if found is not None:
            yield str(ipaddress.ip_address(found[2])), found[1] != "SuccessfulAuth"
