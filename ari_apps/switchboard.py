"""The one reader of Asterisk's events. It only sorts: each event goes to the inbox of the call it belongs to.

One task a call; a call that fails ends itself and none of its neighbours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import structlog

from ari_apps import absence, farewell, inbound, outbound_call, queue_room, recovery, unserved, voicemail
from ari_apps.ari import AriError, Disconnected, News, Reconnected, models
from ari_apps.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    ChannelStateChange,
    ChannelTransfer,
    DeviceStateChanged,
    PlaybackFinished,
    RecordingFailed,
    RecordingFinished,
    StasisEnd,
    StasisStart,
)
from ari_apps.call import Call, absorbed
from ari_apps.exchange import Exchange
from ari_apps.legs import interaction_of, is_outside_line
from ari_apps.presenter import VoicePresenter
from ari_apps.recovery import EarlySignals
from ari_apps.signals import Digit, LegRinging, Played, Recorded, Referred
from ari_apps.words import SORRY_FAULT
from voice_core.errors import CentralitaError
from voice_core.interaction import EndReason, Interaction

COMPARE_EVERY_S = 30.0
COMPARE_AGAIN_S = 1.0
"""After a cut: an end that was told to nobody may still stand in the first snapshot."""
STRAY_AFTER = timedelta(seconds=5)
"""A leg younger than this may still be announced by an event that waits to be read."""

KNOWN = "CENTRALITA_KNOWS"
"""Asterisk's own variable: a controller has been here since it was started."""

SPENDING_EVERY_S = 2.0
"""How often it is looked whether calls out use up more than the day has (fault 26)."""

CAUSE_LIMIT_S = 0.5
"""How long after StasisEnd the cause may still come."""

READ = (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    ChannelStateChange,
    ChannelTransfer,
    DeviceStateChanged,
    PlaybackFinished,
    RecordingFailed,
    RecordingFinished,
    StasisEnd,
    StasisStart,
)
"""The kinds of event that `sort` reads: Asterisk sends no others."""

log = structlog.get_logger(__name__)


class Switchboard:
    """`run` reads events until cancelled. `agents` tells whose phones to watch.

    Of several nodes, `on_lost` is told when this one's calls are lost, `on_back` when it serves again.
    """

    def __init__(
        self,
        exchange: Exchange,
        agents: Callable[[], Sequence[str]],
        *,
        compare_every_s: float = COMPARE_EVERY_S,
    ) -> None:
        self.exchange = exchange
        self.presenter = VoicePresenter(exchange, self)
        self.ready = asyncio.Event()
        self.settled = asyncio.Event()  # ready, or one of several that is known to be away
        self.on_lost: Callable[[], Coroutine[Any, Any, None]] = _nothing
        self.on_back: Callable[[], Coroutine[Any, Any, None]] = _nothing
        self._agents = agents
        self._calls: dict[str, Call] = {}
        self._group: asyncio.TaskGroup | None = None
        self._compare_every_s = compare_every_s
        self._comparing = asyncio.Lock()

    async def run(self) -> None:
        """Take up what lives, then serve. Raises AriError when the events can no longer be trusted."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self.exchange.rooms.clear()
                self.exchange.waiting.clear()
                self.exchange.routes.clear()  # claims of a run before this one
                self.presenter.forget()
                late = not self.exchange.ari.connected
                if late:
                    await absence.until_there(self)
                await recovery.take_up(self, lost=await self._is_another_asterisk())
                await self._make_known()
                await self._watch_phones()
                self.exchange.connected.set()
                self.ready.set()
                self.settled.set()
                if late:
                    absence.over(self)
                group.create_task(self._compare_often())
                group.create_task(self._watch_spending())
                group.create_task(self._put_on_record())
                async for event in self.exchange.ari.events():
                    self.sort(event)
                raise AriError("Asterisk's events ended")
        finally:
            self.exchange.connected.clear()
            self.ready.clear()
            self._group = None

    @property
    def connected(self) -> bool:
        return self.exchange.connected.is_set()

    # --- the live calls

    def call(self, interaction_id: str) -> Call | None:
        return self._calls.get(interaction_id)

    def calls(self) -> list[Call]:
        return list(self._calls.values())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Under our task group; its failure is logged, and costs nobody else anything."""
        if self._group is None:
            work.close()
            return
        self._group.create_task(_contained(work))

    def dial(self, contact: Interaction) -> None:
        """An agent dials out from the panel: the contact is talking, its legs are still to come."""
        call = Call(self.exchange, contact, dialling=True)
        self.start(call, outbound_call.run(call))

    def start(self, call: Call, life: Coroutine[Any, Any, None]) -> None:
        if self._group is not None:  # else it is taken up with the others when we run again
            self._calls[call.id] = call
        self.spawn(self._live(call, life))

    async def compare(self, *, lost: bool = False) -> None:
        """What lives in Asterisk against what we believe. One at a time: a second would take up what the first is taking up."""
        async with self._comparing:
            await recovery.compare(self, lost=lost)

    async def compare_again(self) -> None:
        """Once more, when those can be judged too who moved just before the last comparison."""
        await asyncio.sleep(recovery.UNLIVED_AFTER.total_seconds())
        await self.compare()

    # --- sorting

    def sort(self, event: News) -> None:
        """To whom it belongs. Nothing here awaits or raises."""
        routes = self.exchange.routes
        match event:
            case ChannelDtmfReceived(channel=channel, digit=digit):
                routes.send(channel.id, Digit(channel.id, digit))
            case PlaybackFinished(playback=playback):
                routes.send(playback.id, Played(playback.id, playback.state == "done"))
                routes.release(playback.id)
            case RecordingFinished(recording=recording):
                message = Recorded(recording.name, recording.duration or 0, completed=True)
                if not routes.send(recording.name, message):
                    self.spawn(voicemail.left_behind(self, message))
            case RecordingFailed(recording=recording):
                routes.send(recording.name, Recorded(recording.name, 0, completed=False))
            case DeviceStateChanged(device_state=device):
                self.exchange.phones.told(device.name, device.state)
            case StasisStart():
                self._entered(event)
            case Disconnected() | Reconnected():
                self._line_to_asterisk(event)
            case _:
                self._leaving(event)

    def _leaving(self, event: News) -> None:
        """A channel rings, or is on its way out."""
        routes = self.exchange.routes
        if isinstance(event, ChannelDestroyed) and is_outside_line(event.channel.id):
            self.spawn(self.exchange.lines.closed(event.channel.id))
        match event:
            case ChannelStateChange(channel=channel) if channel.state == "Ringing":
                routes.send(channel.id, LegRinging(channel.id))
            case ChannelHangupRequest(channel=channel, cause=cause, tech_cause=status, soft=soft) if not soft:
                routes.hanging_up(channel.id, cause or 0, status)  # a soft one's "cause" is a flag, not Q.850
            case StasisEnd(channel=channel) if interaction_of(channel.id) is not None:
                # ours: ChannelDestroyed follows at once, and only it tells a broken line from a hang-up
                asyncio.get_running_loop().call_later(CAUSE_LIMIT_S, routes.gone, channel.id)
            case StasisEnd(channel=channel):
                routes.gone(channel.id)
            case ChannelDestroyed(channel=channel, cause=cause, tech_cause=status):
                routes.gone(channel.id, cause, status)
            case ChannelTransfer(referred_by=by, refer_to=to, state=None):  # with one, it echoes our own word
                wanted = to.requested_destination
                asked = Referred(
                    by.source_channel.id, wanted.destination or "", wanted.protocol_id is not None
                )
                routes.send(by.source_channel.id, asked)

    def _line_to_asterisk(self, event: Disconnected | Reconnected) -> None:
        if isinstance(event, Disconnected):
            log.warning("telephone_disconnected", reason=event.reason)
            self.exchange.connected.clear()
            self.exchange.rooms.clear()  # Asterisk may come back without them
            absence.begins(self)
            return
        self.spawn(self._reconnected())

    async def _reconnected(self) -> None:
        """What ended unseen is told before anybody goes on."""
        lost = await self._is_another_asterisk()
        if lost:
            log.error("asterisk_restarted", calls_lost=len(self._calls))
            for call in self._calls.values():
                call.lost = True
            self.spawn(self.on_lost())
        await self.compare(lost=lost)
        await self._make_known()
        self.exchange.connected.set()
        await self._watch_phones()
        absence.over(self)
        await asyncio.sleep(COMPARE_AGAIN_S)
        if self.connected:
            await self.compare()

    # --- who comes in

    def _entered(self, event: StasisStart) -> None:
        channel, routes = event.channel, self.exchange.routes
        if is_outside_line(channel.id):
            self.spawn(self.exchange.lines.answered(channel.id))
        if event.replace_channel is not None and routes.replaced(event.replace_channel.id, channel.id):
            return
        if routes.entered(channel.id, channel.name):
            return
        match event.args:
            case ("inbound", number, *_):
                early = EarlySignals(routes, channel.id)
                self.spawn(self._receive(channel, number, early, just_arrived=True))
            case ("agent_dialled", number, endpoint):
                early = EarlySignals(routes, channel.id)
                self.spawn(outbound_call.dialled_on_phone(self, early, number, endpoint))
            case _:
                # a leg nobody waits for any more: its call ended while it was being answered
                self.spawn(_hang_up(self.exchange, channel.id))

    def found(self, channel: models.Channel, args: Sequence[str]) -> None:
        """In our application, and nobody's: a caller is served; anything else has lost its call."""
        match args:
            case ("inbound", number, *_):
                early = EarlySignals(self.exchange.routes, channel.id)
                self.spawn(self._receive(channel, number, early))
            case _ if self.exchange.clock.now() - channel.creationtime > STRAY_AFTER:
                self.spawn(_hang_up(self.exchange, channel.id))

    async def _receive(
        self, channel: models.Channel, number: str, early: EarlySignals, *, just_arrived: bool = False
    ) -> None:
        """A caller; what happens while the contact is being opened is kept by `early`."""
        try:
            call = await inbound.open_call(self.exchange, channel, number, just_arrived=just_arrived)
        except CentralitaError as error:
            log.warning("contact_not_opened", channel=channel.id, error=str(error))
            early.drop()
            await absorbed(self.exchange.ari.channel(channel.id).continue_in_dialplan("way-out", number, 1))
            return
        if call.stage not in recovery.LIVE:  # the contact is over, its leg was left behind
            early.drop()
            await _hang_up(self.exchange, channel.id)
            return
        call.customer = inbound.customer_leg(call, channel.id)
        early.hand_over(call)
        self.start(call, inbound.receive(call))

    async def _live(self, call: Call, life: Coroutine[Any, Any, None]) -> None:
        """Live it, then leave nothing. When the controller itself is stopped, the people on the line are
        left talking: the next one takes them up.
        """
        structlog.contextvars.bind_contextvars(interaction=call.id)
        try:
            try:
                await call.live(life)
            except* Exception as failures:
                log.exception("call_failed", interaction=call.id)
                await _end_failed(call, failures)
        finally:
            self._calls.pop(call.id, None)
            call.conversation_over.set()
        await self.presenter.silence(call.id)
        await call.close()
        queue_room.depart(call)
        await queue_room.hush(call)
        if call.recorded is not None:
            await recovery.until_gone(self.exchange.ari, call.recorded)
        await self.exchange.recording.finished(call.id)

    async def _is_another_asterisk(self) -> bool:
        """Whether it was started since we, or a controller before us, took up its calls: then those before died.
        It remembers us itself, in a variable that lives as long as it does.
        """
        return not (await self.exchange.ari.asterisk.get_global_var(variable=KNOWN)).value

    async def _make_known(self) -> None:
        await self.exchange.ari.asterisk.set_global_var(variable=KNOWN, value="yes")

    async def _compare_often(self) -> None:
        """An event that was lost, whatever the cause, costs at most this long."""
        while True:
            await asyncio.sleep(self._compare_every_s)
            if self.connected:
                await _contained(self.compare())

    async def _put_on_record(self) -> None:
        """Callers whom nobody took in hand, those of the time before us first."""
        while True:
            ripe_in_s = await unserved.put_on_record(self.exchange)
            await asyncio.sleep(min(ripe_in_s, self._compare_every_s))

    async def _watch_spending(self) -> None:
        """Calls that several people pay from one purse are ended when it is empty."""
        while True:
            await asyncio.sleep(SPENDING_EVERY_S)
            if self.connected and self.exchange.lines.open():
                await _contained(self._end_overdrawn())

    async def _end_overdrawn(self) -> None:
        for leg in await self.exchange.lines.overdrawn(self.exchange.plan.owns):
            await _hang_up(self.exchange, leg)

    async def _watch_phones(self) -> None:
        await self.exchange.phones.watch(self.exchange.ari, self._agents())

    async def watch_agent(self, agent: str) -> None:
        """A person was added while we run."""
        await self.exchange.phones.watch(self.exchange.ari, [agent])


async def _end_failed(call: Call, failures: BaseExceptionGroup[BaseException]) -> None:
    """The contact is closed as our fault, and the caller is told rather than cut off."""
    exchange, leg = call.exchange, call.customer
    first = failures.exceptions[0]
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    try:
        await call.exchange.desk.end(
            call.id, EndReason.FAILED, actor="system", detail=f"{type(first).__name__}: {first}"[:200]
        )
    except CentralitaError as error:
        log.warning("end_not_recorded", interaction=call.id, error=str(error))
    if leg is not None and exchange.routes.owned(leg.id):
        await call.stop_playing()
        await farewell.part(exchange, leg.id, SORRY_FAULT, call.interaction.language)


async def _nothing() -> None:
    """Who is told of nodes until somebody asks."""


async def _contained(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("errand_failed")


async def _hang_up(exchange: Exchange, channel_id: str) -> None:
    await absorbed(exchange.ari.channel(channel_id).hangup())
