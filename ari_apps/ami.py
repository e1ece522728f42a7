"""Asterisk's older management interface (AMI), for what ARI cannot do: MixMonitor on a live channel, reloads,
lists of registrations. Through panoramisk, but without its reconnecting: that keeps actions for later, and a
mute that comes late is worse than one that fails now.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Self

import structlog
from panoramisk import Manager
from panoramisk.actions import Action

from voice_core.errors import CentralitaError, InvalidInputError, UnavailableError

CONNECT_TIMEOUT_S = 5.0
ACTION_TIMEOUT_S = 5.0
PING_INTERVAL_S = 10

Direction = Literal["read", "write", "both"]
"""`read`: what the channel says; `write`: what it hears."""

log = structlog.get_logger(__name__)


class AmiError(CentralitaError):
    """AMI answered an action with an error."""

    code = "telephone_refused"


class AmiUnavailableError(AmiError, UnavailableError):
    """No connection, wrong secret, or no answer in time."""

    code = "telephone_unavailable"


class Ami:
    """Use as `async with Ami(...) as ami`. A cut connection is opened again by the next action."""

    def __init__(
        self, host: str, port: int, username: str, secret: str, *, action_timeout_s: float = ACTION_TIMEOUT_S
    ) -> None:
        self._address = {"host": host, "port": port}
        self._login = {"username": username, "secret": secret}
        self._action_timeout_s = action_timeout_s
        self._manager: Any = None  # panoramisk carries no types
        self._connecting = asyncio.Lock()
        self._closed = False

    async def __aenter__(self) -> Self:
        await self._connected()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._drop()

    # --- what we use

    async def reload(self, module: str | None = None) -> None:
        """Reads the configuration of one module (`res_pjsip.so`), or of all, again."""
        await self.action("Reload", {"Module": module} if module else {})

    async def mix_monitor_start(self, channel: str, file: str, options: str = "") -> None:
        """Records `channel` (its name or its id) to `file`, an absolute path; `i(VAR)` keeps its id."""
        await self.action("MixMonitor", {"Channel": channel, "File": file, "Options": options})

    async def mix_monitor_stop(self, channel: str, mix_monitor_id: str = "") -> None:
        """One recording of the channel, or all of them."""
        fields = {"MixMonitorID": mix_monitor_id} if mix_monitor_id else {}
        await self.action("StopMixMonitor", {"Channel": channel, **fields})

    async def mix_monitor_mute(self, channel: str, on: bool, direction: Direction = "both") -> None:
        """Writes silence instead of sound, in step with time, while on."""
        await self.action("MixMonitorMute", {"Channel": channel, "Direction": direction, "State": int(on)})

    async def kept(self, family: str) -> dict[str, str]:
        """What Asterisk's own database holds under `family`: key → value."""
        rows = await self.rows("DBGetTree", {"Family": family})
        return {row["key"].rpartition("/")[2]: row.get("val", "") for row in rows if "key" in row}

    async def forget(self, family: str, key: str) -> None:
        await self.action("DBDel", {"Family": family, "Key": key})

    async def action(self, name: str, fields: Mapping[str, Any] | None = None) -> Mapping[str, str]:
        """The answer's headers, names in lower case; of a list, those of its first message.

        Raises AmiError with what Asterisk says, AmiUnavailableError, InvalidInputError.
        """
        messages = await self._send(name, fields or {})
        answer = {key.lower(): str(value) for key, value in messages[0].items()}
        if answer.get("response") not in {"Success", "Goodbye"}:
            raise AmiError(
                f"{name}: {answer.get('message') or answer.get('response', 'no answer')}", action=name
            )
        return answer

    async def rows(self, name: str, fields: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
        """The events of an action that answers with a list (`PJSIPShowRegistrationsOutbound` …)."""
        messages = await self._send(name, fields or {})
        rows = [{key.lower(): str(value) for key, value in message.items()} for message in messages]
        if rows[0].get("response") == "Error":
            raise AmiError(f"{name}: {rows[0].get('message', '')}", action=name)
        return rows[1:-1]

    # --- the connection

    async def _send(self, name: str, fields: Mapping[str, Any]) -> Any:
        for value in fields.values():
            if any(mark in str(value) for mark in "\r\n\0"):
                raise InvalidInputError(f"a value for {name} holds a line break", action=name)
        manager = await self._connected()
        action = Action({"Action": name, **fields})
        try:
            async with asyncio.timeout(self._action_timeout_s):
                answer = await manager.send_action(action)
        except TimeoutError as error:
            raise AmiUnavailableError(
                f"{name}: no answer in {self._action_timeout_s} s", action=name
            ) from error
        finally:
            if manager.protocol is not None:
                manager.protocol.responses.pop(action.id, None)
        if answer is None:
            raise AmiUnavailableError(f"{name}: the connection was cut", action=name)
        return answer if isinstance(answer, list) else [answer]

    async def _connected(self) -> Any:
        """The live connection; waiting callers share one attempt."""
        async with self._connecting:
            if self._closed:
                raise AmiUnavailableError("the connection to AMI was closed by us")
            if self._manager is None:
                self._manager = await self._connect()
            return self._manager

    async def _connect(self) -> Any:
        manager: Any = Manager(
            **self._address,
            **self._login,
            events="off",
            forgetable_actions=(),
            ping_delay=PING_INTERVAL_S,
            ping_interval=PING_INTERVAL_S,
            log=_quiet_log(),
        )
        made = manager.connection_made
        manager.connection_made = lambda attempt: made(attempt) if _made(attempt) else None
        manager.connection_lost = lambda _error: self._lost(manager)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await manager.connect()
                answer = await manager.authenticated_future
        except (OSError, TimeoutError) as error:
            manager.close()
            raise AmiUnavailableError(f"no connection to AMI: {error or type(error).__name__}") from error
        if answer is None or not answer.success:
            manager.close()
            raise AmiUnavailableError(
                f"AMI refused our user: {answer.message if answer else 'connection cut'}"
            )
        return manager

    def _lost(self, manager: Any) -> None:
        if self._manager is manager:
            log.warning("ami_disconnected")
            self._manager = None
        _end(manager)

    def _drop(self) -> None:
        manager, self._manager = self._manager, None
        if manager is not None:
            manager.close()
            _end(manager)


def _made(attempt: asyncio.Task[Any]) -> bool:
    return not attempt.cancelled() and attempt.exception() is None


def _quiet_log() -> logging.Logger:
    """panoramisk logs every message, callers' numbers with it, at debug."""
    quiet = logging.getLogger("panoramisk.quiet")
    quiet.setLevel(logging.CRITICAL)
    return quiet


def _end(manager: Any) -> None:
    """Stops its pings, and wakes with `None` whoever waits for an answer that will not come."""
    if manager.pinger is not None:
        manager.pinger.cancel()
        manager.pinger = None
    waiting = [*manager.awaiting_actions, *(manager.protocol.responses.values() if manager.protocol else ())]
    manager.awaiting_actions.clear()
    for action in waiting:
        if not action.future.done():
            action.future.set_result(None)
