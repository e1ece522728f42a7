"""One WebSocket to Asterisk: requests out, answers and events in, in Asterisk's order."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from itertools import count
from typing import Any
from uuid import uuid4

import aiohttp
import structlog

from .decode import text, whole
from .errors import ConnectionLost, DeafSocket, RequestError, RequestTimeout, Unauthorized, refusal

MESSAGE_LIMIT_BYTES = 64 * 1024 * 1024
"""The largest answer accepted: `GET /channels` is some 700 bytes a channel."""

PROOF = "heard"
"""The user event by which a new socket is tried."""
PROOF_KIND = "ChannelUserevent"

CLOSE_TIMEOUT_S = 1.0
"""How long Asterisk may take to say goodbye."""

log = structlog.get_logger(__name__)


class AriConnection:
    """An open connection. Once cut it stays cut; `client.AriClient` opens the next one."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws
        ours = uuid4().hex[:12]
        self._names = (f"{ours}-{n}" for n in count())
        self._pending: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._early: deque[Mapping[str, Any]] = deque()
        self._cut: str | None = None
        self._failure: Exception | None = None

    @classmethod
    async def open(
        cls, session: aiohttp.ClientSession, url: str, timeout_s: float, heartbeat_s: float
    ) -> AriConnection:
        """Raises ConnectionLost, or Unauthorized when user and password are not accepted."""
        try:
            async with asyncio.timeout(timeout_s):
                ws = await session.ws_connect(
                    url,
                    heartbeat=heartbeat_s,
                    max_msg_size=MESSAGE_LIMIT_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status in (401, 403):
                raise Unauthorized("GET", "events", error.status, "Asterisk refused our user") from error
            raise ConnectionLost(f"Asterisk refused the events socket: {error.status}") from error
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            raise ConnectionLost(f"no connection to Asterisk: {error or type(error).__name__}") from error
        return cls(ws)

    async def prove(self, app: str, timeout_s: float, unread: Collection[str]) -> None:
        """Ask for an event of our own, and hear it; what comes meanwhile is kept for `messages`. Raises DeafSocket.

        Before it Asterisk is told which kinds of event not to send. On each socket anew: it may have forgotten the application
        with the last one, and knows it only while there is one.

        Who connects in the moment in which the application's last socket closes is now and then (2 in 300, Asterisk 22.10.1)
        given one that answers nothing and tells nothing, for as long as it stays open.
        """
        early: list[Mapping[str, Any]] = []
        wish, path = next(self._names), f"applications/{app}/eventFilter"
        filtered = self._pending[wish] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s), aclosing(self.messages()) as messages:
                await self._send(wish, "PUT", path, _filter(unread))
                await self._send(next(self._names), "POST", f"events/user/{PROOF}", {"application": app})
                async for raw in messages:
                    if (raw.get("type"), raw.get("eventname")) == (PROOF_KIND, PROOF):
                        _tell_refusal(path, filtered)
                        self._early.extend(early)
                        return
                    early.append(raw)
        except (TimeoutError, aiohttp.ClientError, ConnectionResetError):
            pass
        finally:
            self._pending.pop(wish, None)
        raise DeafSocket("Asterisk opened a socket that tells nothing")

    @property
    def in_flight(self) -> int:
        return len(self._pending)

    async def request(self, method: str, path: str, body: Mapping[str, Any] | None, timeout_s: float) -> Any:
        """The answer's JSON. Raises RequestError by status, RequestTimeout, ConnectionLost."""
        if self._cut is not None:
            raise ConnectionLost(f"{method} {path}: {self._cut}")
        name = next(self._names)
        answer = self._pending[name] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(name, method, path, body)
                return _read_answer(method, path, await answer)
        except TimeoutError as error:
            raise RequestTimeout(f"{method} {path}: no answer in {timeout_s} s") from error
        except (aiohttp.ClientError, ConnectionResetError) as error:
            raise ConnectionLost(f"{method} {path}: {error}") from error
        finally:
            self._pending.pop(name, None)

    async def _send(self, name: str, method: str, path: str, body: Mapping[str, Any] | None) -> None:
        envelope = {"type": "RESTRequest", "request_id": name, "method": method, "uri": path}
        if body:
            envelope |= {"content_type": "application/json", "message_body": json.dumps(body)}
        await self._ws.send_str(json.dumps(envelope))

    async def messages(self) -> AsyncGenerator[Mapping[str, Any]]:
        """Events in order; answers go to who asked. Ends when the socket is cut; `cut_reason` says why."""
        while self._early:
            yield self._early.popleft()
        while (message := await self._received()) is not None:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                raw = json.loads(message.data)
            except ValueError:
                continue
            if not isinstance(raw, dict):
                continue
            if raw.get("type") != "RESTResponse":
                yield raw
            elif (answer := self._pending.get(text(raw.get("request_id")))) and not answer.done():
                answer.set_result(raw)

    async def _received(self) -> aiohttp.WSMessage | None:
        """None when the socket is cut; answering a ping on a socket that has just died raises, and is the same."""
        try:
            return await anext(self._ws)
        except StopAsyncIteration:
            return None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._failure = error
            return None

    async def close(self, reason: str) -> None:
        """Cuts the socket and fails what is pending."""
        self._cut = self._cut or reason
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(ConnectionLost(reason))
        await self._ws.close()

    @property
    def cut_reason(self) -> str:
        if error := self._failure or self._ws.exception():
            return f"{type(error).__name__}: {error}"
        return f"Asterisk closed the socket ({self._ws.close_code})"


def _filter(unread: Collection[str]) -> Mapping[str, Any]:
    """Both lists, so that nothing is left of another's. Not what is allowed: answers to requests count as events, and would
    not be sent unless they were named.
    """
    return {"allowed": [], "disallowed": [{"type": kind} for kind in unread]}


def _tell_refusal(path: str, filtered: asyncio.Future[Mapping[str, Any]]) -> None:
    """Requests are answered in order, so it is answered by now. Refused, all events come: that costs time and nothing else."""
    try:
        _read_answer("PUT", path, filtered.result())
    except (RequestError, asyncio.InvalidStateError) as error:
        log.warning("ari_events_not_filtered", error=str(error))


def _read_answer(method: str, path: str, raw: Mapping[str, Any]) -> Any:
    status = whole(raw.get("status_code"))
    content = text(raw.get("message_body"))
    try:
        answer = json.loads(content) if content else None
    except ValueError:
        answer = content
    if 200 <= status < 300:
        return answer
    said = answer.get("message", answer.get("error")) if isinstance(answer, dict) else answer
    raise refusal(method, path, status, text(said) or text(raw.get("reason_phrase")))
