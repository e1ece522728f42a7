"""What lives in Asterisk against what we believe: after a start, a cut, and whenever asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from ari_apps import inbound
from ari_apps.ari import AriClient, AriError, NotFound, Snapshot
from ari_apps.call import Call, absorbed
from ari_apps.legs import (
    Leg,
    customer_leg_id,
    interaction_of,
    offer_leg_id,
    queue_bridge_id,
    talk_bridge_id,
)
from ari_apps.phones import SIP_SUFFIX
from ari_apps.routes import Routes
from ari_apps.signals import Signal
from voice_core.errors import CentralitaError
from voice_core.interaction import EndReason, Interaction, Offer, Stage

if TYPE_CHECKING:
    from ari_apps.switchboard import Switchboard

LET_GO_LIMIT_S = 3.0
LET_GO_LOOK_S = 0.05

LIVE = (Stage.FLOW, Stage.QUEUED, Stage.OFFERED, Stage.TALKING)

log = structlog.get_logger(__name__)


class EarlySignals:
    """Keeps what happens to a channel while its contact is being opened."""

    def __init__(self, routes: Routes, channel_id: str) -> None:
        self._routes = routes
        self.channel_id = channel_id
        self._kept: list[Signal] = []
        routes.claim(channel_id, self._kept.append)

    def hand_over(self, call: Call) -> None:
        """The call has claimed the channel; it is told what it missed, in order."""
        for signal in self._kept:
            call.deliver(signal)

    def drop(self) -> None:
        self._routes.release(self.channel_id)


@dataclass(frozen=True, slots=True)
class Living:
    """A snapshot by name: channels and their states, bridges and who is in them."""

    channels: Mapping[str, str]
    rooms: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Living:
        return cls(
            {channel.id: channel.state for channel in snapshot.channels},
            {bridge.id: frozenset(bridge.channels) for bridge in snapshot.bridges},
        )

    def customer_of(self, contact: Interaction) -> str:
        names = (contact.external_id, customer_leg_id(contact.id))
        return next((name for name in names if name and name in self.channels), "")

    def agent_of(self, contact: Interaction, customer: str) -> str:
        """By its name; or, of a call dialled on a desk phone, whoever shares the room with the customer."""
        prefix = f"{contact.id}.{contact.agent}."
        named = [name for name in self.channels if contact.agent and name.startswith(prefix)]
        room = self.rooms.get(talk_bridge_id(contact.id), frozenset())
        others = [name for name in room if customer and name != customer and interaction_of(name) is None]
        in_room = [name for name in named if name in room]
        return next(iter([*in_room, *reversed(named), *others]), "")

    def rings_of(self, offer: Offer) -> dict[str, bool]:
        """The offer's legs, and whether each has been answered."""
        name = offer_leg_id(offer, offer.agent)
        legs = (name, name + SIP_SUFFIX)
        return {leg: self.channels[leg] == "Up" for leg in legs if leg in self.channels}


async def take_up(board: Switchboard) -> None:
    """At the start: contacts of before are lived on or ended, and legs nobody owns are ended."""
    snapshot = await board.exchange.ari.snapshot()
    living = Living.of(snapshot)
    for contact in board.exchange.desk.live():
        if contact.channel == "voice" and contact.stage in LIVE and board.call(contact.id) is None:
            await _take_up(board, contact, living)
    _let_in(board, snapshot)
    await _reap(board, snapshot)


async def compare(board: Switchboard) -> None:
    """While we run: tell calls of legs that left unseen, end legs nobody owns."""
    owned = _owned_channels(board)  # before the snapshot: what is asked for meanwhile is not in it yet
    try:
        snapshot = await board.exchange.ari.snapshot()
    except AriError as error:
        log.warning("snapshot_failed", error=str(error))
        return
    alive = {channel.id for channel in snapshot.channels}
    for leg_id in owned:
        if leg_id not in alive:
            log.warning("missed_end_told", channel=leg_id)
            board.exchange.routes.gone(leg_id)
    _let_in(board, snapshot)
    await _reap(board, snapshot)


async def until_gone(ari: AriClient, channel_id: str) -> None:
    """Wait until Asterisk has let the channel go: what it wrote is whole then. Gives up after a while."""
    deadline = asyncio.get_running_loop().time() + LET_GO_LIMIT_S
    while asyncio.get_running_loop().time() < deadline:
        try:
            await ari.channels.get(channel_id)
        except NotFound:
            break
        except AriError:
            return
        await asyncio.sleep(LET_GO_LOOK_S)
    await asyncio.sleep(LET_GO_LOOK_S)  # MixMonitor's own thread closes the file


def _owned_channels(board: Switchboard) -> list[str]:
    """Legs of live calls; playbacks and recordings are not channels."""
    legs = board.presenter.ringing_legs()
    for call in board.calls():
        consult = call.consult.legs.values() if call.consult else ()
        legs += [leg.id for leg in (call.customer, call.agent, call.tail, *consult) if leg is not None]
    return legs


async def _take_up(board: Switchboard, contact: Interaction, living: Living) -> None:
    """Lived on from its stage if its customer is there (or waits for a callback); else ended as lost."""
    call = Call(board.exchange, contact)
    customer = living.customer_of(contact)
    if customer:
        call.customer = inbound.customer_leg(call, customer)
        call.recorded = customer
        call.answered = living.channels[customer] == "Up"
        await board.exchange.recording.started(contact.id, customer)  # killed before it was noted: it is now
    agent = living.agent_of(contact, customer)
    if contact.stage is Stage.TALKING and agent:
        call.agent = call.adopt(Leg(board.exchange.ari.channel(agent), user=contact.agent or ""))
    waits_for_callback = contact.callback_address is not None and contact.stage is not Stage.TALKING
    offer = board.exchange.desk.offer_of(contact.id)
    rings = living.rings_of(offer) if offer is not None and (customer or waits_for_callback) else {}
    if offer is not None and not rings:  # never rung, or over unseen
        await board.exchange.desk.decline(offer.id, "withdrawn")
        call.interaction = board.exchange.desk.interaction(contact.id)
    if customer and contact.stage is Stage.TALKING:
        await _back_in_room(call, living)
    if call.customer is not None or waits_for_callback:
        log.info("call_taken_up", interaction=contact.id, stage=contact.stage)
        board.start(call, inbound.live(call))
        if offer is not None and rings:
            board.presenter.adopt(offer, rings)
        return
    await call.close()
    if contact.external_id:
        await board.exchange.recording.started(contact.id, contact.external_id)
    board.spawn(board.exchange.recording.finished(contact.id))
    try:
        await board.exchange.desk.end(
            contact.id, EndReason.LOST, actor="system", detail="found ended after a restart"
        )
    except CentralitaError as error:
        log.warning("end_not_recorded", interaction=contact.id, error=str(error))


async def _back_in_room(call: Call, living: Living) -> None:
    """A conversation as it stands goes on untouched, on hold too; else its parties are brought together."""
    inside = living.rooms.get(call.room_id, frozenset())
    if call.customer is None:
        return
    if call.agent is not None and call.agent.id in inside:
        call.joined = True
        call.held = call.customer.id not in inside
    elif call.agent is not None:
        await absorbed(call.customer.channel.moh_stop())


def _let_in(board: Switchboard, snapshot: Snapshot) -> None:
    """Who came in while nobody listened: their StasisStart is not told again."""
    for channel in snapshot.channels:
        app, _, args = channel.dialplan.app_data.partition(",")
        if channel.dialplan.app_name != "Stasis" or app != board.exchange.plan.app:
            continue
        if interaction_of(channel.id) is None and not board.exchange.routes.owned(channel.id):
            log.info("caller_found", channel=channel.id)
            board.found(channel, args.split(","))


async def _reap(board: Switchboard, snapshot: Snapshot) -> None:
    """Legs under our names that nobody waits for, and bridges whose contact nobody lives."""
    ari, rooms = board.exchange.ari, {queue_bridge_id(name) for name in board.exchange.plan.queues}
    for channel in snapshot.channels:
        owner = interaction_of(channel.id)
        if owner is not None and not board.exchange.routes.owned(channel.id):
            await absorbed(ari.channel(channel.id).hangup())
    for bridge in snapshot.bridges:
        owner = interaction_of(bridge.id)
        if owner is not None and board.call(owner) is None and bridge.id not in rooms:
            await absorbed(ari.bridge(bridge.id).destroy())
