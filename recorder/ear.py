"""One supervisor's ear in one conversation, from the ring of their phone to the end of either."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from enum import StrEnum
from typing import Any, Literal

from ari_apps.ari import AriError
from recorder.errors import ListeningError
from recorder.ports import Leg, LiveCalls
from voice_core.desk import Desk
from voice_core.errors import CentralitaError
from voice_core.ledger import Kind

RING_TIMEOUT_S = 20.0
SNOOP_TIMEOUT_S = 2.0
APP = "centralita"


class Mode(StrEnum):
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


Command = Mode | Literal["take_over", "stop"]


class Ear:
    """Lives in one task; others talk to it through `ask`."""

    def __init__(
        self,
        calls: LiveCalls,
        desk: Desk,
        *,
        interaction_id: str,
        supervisor: str,
        mode: Mode,
    ) -> None:
        self._ari = calls.ari(interaction_id)
        self._head = calls.head(interaction_id)
        self._calls = calls
        self._desk = desk
        self._id = interaction_id
        self._supervisor = supervisor
        self._mode = mode
        self._commands: asyncio.Queue[tuple[Command, asyncio.Future[None]]] = asyncio.Queue(maxsize=8)
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closed = asyncio.Event()
        self._leg = self._ari.channel(f"{self._head}.supervisor.{supervisor}")
        self._generation = 0
        self._spying = AsyncExitStack()
        self._snoop_gone: asyncio.Future[None] | None = None
        self._taken_over = False

    async def connected(self) -> None:
        """Wait until the supervisor hears. Raises ListeningError when their phone was not answered."""
        await asyncio.shield(self._connected)

    async def ask(self, command: Command) -> None:
        """Raises what the command raised; ListeningError when the ear has closed meanwhile."""
        if self._closed.is_set():
            raise ListeningError("Listening has ended.")
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._commands.put_nowait((command, answer))
        await answer

    async def stop(self) -> None:
        """Ask to end, and wait until nothing of this ear is left."""
        await self.ask("stop")
        await self._closed.wait()

    async def live(self) -> None:
        """Ring, connect, serve commands, clean up. Never raises but for cancellation."""
        try:
            async with self._calls.expect(self._leg.id) as leg:
                await self._ring(leg)
                await self._enter(self._mode)
                await self._desk.note(
                    self._id, Kind.LISTENING_STARTED, self._supervisor, {"mode": self._mode}
                )
                self._connected.set_result(None)
                await self._serve(leg)
        except (AriError, CentralitaError, TimeoutError) as error:
            if not self._connected.done():
                self._connected.set_exception(_reason(error))
        finally:
            await self._clean_up()

    async def _ring(self, leg: Leg) -> None:
        phones = self._calls.phones(self._id, self._supervisor)
        if not phones:
            raise ListeningError(
                "Your softphone is not connected. Open the panel's telephone, then try again."
            )
        await self._ari.originate(
            endpoint=phones[0],
            channel_id=self._leg.id,
            app=APP,
            app_args=f"supervisor,{self._id},{self._supervisor}",
            caller_id="Supervision",
            timeout_s=int(RING_TIMEOUT_S),
            variables={"PJSIP_HEADER(add,X-Centralita-Auto-Answer)": "yes"},
        )
        async with asyncio.timeout(RING_TIMEOUT_S + 2):
            await leg.entered()

    async def _serve(self, leg: Leg) -> None:
        gone = asyncio.ensure_future(leg.gone())
        ended = asyncio.ensure_future(self._calls.ended(self._id))
        command = asyncio.ensure_future(self._commands.get())
        try:
            while not (gone.done() or ended.done()):
                waited: set[asyncio.Future[Any]] = {gone, ended, command}
                if self._snoop_gone:
                    waited.add(self._snoop_gone)
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                if command.done():
                    asked = command.result()
                    command = asyncio.ensure_future(self._commands.get())
                    if not await self._obey(*asked):
                        return
                elif self._snoop_gone and self._snoop_gone.done() and not (gone.done() or ended.done()):
                    await self._follow()
        finally:
            for waiting in (gone, ended, command):
                waiting.cancel()

    async def _follow(self) -> None:
        """The agent's channel went (a transfer, a reloaded page) and the conversation did not: follow it."""
        await self._end_spy()
        await self._spy(muted=self._mode is Mode.LISTEN)

    async def _obey(self, command: Command, answer: asyncio.Future[None]) -> bool:
        """False when that was the last command."""
        try:
            if command == "take_over":
                await self._take_over()
            elif command != "stop":
                await self._leave()
                await self._enter(Mode(command))
                await self._desk.note(self._id, Kind.LISTENING_STARTED, self._supervisor, {"mode": command})
        except (AriError, CentralitaError) as error:
            _settle(answer, _reason(error))
            return True
        _settle(answer, None)
        return command not in ("stop", "take_over")

    async def _enter(self, mode: Mode) -> None:
        if mode is Mode.BARGE:
            await self._leg.unmute("in")
            await self._ari.bridge(self._calls.bridge_id(self._id)).add([self._leg.id])
        else:
            await self._spy(muted=mode is Mode.LISTEN)
        self._mode = mode

    async def _spy(self, *, muted: bool) -> None:
        # New ids each time: Asterisk frees the old snoop's and the old bridge's a moment after their end,
        # and a bridge asked for under the id of one that is being destroyed is that one.
        self._generation += 1
        snoop_id = f"{self._head}.snoop.{self._supervisor}.{self._generation}"
        async with AsyncExitStack() as undo:
            bridge = await self._ari.create_bridge(f"{self._head}.spy.{self._supervisor}.{self._generation}")
            undo.push_async_callback(bridge.destroy)
            snooping = await undo.enter_async_context(self._calls.expect(snoop_id))
            agent = self._ari.channel(self._calls.agent_channel(self._id))
            snoop = await agent.snoop(
                snoop_id, spy="both", whisper="out", app=APP, app_args=f"spy,{self._id},{self._supervisor}"
            )
            undo.push_async_callback(snoop.hangup)
            async with asyncio.timeout(SNOOP_TIMEOUT_S):
                await snooping.entered()
            await (self._leg.mute("in") if muted else self._leg.unmute("in"))
            await bridge.add([self._leg.id, snoop_id])
            undo.push_async_callback(bridge.remove, [self._leg.id])
            self._snoop_gone = asyncio.ensure_future(snooping.gone())
            self._spying = undo.pop_all()

    async def _end_spy(self) -> None:
        """Undo `_spy`: the supervisor's place in the bridge, the snoop, the claim of its events, the bridge."""
        if self._snoop_gone is not None:
            self._snoop_gone.cancel()
            self._snoop_gone = None
        await self._spying.aclose()

    async def _leave(self) -> None:
        if self._mode is Mode.BARGE:
            await self._ari.bridge(self._calls.bridge_id(self._id)).remove([self._leg.id])
        else:
            await self._end_spy()

    async def _take_over(self) -> None:
        await self._leave()
        await self._leg.unmute("in")
        await self._calls.take_over(self._id, self._supervisor, self._leg.id)
        self._taken_over = True

    async def _clean_up(self) -> None:
        """Leave nothing behind, whatever happened before; what is already gone stays gone."""
        self._closed.set()
        while not self._commands.empty():
            _settle(self._commands.get_nowait()[1], ListeningError("Listening has ended."))
        if not self._connected.done():
            self._connected.set_exception(ListeningError("Listening was interrupted."))
        if not self._taken_over:
            await _quietly(self._leg.hangup())
        await _quietly(self._end_spy())
        await _quietly(
            self._desk.note(self._id, Kind.LISTENING_ENDED, self._supervisor, {"mode": self._mode})
        )


async def _quietly(step: Awaitable[object]) -> None:
    try:
        await step
    except (AriError, CentralitaError):
        return  # the other end is away: its own recovery sweeps what is left


def _settle(answer: asyncio.Future[None], error: Exception | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(None)
    else:
        answer.set_exception(error)


def _reason(error: Exception) -> Exception:
    if isinstance(error, CentralitaError):
        return error
    if isinstance(error, TimeoutError):
        return ListeningError("Your telephone was not answered.")
    return ListeningError(f"Asterisk refused: {error}")
