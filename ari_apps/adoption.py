"""One call taken up after a crash, as far as it lives: from the names in Asterisk, the desk's row and the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from ari_apps import inbound, outbound, third_party
from ari_apps.call import Call, absorbed
from ari_apps.legs import MUTED, Leg, interaction_of, third_party_of
from ari_apps.living import Living
from ari_apps.signals import LegEntered
from voice_core.errors import CentralitaError, NotFoundError
from voice_core.interaction import Direction, EndReason, Interaction, Stage

if TYPE_CHECKING:
    from ari_apps.switchboard import Switchboard

AWAY = "while the controller was away"
DIED = "Asterisk died"

log = structlog.get_logger(__name__)


def waits_for_callback(row: Interaction) -> bool:
    """Nobody of it is on the line."""
    return row.callback_address is not None and row.stage is not Stage.TALKING


async def contact(board: Switchboard, row: Interaction, living: Living, *, lost: bool) -> None:
    """Lived on from its stage if its customer is there (or waits for a callback); else its end is recorded.

    `lost`: Asterisk died meanwhile, and everybody with it.
    """
    call = Call(board.exchange, row)
    desk, offer = board.exchange.desk, board.exchange.desk.offer_of(row.id)
    await _parties(call, living)
    waits = waits_for_callback(row)
    rings = living.rings_of(offer) if offer is not None and (call.customer or waits) else {}
    if offer is not None and not rings:  # never rung, or over unseen
        await desk.decline(offer.id, "withdrawn")
        call.interaction = desk.interaction(row.id)
    reason = None if waits else _missed(call, living)
    if reason is not None:
        call.recorded = call.recorded or row.external_id or None
    if call.recorded is not None:
        await board.exchange.recording.started(row.id, call.recorded)  # killed before it was noted: it is now
    if reason is not None:
        board.start(call, _ended(call, EndReason.LOST if lost else reason))
        return
    log.info("call_taken_up", interaction=row.id, stage=row.stage)
    board.start(call, _life(call))
    if offer is not None and rings:
        board.presenter.adopt(offer, rings)


async def tails(board: Switchboard, living: Living) -> None:
    """Customers whom an outside party keeps: over for the desk, and for nobody on the line.

    Raises UnavailableError when the database cannot say so: before anybody is hung up.
    """
    for leg in living.channels:
        third, owner = third_party_of(leg), interaction_of(leg)
        if third is None or third[1] or owner is None or board.call(owner) is not None:
            continue
        try:
            row = await board.exchange.desk.changed(owner, 0)
        except NotFoundError:
            continue
        customer = living.customer_of(row)
        if row.end_reason is EndReason.TRANSFERRED_OUT and customer:
            call = Call(board.exchange, row, recorded=customer)
            call.customer = inbound.customer_leg(call, customer)
            call.tail = call.adopt(Leg(board.exchange.ari.channel(leg)))
            call.joined = {customer, leg} <= living.talking(owner)
            log.info("tail_taken_up", interaction=owner)
            board.start(call, _tail(call, call.tail))


async def _parties(call: Call, living: Living) -> None:
    """Customer, agent, and whom they asked to join: whoever is there belongs to the call from now on."""
    row, ari = call.interaction, call.exchange.ari
    customer = living.customer_of(row)
    is_talking = row.stage is Stage.TALKING
    if customer and is_talking and not living.in_our_hands(customer):
        call.dialled, call.dialling = inbound.customer_leg(call, customer), True
        # its subscription has outlived us; asked for again, it costs nothing
        await absorbed(
            ari.applications.subscribe(call.exchange.plan.app, event_source=[f"channel:{customer}"])
        )
    elif customer:
        call.customer = inbound.customer_leg(call, customer)
        call.recorded = customer
        call.answered = living.is_up(customer)
    agent = living.agent_of(row, customer) if is_talking else ""
    if agent:
        call.agent = call.adopt(Leg(ari.channel(agent), user=row.agent or ""))
        call.muted = await call.agent.channel.get_var(MUTED) == "yes"
        if call.muted:
            await absorbed(call.agent.channel.mute("in"))  # we may have died between the word and the deed
    if call.customer is None:
        return
    if is_talking:
        await third_party.find(call, living)
        await _back_in_room(call, living)
    elif row.stage is Stage.FLOW:
        _tail_to_come(call, living)


def _missed(call: Call, living: Living) -> EndReason | None:
    """How it ended while nobody listened; None when it goes on."""
    row, consult = call.interaction, call.consult
    talking, agent = row.stage is Stage.TALKING, call.agent
    if call.dialled is not None:
        return None if agent is not None else EndReason.NOT_ANSWERED
    if call.customer is None:
        if talking and row.direction is Direction.OUTBOUND and living.own_phone_rings(row):
            return None  # not dialled yet
        dialling = row.direction is Direction.OUTBOUND or row.callback_address is not None
        if talking and dialling and agent is not None and agent.id not in living.talking(row.id):
            return EndReason.NOT_ANSWERED
        return inbound.LEFT[row.stage]
    if not talking or agent is not None:
        return None
    rung = consult is not None and consult.state == "ringing" and not consult.blind
    left_alone = consult is None and call.customer.id in living.talking(row.id)
    return EndReason.AGENT_HUNG_UP if rung or left_alone else None


async def _ended(call: Call, reason: EndReason) -> None:
    """The record says how it ended; whoever is still on the line is let go as the call closes."""
    match reason:
        case EndReason.LOST:
            actor, detail = "system", DIED
        case EndReason.NOT_ANSWERED | EndReason.AGENT_HUNG_UP:
            actor, detail = call.interaction.agent or "system", AWAY
        case _:
            actor, detail = "customer", AWAY
    await call.exchange.desk.end(call.id, reason, actor=actor, detail=detail)


async def _back_in_room(call: Call, living: Living) -> None:
    """A conversation as it stands goes on untouched, on hold too; else its parties are brought together."""
    inside = living.talking(call.id)
    if call.customer is None:
        return
    if call.consult is not None or (call.agent is not None and call.agent.id in inside):
        call.joined = True
        call.held = call.customer.id not in inside
    elif call.agent is not None:
        await absorbed(call.customer.channel.moh_stop())


def _tail_to_come(call: Call, living: Living) -> None:
    """The flow was sending the caller out: that phone rings on, or has been answered."""
    call.consults, legs = living.thirds_of(call.interaction)
    for leg in legs:
        call.tail = call.adopt(Leg(call.exchange.ari.channel(leg)))
        if living.in_our_hands(leg):
            call.deliver(LegEntered(leg))


async def _life(call: Call) -> None:
    try:
        if call.consult is not None:
            await third_party.go_on(call, call.consult)
    except CentralitaError as error:
        log.warning("consultation_not_taken_up", interaction=call.id, error=str(error))
    await inbound.live(call)


async def _tail(call: Call, tail: Leg) -> None:
    if not call.joined and call.customer is not None:
        await absorbed(call.customer.channel.moh_stop())
        await outbound.join_tail(call, tail)
    await outbound.until_either_leaves(call, tail)
