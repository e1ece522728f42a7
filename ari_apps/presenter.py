"""Rings agents: an offer of a call goes to every phone of the agent at once, the first to answer wins."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from ari_apps.ari import AriError
from ari_apps.call import Call, absorbed
from ari_apps.exchange import Exchange
from ari_apps.legs import Leg, is_browser_leg, offer_leg_id
from ari_apps.signals import AgentAnswered, LegEntered, LegGone, Signal
from voice_core.errors import CentralitaError, OfferGoneError
from voice_core.interaction import Interaction, Offer

RING_MARGIN_S = 5
"""How much longer than the offer Asterisk lets a phone ring, should nobody withdraw it."""

REFUSED_STATUS = frozenset({403, 486, 600, 603})
UNREACHABLE_STATUS = frozenset({404, 410, 501, 502, 503})
REFUSED_CAUSES = frozenset({17, 21})  # Q.850: busy, rejected
UNREACHABLE_CAUSES = frozenset({1, 3, 20, 27})  # unallocated, no route, absent, out of order

log = structlog.get_logger(__name__)


class LiveCallIndex(Protocol):
    """Where the running calls are found."""

    def call(self, interaction_id: str) -> Call | None: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it under the switchboard's own task group."""


@dataclass(slots=True)
class _Ring:
    offer: Offer
    legs: dict[str, Leg] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)  # legs Asterisk has made
    winner: str | None = None
    verdict: str = ""  # the most telling refusal so far
    winner_gone: LegGone | None = None
    over: bool = False
    again: int = 0  # how often a reloaded page asked to be rung anew


class VoicePresenter:
    """The Presenter of channel "voice"."""

    def __init__(self, exchange: Exchange, calls: LiveCallIndex) -> None:
        self._exchange = exchange
        self._calls = calls
        self._rings: dict[str, _Ring] = {}

    async def present(self, offer: Offer, interaction: Interaction) -> None:
        """Ring now. Phones that are not registered are not tried; nor is anything while the contact's Asterisk is away."""
        if not self._exchange.connected.is_set():
            await self._exchange.desk.decline(offer.id, "away")
            return
        node, phones = self._exchange.plan.mark, self._exchange.phones
        if not phones.online(offer.agent):  # Asterisk is asked: news of a phone may be lost, or on its way
            await absorbed(phones.watch(self._exchange.ari, [offer.agent]))
            if self._exchange.desk.offer_of(interaction.id) != offer:
                return  # withdrawn meanwhile
        endpoints = phones.online(offer.agent)
        if not endpoints:
            await self._exchange.desk.decline(offer.id, "unreachable")
            return
        ring = self._rings[offer.id] = _Ring(offer)
        for endpoint in endpoints:
            leg_id = offer_leg_id(offer, endpoint, node=node)
            ring.legs[leg_id] = Leg(self._exchange.ari.channel(leg_id), user=offer.agent)
            self._exchange.routes.claim(leg_id, _delivery(self, ring))
        async with asyncio.TaskGroup() as ringing:
            for endpoint in endpoints:
                ringing.create_task(
                    self._ring(ring, offer_leg_id(offer, endpoint, node=node), endpoint, interaction)
                )

    async def ring_again(self, offer_id: str, agent: str) -> None:
        """The agent's page was loaded anew: the browser that rang is gone, ring the one that is there.

        Raises OfferGoneError. The offer keeps its time; whoever answers meanwhile has it.
        """
        ring = self._rings.get(offer_id)
        if ring is None or ring.offer.agent != agent or ring.over or ring.winner is not None:
            raise OfferGoneError("This contact is no longer offered.", offer=offer_id)
        interaction = self._exchange.desk.interaction(ring.offer.interaction_id)
        node = self._exchange.plan.mark
        old = ring.legs.pop(offer_leg_id(ring.offer, agent, ring.again, node=node), None)
        ring.again += 1
        while (leg_id := offer_leg_id(ring.offer, agent, ring.again, node=node)) in ring.placed:
            ring.again += 1  # it rang before a restart of ours
        ring.legs[leg_id] = Leg(self._exchange.ari.channel(leg_id), user=agent)
        self._exchange.routes.claim(leg_id, _delivery(self, ring))
        if old is not None:
            self._exchange.routes.release(old.id)  # its end refuses nothing
            ring.placed.discard(old.id)
            await _hang_up(old)
        if not ring.over:
            await self._ring(ring, leg_id, agent, interaction)

    async def page_gone(self, agent: str) -> None:
        """The browser it rang in is no more. A desk phone rings on."""
        for ring in [ring for ring in self._rings.values() if ring.offer.agent == agent]:
            for leg in [
                leg for leg in ring.legs.values() if is_browser_leg(leg.id) and leg.id != ring.winner
            ]:
                self._exchange.routes.gone(leg.id, cause=20)
                await _hang_up(leg)

    async def withdraw(self, offer: Offer, reason: str) -> None:
        """Stop ringing; an answer on its way finds the offer gone and is hung up."""
        ring = self._rings.pop(offer.id, None)
        if ring is not None:
            await self._silence(ring)

    async def silence(self, interaction_id: str) -> None:
        """The contact is over: nothing rings for it any more."""
        for offer_id in [
            key for key, ring in self._rings.items() if ring.offer.interaction_id == interaction_id
        ]:
            await self._silence(self._rings.pop(offer_id))

    def adopt(self, offer: Offer, answered: Mapping[str, bool]) -> None:
        """Phones that rang before a restart ring on: legs in Asterisk, and whether each has been answered."""
        ring = self._rings[offer.id] = _Ring(offer)
        for leg_id in answered:
            ring.legs[leg_id] = Leg(self._exchange.ari.channel(leg_id), user=offer.agent)
            ring.placed.add(leg_id)
            self._exchange.routes.claim(leg_id, _delivery(self, ring))
        for leg_id, is_up in answered.items():
            if is_up:
                self.heard(ring, LegEntered(leg_id, ""))

    def forget(self) -> None:
        """A new run begins: nothing of the last one rings under our eyes."""
        self._rings.clear()

    def ringing_legs(self) -> list[str]:
        """Legs that must be in Asterisk now."""
        return [leg for ring in self._rings.values() for leg in ring.legs if leg in ring.placed]

    def heard(self, ring: _Ring, signal: Signal) -> None:
        """News of a ringing leg; only decides and spawns."""
        match signal:
            case LegEntered(channel_id=leg_id) if ring.winner is None and not ring.over:
                ring.winner = leg_id
                self._calls.spawn(self._answered(ring, leg_id))
            case LegEntered(channel_id=leg_id) if leg_id == ring.winner:
                pass  # found answered after a restart, and now told so
            case LegEntered(channel_id=leg_id):
                self._calls.spawn(_hang_up(ring.legs[leg_id]))
            case LegGone(channel_id=leg_id) if leg_id == ring.winner:
                ring.winner_gone = signal
            case LegGone(channel_id=leg_id):
                ring.legs.pop(leg_id, None)
                verdict = verdict_of(signal)
                ring.verdict = verdict if verdict == "refused" else ring.verdict or verdict
                refused = verdict == "refused"
                if ring.winner is None and not ring.over and (refused or not ring.legs):
                    ring.over = True
                    self._calls.spawn(self._refused(ring))

    async def _ring(self, ring: _Ring, leg_id: str, endpoint: str, interaction: Interaction) -> None:
        offer = ring.offer
        seconds = max(1, int((offer.expires_at - offer.made_at).total_seconds())) + RING_MARGIN_S
        try:
            # not the handle, which looks first whether the id is taken: an offer is presented once, and counts in ms
            await self._exchange.ari.channels.originate_with_id(
                leg_id,
                endpoint=self._exchange.phones.dial(endpoint),
                app=self._exchange.plan.app,
                app_args=f"agent,{interaction.id},{offer.id}",
                caller_id=caller_id(interaction),
                timeout=seconds,
            )
            ring.placed.add(leg_id)
        except AriError as error:
            log.warning("ring_failed", interaction=interaction.id, endpoint=endpoint, error=str(error))
            self._exchange.routes.gone(leg_id, cause=20)

    async def _answered(self, ring: _Ring, leg_id: str) -> None:
        """The agent picked up: theirs, unless the contact went meanwhile."""
        leg = ring.legs.pop(leg_id)
        try:
            await self._exchange.desk.accept(ring.offer.id)
        except CentralitaError:
            self._rings.pop(ring.offer.id, None)
            await _hang_up(leg)
            await self._silence(ring)
            return
        self._rings.pop(ring.offer.id, None)
        call = self._calls.call(ring.offer.interaction_id)
        if call is None or call.closed:
            await _hang_up(leg)
        else:
            call.adopt(leg)
            call.deliver(AgentAnswered(leg))
            if ring.winner_gone is not None:
                call.deliver(ring.winner_gone)
        await self._silence(ring)

    async def _refused(self, ring: _Ring) -> None:
        self._rings.pop(ring.offer.id, None)
        await self._silence(ring)
        await self._exchange.desk.decline(ring.offer.id, ring.verdict)

    async def _silence(self, ring: _Ring) -> None:
        ring.over = True
        legs = [leg for leg in ring.legs.values() if leg.id != ring.winner]
        for leg in legs:
            await _hang_up(leg)


class TaskPresenter:
    """The Presenter of channel "task": nothing rings, the panel shows the offer and accepts it."""

    async def present(self, offer: Offer, interaction: Interaction) -> None:
        """The panel hears of the offer by itself."""

    async def withdraw(self, offer: Offer, reason: str) -> None:
        """The panel hears of this too."""


def verdict_of(gone: LegGone) -> str:
    """Why a phone did not answer: `refused`, `unreachable` or `no_answer`."""
    if gone.sip_status in REFUSED_STATUS or (not gone.sip_status and gone.cause in REFUSED_CAUSES):
        return "refused"
    if gone.sip_status in UNREACHABLE_STATUS or (not gone.sip_status and gone.cause in UNREACHABLE_CAUSES):
        return "unreachable"
    return "no_answer"


def caller_id(interaction: Interaction) -> str:
    """`"name" <number>` with nothing in it that a dial string or header could trip over."""
    customer = interaction.to_address if interaction.direction == "outbound" else interaction.from_address
    number = re.sub(r"[^0-9+]", "", customer)
    name = re.sub(r"[^\w .,'-]", "", interaction.contact_name)[:60]
    return f'"{name or number}" <{number}>'


def _delivery(presenter: VoicePresenter, ring: _Ring) -> Callable[[Signal], None]:
    return lambda signal: presenter.heard(ring, signal)


async def _hang_up(leg: Leg) -> None:
    await absorbed(leg.channel.hangup())
