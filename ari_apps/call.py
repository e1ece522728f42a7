"""A live call: its legs, its inbox, and what every stage does with them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import count
from secrets import token_hex
from typing import Any, Literal

import structlog

from ari_apps.ari import AriError, ConnectionLost
from ari_apps.exchange import Exchange
from ari_apps.legs import Leg, consult_bridge_id, head_of, talk_bridge_id
from ari_apps.signals import AgentAnswered, Asked, Digit, LegGone, LegReplaced, Played, Signal, StageChanged
from ivr_flows.turn import Turn
from voice_core.any_event import any_set
from voice_core.errors import CentralitaError, NotFoundError, StageError
from voice_core.interaction import Interaction, Stage
from voice_core.ports import Change

INBOX_LIMIT = 500
TYPED_AHEAD_LIMIT = 40

log = structlog.get_logger(__name__)


class CustomerLeftError(Exception):
    """The customer hung up; every stage ends with it, and `inbound` says what it means."""


class CallOverflowError(CentralitaError):
    """More happened to one call than it could take in: it is ended rather than lived half blind."""

    code = "call_overflow"


@dataclass(slots=True)
class Consult:
    """A third party the agent asks for while the customer hears music."""

    number: int
    target: str
    kind: Literal["agent", "number"]
    legs: dict[str, Leg] = field(default_factory=dict)  # ringing, or the one that answered
    state: Literal["ringing", "talking", "conference"] = "ringing"
    blind: bool = False  # completes by itself when answered

    @property
    def leg(self) -> Leg:
        return next(iter(self.legs.values()))


@dataclass
class Call:
    """One contact's telephone side. Only its own task changes it; everybody else delivers to the inbox."""

    exchange: Exchange
    interaction: Interaction
    customer: Leg | None = None
    agent: Leg | None = None
    consult: Consult | None = None
    held: bool = False
    muted: bool = False
    page_lost: bool = False  # the agent talked in a browser that is gone: the next page takes the call up
    dialling: bool = False  # we are calling the customer, who has not answered yet
    dialled: Leg | None = None  # the customer's leg while it rings
    agent_left: bool = False  # hung up on purpose, leaving the customer to a third party still to come
    tail: Leg | None = None  # an outside party who keeps the customer after we are done, or is rung to
    joined: bool = False  # found talking after a restart: nothing need be put together
    lost: bool = False  # Asterisk died, and its people with it: nobody hung up
    recorded: str | None = None  # the channel whose recording the dialplan began
    consults: int = 0
    last_agent: str | None = None  # who talked with this customer last; not known again after a restart
    answered: bool = False
    in_hand: bool = False  # the dialplan will not take the caller back
    just_arrived: bool = False  # and heard without a gap since: nothing was done for it that we forgot
    turn: Turn | None = None  # of the flow that has just begun, still to be carried out
    message_kept: bool = False  # the caller left a voicemail
    closed: bool = False
    waits_in: str = ""  # the queue's bridge it is in, or came from last
    typed: deque[str] = field(default_factory=lambda: deque(maxlen=TYPED_AHEAD_LIMIT))
    over: asyncio.Event = field(default_factory=asyncio.Event)
    conversation_over: asyncio.Event = field(default_factory=asyncio.Event)
    # Its Asterisk is dead; it has been recorded as lost.
    given_up: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._inbox: asyncio.Queue[Signal] = asyncio.Queue(INBOX_LIMIT)
        self._overflowed = False
        self._beside: asyncio.TaskGroup | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._adopted: set[str] = set()
        self._life = token_hex(2)
        self._names = count(1)
        self._playing: str | None = None
        self._early: list[Asked] = []

    @property
    def id(self) -> str:
        return self.interaction.id

    @property
    def stage(self) -> Stage:
        return self.interaction.stage

    @property
    def head(self) -> str:
        """What every name of this call begins with."""
        return head_of(self.id, self.exchange.plan.mark)

    @property
    def room_id(self) -> str:
        """The bridge of the conversation."""
        return talk_bridge_id(self.head)

    def fresh(self) -> str:
        """Part of a name that nothing has had before, in an earlier life of this call neither."""
        return f"{self._life}-{next(self._names)}"

    # --- hearing

    def deliver(self, signal: Signal) -> None:
        """From anybody, at once. A full inbox ends the call, loudly."""
        try:
            self._inbox.put_nowait(signal)
        except asyncio.QueueFull:
            if not self._overflowed:
                log.warning("call_inbox_overflow", interaction=self.id, limit=INBOX_LIMIT)
            self._overflowed = True
            if isinstance(signal, Asked):
                signal.refuse(CallOverflowError("This call cannot take any more."))

    def too_early(self, asked: Asked, sentence: str) -> None:
        """A command before there is a conversation: refused; or kept for it, when an agent has just accepted and
        only our hands are not there yet (the screen knows from the desk, and is a moment ahead).
        """
        with contextlib.suppress(NotFoundError):
            if self.exchange.desk.interaction(self.id).stage is Stage.TALKING:
                self._early.append(asked)
                return
        asked.refuse(StageError(sentence))

    def hear_early(self) -> None:
        """What was asked too early is heard now."""
        early, self._early = self._early, []
        for asked in early:
            self.deliver(asked)

    async def next(self, until: float | None = None) -> Signal:
        """The next thing that happens. `until` is loop time: TimeoutError past it.

        Raises CustomerLeftError when the customer's leg is gone, CallOverflowError, ConnectionLost past `until`
        while Asterisk is not there.
        """
        if self._overflowed:
            raise CallOverflowError("This call received more events than it could take.")
        try:
            async with asyncio.timeout_at(until):
                signal = await self._inbox.get()
        except TimeoutError:
            if not self.exchange.connected.is_set():  # silence means nothing while we cannot hear
                raise ConnectionLost("Asterisk cannot be heard") from None
            raise
        match signal:
            case LegGone(channel_id=gone) if self.customer is not None and gone == self.customer.id:
                self.customer = None
                raise CustomerLeftError
            case LegReplaced(channel_id=old, by=new):
                self._replace(old, new)
            case Digit(channel_id=channel, digit=digit) if self.customer and channel == self.customer.id:
                self.typed.append(digit)
            case Played(playback_id=played) if played == self._playing:
                self._playing = None
            case AgentAnswered(leg=leg):
                self.agent = leg
            case StageChanged(interaction=interaction):
                if interaction.version > self.interaction.version:
                    self.interaction = interaction
        return signal

    def now(self) -> float:
        """Loop time in seconds: for waiting, never for records."""
        return asyncio.get_running_loop().time()

    async def heard_again(self) -> None:
        """Wait until Asterisk answers, or is known to be dead."""
        await any_set((self.exchange.connected, self.given_up))

    # --- doing

    def adopt(self, leg: Leg) -> Leg:
        """From now on this leg's news come here."""
        self._adopted.add(leg.id)
        self.exchange.routes.claim(leg.id, self.deliver)
        return leg

    async def hang_up(self, leg: Leg | None, reason: str = "normal") -> None:
        """The leg ends and is forgotten; one already gone is fine."""
        if leg is None:
            return
        self.exchange.routes.release(leg.id)
        await absorbed(leg.channel.hangup(reason))

    async def play(self, leg: Leg, media: Sequence[str]) -> str:
        """Begin to play; `Played` tells the end. One playback at a time: an earlier one is stopped."""
        await self.stop_playing()
        playback_id = f"{self.head}.play.{self.fresh()}"
        self._playing = playback_id
        self.exchange.routes.claim(playback_id, self.deliver)
        await leg.channel.play(list(media), playback_id)
        return playback_id

    async def stop_playing(self) -> None:
        playing, self._playing = self._playing, None
        if playing is not None:
            self.exchange.routes.release(playing)
            with contextlib.suppress(AriError):
                await self.exchange.ari.playbacks.stop(playing)

    @property
    def playing(self) -> bool:
        return self._playing is not None

    def errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Work beside the call that must not delay it; it ends with the call."""
        if self._beside is None:
            work.close()
            raise StageError("This call is not being lived.")
        task = self._beside.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    def tell_screens(self) -> None:
        """Something a screen shows has changed (mute, a consultation), though no stage has."""
        with contextlib.suppress(NotFoundError):
            row = self.exchange.desk.interaction(self.id)
            self.exchange.news.publish(Change(interactions=(row,)))

    # --- life

    async def live(self, life: Coroutine[Any, Any, None]) -> None:
        """Run `life` with the desk watched beside it; errands end with it."""
        async with asyncio.TaskGroup() as beside:
            self._beside = beside
            watching = beside.create_task(self._watch())
            try:
                await life
            finally:
                self._beside = None
            for task in (watching, *self._errands):
                task.cancel()

    async def close(self) -> None:
        """Every leg down, every bridge gone, everybody who waits for an answer told."""
        self.closed = True
        routes = self.exchange.routes
        await self.stop_playing()
        legs = self.legs()
        self.hear_early()
        while not self._inbox.empty():
            match self._inbox.get_nowait():
                case AgentAnswered(leg=leg):
                    legs.append(leg)
                case Asked() as asked:
                    asked.refuse(StageError("The call has ended."))
        for leg in legs:
            await self.hang_up(leg)
        await absorbed(self.exchange.ari.bridge(self.room_id).destroy())
        for number in range(1, self.consults + 1):
            await absorbed(self.exchange.ari.bridge(consult_bridge_id(self.head, number)).destroy())
        for leg_id in self._adopted:
            if routes.owner(leg_id) == self.deliver:
                routes.release(leg_id)
        self.conversation_over.set()
        self.over.set()

    def legs(self) -> list[Leg]:
        """Whoever is on the line, or rung."""
        consult = self.consult.legs.values() if self.consult else ()
        here = (self.customer, self.dialled, self.agent, self.tail, *consult)
        return [leg for leg in here if leg is not None]

    async def _watch(self) -> None:
        """Tell the call whenever the desk moved it."""
        seen = self.interaction
        with contextlib.suppress(NotFoundError):
            while seen.stage is not Stage.CLOSED:
                fresh = await self.exchange.desk.changed(self.id, seen.version)
                moved = (fresh.stage, fresh.agent, fresh.queue) != (seen.stage, seen.agent, seen.queue)
                seen = fresh
                if moved:
                    self.deliver(StageChanged(fresh))

    def _replace(self, old: str, new: str) -> None:
        channel = self.exchange.ari.channel(new)
        for leg in self.legs():
            if leg.id == old:
                leg.channel = channel


async def absorbed(request: Coroutine[Any, Any, Any]) -> bool:
    """Whether it worked; for what is tidied up while everything may already be gone."""
    try:
        await request
    except AriError as error:
        log.debug("ari_absorbed", error=str(error))
        return False
    return True
