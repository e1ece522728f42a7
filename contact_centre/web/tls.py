"""The certificate this server shows, read again when its files change: decision 0018."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from contact_centre.sentences import say
from voice_core.clock import Clock
from voice_core.errors import InvalidInputError

LOOK_EVERY_S = 5.0
SOON = timedelta(days=21)  # certbot renews at 30 days: then something is wrong with it
REMIND_EVERY = timedelta(days=1)
# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which `ssl` has no name for: dates are judged here, with sentences.
_ANY_TIME = 0x200000
_ROUNDS = 6  # of a handshake in memory; three are enough

log = structlog.get_logger(__name__)


class CertificateError(InvalidInputError):
    """It cannot be shown to anybody; the code says why not."""

    def __init__(self, code: str, **data: object) -> None:
        super().__init__(say(code, "en", **data), **data)
        self.code = code


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, proved in a handshake."""

    context: ssl.SSLContext
    until: datetime
    names: frozenset[str]

    def days_left(self, now: datetime) -> int:
        return (self.until - now).days

    def covers(self, host: str) -> bool:
        """Whether browsers accept it for that name; a `*` stands for one label."""
        host = host.lower()
        return host in self.names or f"*.{host.partition('.')[2]}" in self.names


class Certificate:
    """What the server listens with. `run` looks now and then whether its files were replaced. Raises CertificateError."""

    def __init__(self, certificate: Path, key: Path, clock: Clock) -> None:
        self._files = (certificate, key)
        self._clock = clock
        self._seen = self._stamp()
        # One that has run out is shown all the same: no page comes in, but calls do not depend on it.
        self._pair = read_pair(certificate, key, clock.now(), expired_too=True)
        self._complaint = ""
        self._reminded = datetime.min.replace(tzinfo=UTC)
        self.context = _server_context(certificate, key)
        self.context.sni_callback = self._show  # called for each connection, with a name or without

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if self._stamp() != self._seen:
                await self.look()
            self._remind()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Take up what the files hold now. While that is no good, the former pair is shown."""
        stamp = self._stamp()
        try:
            self._pair = await asyncio.to_thread(read_pair, *self._files, self._clock.now())
        except CertificateError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                log.error("certificate_refused", reason=self._complaint)
            return
        self._seen, self._complaint = stamp, ""
        log.info("certificate_taken_up", until=self._pair.until.isoformat())

    def _show(
        self, connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        connection.context = self._pair.context

    def _stamp(self) -> tuple[tuple[int, ...], ...]:
        return tuple(_stamp(path) for path in self._files)

    def _remind(self) -> None:
        now = self._clock.now()
        if self._pair.until - now < SOON and now - self._reminded >= REMIND_EVERY:
            self._reminded = now
            tell = log.error if self._pair.until <= now else log.warning
            tell("certificate_expires", days=self._pair.days_left(now), until=self._pair.until.isoformat())


def read_pair(certificate: Path, key: Path, now: datetime, *, expired_too: bool = False) -> Pair:
    """Raises CertificateError with a sentence."""
    for path in (certificate, key):
        try:
            path.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from error
    try:
        context = _server_context(certificate, key)
        shown = _shown(context, certificate)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CertificateError("certificate_mismatch", path=certificate, key=key) from error
        why = getattr(error, "verify_message", "") or error.reason or "no PEM"
        raise CertificateError("certificate_broken", path=certificate, key=key, why=why) from error
    except OSError as error:  # it was replaced meanwhile
        raise _unreadable(certificate, error) from error
    since, until = (_time(shown[name]) for name in ("notBefore", "notAfter"))
    if until <= now and not expired_too:
        raise CertificateError("certificate_expired", path=certificate, until=f"{until:%Y-%m-%d}")
    if since > now:
        raise CertificateError("certificate_early", path=certificate, since=f"{since:%Y-%m-%d %H:%M}")
    return Pair(context, until, frozenset(name.lower() for _, name in shown.get("subjectAltName", ())))


def _server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key, password=lambda: "")  # or it would ask on the terminal
    return context


def _shown(context: ssl.SSLContext, certificate: Path) -> dict[str, Any]:
    """The certificate as a client gets it, who trusts this very file and looks at no date."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _ANY_TIME)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(down, up)
    sides = (near, context.wrap_bio(up, down, server_side=True))
    for _ in range(_ROUNDS):
        for side in sides:
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return dict(near.getpeercert() or {})


def _unreadable(path: Path, error: OSError) -> CertificateError:
    return CertificateError("certificate_unreadable", path=path, why=error.strerror or error)


def _time(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


def _stamp(path: Path) -> tuple[int, ...]:
    """Another one when the file was replaced, written, or given to somebody; certbot's names are links."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
