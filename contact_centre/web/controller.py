"""The controller, as a web reaches it: found in the lease's row, asked as whoever asks us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
import structlog
from yarl import URL

from contact_centre.access.errors import NotSignedInError
from contact_centre.sentences import say
from contact_centre.web.site import FOR_HEADER, WORD_HEADER
from voice_core.errors import CentralitaError, NotAllowedError, UnavailableError
from voice_core.lease import CONTROLLER, LEASE_TIMEOUT_S, Lease, Leases

LOOK_EVERY_S = 1.0
CONNECT_TIMEOUT_S = 2.0
PLACE_TIMEOUT_S = 5.0  # for one of the CONNECTIONS to be free
HANDSHAKE_TIMEOUT_S = 8.0  # of a WebSocket; the controller may have to reach Asterisk first
ANSWER_TIMEOUT_S = 20.0  # without a byte
CLOSE_TIMEOUT_S = 2.0
CONNECTIONS = 200  # to the controller, WebSockets not counted
LONGEST_MESSAGE_BYTES = 16 * 1024 * 1024  # of a WebSocket: a snapshot of a large room
HEARTBEAT_S = 20.0
RETRY_AFTER_S = 2

log = structlog.get_logger(__name__)


class ControllerAwayError(UnavailableError):
    """Nothing was done."""

    code = "controller_away"

    def __init__(self) -> None:
        super().__init__(say(self.code, "en"), retry_after_s=RETRY_AFTER_S)


class AnswerLostError(UnavailableError):
    """It may be done, or not."""

    code = "answer_lost"

    def __init__(self) -> None:
        super().__init__(say(self.code, "en"))


@dataclass(frozen=True, slots=True)
class _Reached:
    lease: Lease
    http: aiohttp.ClientSession  # requests
    sockets: aiohttp.ClientSession  # WebSockets: they stay, and must not take the requests' places


class Controller(AbstractAsyncContextManager["Controller"]):
    """While the context is open. `run` looks who it is; `changed` hears of each other one."""

    def __init__(self, leases: Leases, changed: Callable[[Lease], None] = lambda _: None) -> None:
        self._leases = leases
        self._changed = changed
        self._reached: _Reached | None = None
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.look()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._looking is not None:
            await asyncio.wait([self._looking])
        await self._let_go()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Read the row now. A database that is away changes nothing: nobody else can take the lease then."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="who is the controller")
        await asyncio.shield(self._looking)

    @asynccontextmanager
    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], address: str, body: bytes | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, its body unread. `path` as it was asked for, encoded. Raises ControllerAwayError, AnswerLostError."""
        answer = await self._asked(method, path, headers, address, body)
        try:
            yield answer
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise _lost(method) from error
        finally:
            answer.release()  # one that was not read to its end is cut

    @asynccontextmanager
    async def connect(
        self, path: str, headers: Mapping[str, str], address: str, protocols: tuple[str, ...]
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket. Raises ControllerAwayError, aiohttp.WSServerHandshakeError when it is refused."""
        for last in (False, True):
            reached = await self._found()
            try:
                async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                    socket = await reached.sockets.ws_connect(
                        _url(reached.lease, path),
                        headers=_named(headers, reached.lease, address),
                        protocols=protocols,
                        heartbeat=HEARTBEAT_S,
                        max_msg_size=LONGEST_MESSAGE_BYTES,
                    )
                break
            except aiohttp.WSServerHandshakeError:
                raise
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                _tell_of_certificate(error, reached.lease)
                if last or not await self._is_another(reached):
                    raise ControllerAwayError from error
        try:
            yield socket
        finally:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await socket.close()

    async def answers(self) -> bool:
        """For `/health`."""
        try:
            async with self.ask("GET", "/api/v1/health", {}, "") as answer:
                return answer.status in (200, 503)
        except UnavailableError:
            return False

    async def _asked(
        self, method: str, path: str, headers: Mapping[str, str], address: str, body: bytes | None
    ) -> aiohttp.ClientResponse:
        for last in (False, True):
            reached = await self._found()
            try:
                return await reached.http.request(
                    method,
                    _url(reached.lease, path),
                    headers=_named(headers, reached.lease, address),
                    data=body,
                    allow_redirects=False,
                )
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                # Nothing was sent: another controller may be asked instead.
                _tell_of_certificate(error, reached.lease)
                if last or not await self._is_another(reached):
                    raise ControllerAwayError from error
            except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as error:
                raise _lost(method) from error
        raise ControllerAwayError

    async def _found(self) -> _Reached:
        if self._reached is None:
            await self.look()
        if self._reached is None:
            raise ControllerAwayError
        return self._reached

    async def _is_another(self, before: _Reached) -> bool:
        """Whether the row tells of another controller than the one that did not answer."""
        await self.look()
        return self._reached is not None and self._reached is not before

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(LEASE_TIMEOUT_S):
                lease = await self._leases.read(CONTROLLER)
        except (UnavailableError, TimeoutError) as error:
            log.warning("lease_not_readable", error=str(error))
            return
        if self._reached is not None and (
            lease is None or (lease.token, lease.url) != (self._reached.lease.token, self._reached.lease.url)
        ):
            await self._let_go()
        if self._reached is None and lease is not None and lease.holder and lease.url:
            self._reached = _Reached(lease, _http(CONNECTIONS), _http(0))
            log.info("controller_found", url=lease.url, token=lease.token)
            self._changed(lease)

    async def _let_go(self) -> None:
        """What hangs on it is cut, and comes back to the next one."""
        reached, self._reached = self._reached, None
        if reached is not None:
            await reached.http.close()
            await reached.sockets.close()


def _http(connections: int) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(
        total=None, connect=PLACE_TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S, sock_read=ANSWER_TIMEOUT_S
    )
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
    )


def _url(lease: Lease, path: str) -> URL:
    return URL(lease.url.rstrip("/") + path, encoded=True)


def _named(headers: Mapping[str, str], lease: Lease, address: str) -> dict[str, str]:
    """For whom we ask; the word says that we may tell."""
    return {**headers, WORD_HEADER: lease.word, FOR_HEADER: address}


def _tell_of_certificate(error: Exception, lease: Lease) -> None:
    """It is there, and we may not talk to it: that does not pass by itself."""
    if isinstance(error, aiohttp.ClientSSLError):
        log.error("controller_certificate_refused", url=lease.url, reason=str(error))


def refused(status: int) -> CentralitaError:
    """What the controller's status says, where its words were not read."""
    match status:
        case 401:
            return NotSignedInError()
        case 403:
            return NotAllowedError("Your role does not allow this.")
        case _:
            return UnavailableError("The telephone system does not answer right now.")


def _lost(method: str) -> UnavailableError:
    return ControllerAwayError() if method in ("GET", "HEAD") else AnswerLostError()
