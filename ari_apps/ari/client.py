"""The client: keeps one connection to Asterisk; hands out operations, handles and the stream of events."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Collection, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
import structlog

from . import models
from .bridge import Bridge
from .channel import Channel
from .connection import AriConnection
from .errors import (
    AriError,
    Conflict,
    ConnectionLost,
    DeafSocket,
    NotFound,
    ServerFailure,
    TakenOver,
    Unreachable,
)
from .events import KINDS, ApplicationReplaced, ChannelUserevent, Event, decode_event
from .operations import Operations
from .recording import LiveRecording
from .results import ENDS, Results
from .stream import EVENT_LIMIT, Disconnected, EventStream, Reconnected

REQUEST_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 5.0
PROOF_TIMEOUT_S = 2.0
DEAF_AT_MOST = 2  # sockets one after the other, before it counts as no connection
HEARTBEAT_S = 4.0
"""Without an answer to a ping for half of this, the socket counts as cut."""
RECONNECT_FIRST_S = 0.05
RECONNECT_LAST_S = 2.0
OWN_KINDS = (ApplicationReplaced, ChannelUserevent, *ENDS)
"""What the client itself reads: who asks for some kinds of event gets these too."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What lives in Asterisk now. Read one after the other: a bridge may name a channel that is newer."""

    channels: tuple[models.Channel, ...]
    bridges: tuple[models.Bridge, ...]


class AriClient(Operations):
    """Use as `async with AriClient.connect(...) as ari`; one task reads `async for event in ari.events()`.

    Generated operations are grouped by resource (`ari.channels.originate(...)`); handles (`ari.channel(id)`,
    `ari.bridge(id)`) take ids we chose and absorb "already gone" and "already done".
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        app: str,
        request_timeout_s: float,
        event_limit: int,
        unread: frozenset[str],
    ) -> None:
        super().__init__(self.request)
        self.app = app
        self.results = Results()
        self.reconnects = 0  # how often the socket was cut and came back
        self.refused = False  # nobody listened there when it was last tried: that Asterisk does not run
        self._here = asyncio.Event()
        self._url = url
        self._headers = headers
        self._request_timeout_s = request_timeout_s
        self._unread = unread
        self._stream = EventStream(event_limit)
        self._connection: AriConnection | None = None
        self._session: aiohttp.ClientSession | None = None
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    def connect(
        cls,
        base_url: str,
        username: str,
        password: str,
        app: str,
        subscribe_all: bool = False,
        *,
        request_timeout_s: float = REQUEST_TIMEOUT_S,
        event_limit: int = EVENT_LIMIT,
        reads: Collection[type[Event]] = (),
    ) -> Self:
        """A client for `base_url` (`http://127.0.0.1:8088/ari`); entering it connects.

        `reads`: of the kinds of event we know, those that Asterisk is to send; all when none is named.

        Entering raises ConnectionLost or Unauthorized; later cuts are mended in the background, and told in
        `events()` as Disconnected and Reconnected.
        """
        query = urlencode({"app": app, "subscribeAll": str(subscribe_all).lower()})
        secret = base64.b64encode(f"{username}:{password}".encode()).decode()
        url = f"{base_url.rstrip('/')}/events?{query}"
        read = {kind.__name__ for kind in (*reads, *OWN_KINDS)} if reads else set(KINDS)
        return cls(
            url,
            {"Authorization": f"Basic {secret}"},
            app,
            request_timeout_s,
            event_limit,
            frozenset(KINDS.keys() - read),
        )

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers)
        try:
            self._connection = await self._open(self._session)
        except BaseException:
            await self._session.close()
            raise
        self._read_from(self._session, self._connection)
        return self

    @asynccontextmanager
    async def kept_trying(self) -> AsyncIterator[Self]:
        """As entering it, for an Asterisk that may not be there yet: it is tried until it answers (`arrived`)."""
        self._session = aiohttp.ClientSession(headers=self._headers)
        self._read_from(self._session, None)
        try:
            yield self
        finally:
            await self.__aexit__(None, None, None)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        if self._session is not None:
            await self._session.close()

    # --- asking

    @property
    def connected(self) -> bool:
        return self._connection is not None

    async def arrived(self) -> None:
        """Wait until it is connected."""
        await self._here.wait()

    @property
    def backlog(self) -> int:
        """Events that wait to be read."""
        return len(self._stream)

    def events(self) -> EventStream:
        """The one stream of Event, Disconnected, Reconnected; ends by raising EventOverflow or TakenOver."""
        return self._stream

    async def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One request; raises RequestError by status, RequestTimeout, ConnectionLost."""
        if self._connection is None:
            raise ConnectionLost(f"{method} {path}: not connected to Asterisk")
        return await self._connection.request(method, path, body, self._request_timeout_s)

    async def snapshot(self) -> Snapshot:
        channels = await self.channels.list()
        return Snapshot(channels, await self.bridges.list())

    # --- handles

    def channel(self, channel_id: str) -> Channel:
        return Channel(channel_id, self)

    def bridge(self, bridge_id: str) -> Bridge:
        return Bridge(bridge_id, self)

    def recording(self, name: str) -> LiveRecording:
        return LiveRecording(name, self, None)

    async def create_bridge(self, bridge_id: str, kind: str = "mixing", name: str = "") -> Bridge:
        """A bridge under our id; one that is already there is it, whatever its kind.

        `kind`: `mixing`, `holding`, and what ARI adds with commas (`dtmf_events`, `proxy_media` …).
        """
        with contextlib.suppress(Conflict):
            await self.bridges.create_with_id(bridge_id, type=kind, name=name or bridge_id)
        return Bridge(bridge_id, self)

    async def originate(
        self,
        endpoint: str,
        channel_id: str,
        app: str | None = None,
        app_args: str | None = None,
        *,
        caller_id: str | None = None,
        timeout_s: int | None = None,
        variables: Mapping[str, str] | None = None,
        originator: str | None = None,
        formats: str | None = None,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        other_channel_id: str | None = None,
    ) -> Channel:
        """Rings `endpoint` under our id, into `app` (ours when no extension is given) or the dialplan.

        A channel already there under this id is it. How it goes is told by events, only by them: StasisStart
        when answered, ChannelDestroyed with a cause when not. Raises Unreachable, Refused.
        """
        into_app = None if extension is not None or context is not None else (app or self.app)
        request = self.channels.originate_with_id(
            channel_id,
            endpoint=endpoint,
            app=into_app,
            app_args=app_args if into_app else None,
            caller_id=caller_id,
            timeout=timeout_s,
            variables=variables,
            originator=originator,
            formats=formats,
            context=context,
            extension=extension,
            priority=priority,
            other_channel_id=other_channel_id,
        )
        return await self._under_our_id(channel_id, endpoint, request)

    async def create_channel(
        self,
        endpoint: str,
        channel_id: str,
        app: str | None = None,
        app_args: str | None = None,
        *,
        variables: Mapping[str, str] | None = None,
        originator: str | None = None,
        formats: str | None = None,
        other_channel_id: str | None = None,
    ) -> Channel:
        """A channel not yet dialled, in our application at once; `Channel.dial` rings it.

        Raises Unreachable, Refused.
        """
        request = self.channels.create(
            endpoint=endpoint,
            app=app or self.app,
            app_args=app_args,
            channel_id=channel_id,
            variables=variables,
            originator=originator,
            formats=formats,
            other_channel_id=other_channel_id,
        )
        return await self._under_our_id(channel_id, endpoint, request)

    async def _under_our_id(
        self, channel_id: str, endpoint: str, request: Coroutine[Any, Any, object]
    ) -> Channel:
        """Looks before it asks: Asterisk 22.10 leaks a channel on a repeated id, and then cannot stop gracefully."""
        if await self._lives(channel_id):
            request.close()
            return Channel(channel_id, self)
        try:
            await request
        except (Conflict, ServerFailure) as failure:
            # 500 "Allocation failed"; or 409 "already exists", which we know it does not, when something that
            # Asterisk's thread did before (beginning a recording) left EEXIST in errno
            path = f"channels/{channel_id}"
            raise Unreachable("POST", path, failure.status, f"cannot reach {endpoint}") from failure
        return Channel(channel_id, self)

    async def _lives(self, channel_id: str) -> bool:
        try:
            await self.channels.get(channel_id)
        except NotFound:
            return False
        return True

    # --- reading

    async def _open(self, session: aiohttp.ClientSession) -> AriConnection:
        """Raises ConnectionLost, Unauthorized."""
        for _ in range(DEAF_AT_MOST):
            try:
                return await self._proven(session)
            except DeafSocket:
                log.warning("ari_socket_deaf")
        return await self._proven(session)

    async def _proven(self, session: aiohttp.ClientSession) -> AriConnection:
        """A socket on which we have been heard and told. Raises DeafSocket."""
        connection = await AriConnection.open(session, self._url, CONNECT_TIMEOUT_S, HEARTBEAT_S)
        try:
            await connection.prove(self.app, PROOF_TIMEOUT_S, self._unread)
        except BaseException:
            await connection.close("never heard")
            raise
        return connection

    def _read_from(self, session: aiohttp.ClientSession, connection: AriConnection | None) -> None:
        self._reader = asyncio.create_task(self._keep_reading(session, connection), name="ari reader")

    async def _keep_reading(self, session: aiohttp.ClientSession, connection: AriConnection | None) -> None:
        """Reads, and only enqueues, until cancelled or until the stream has to end."""
        reason = "our side closed the socket"
        try:
            connection = connection or await self._reopen(session)
            while True:
                self._connection = connection
                self._here.set()
                try:
                    await self._read(connection)
                    reason = connection.cut_reason
                finally:
                    self._connection = None
                    self._here.clear()
                    await connection.close(reason)
                self.results.lose_all()
                log.warning("ari_disconnected", reason=reason)
                self._stream.put(Disconnected(reason))
                connection = await self._reopen(session)
                self.reconnects += 1
                log.info("ari_reconnected")
                self._stream.put(Reconnected())
        except Exception as error:  # noqa: BLE001 — to whoever reads the stream: without events nothing may go on
            log.error("ari_stream_ended", error=str(error))
            self._stream.close(error)
        finally:
            self.results.lose_all()
            self._stream.close()

    async def _read(self, connection: AriConnection) -> None:
        async for raw in connection.messages():
            event = decode_event(raw)
            self.results.feed(event)
            self._stream.put(event)
            if isinstance(event, ApplicationReplaced):
                raise TakenOver(f"another client answers for {self.app!r} now", app=self.app)

    async def _reopen(self, session: aiohttp.ClientSession) -> AriConnection:
        pause_s = RECONNECT_FIRST_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                connection = await self._open(session)
                self.refused = False
                return connection
            except AriError as error:
                self.refused = _is_refusal(error)
                log.warning("ari_reconnect_failed", error=str(error), next_try_s=pause_s)
                pause_s = min(pause_s * 2, RECONNECT_LAST_S)


def _is_refusal(error: BaseException) -> bool:
    cause = error.__cause__
    system = cause.os_error if isinstance(cause, aiohttp.ClientConnectorError) else cause
    return isinstance(system, ConnectionRefusedError)
