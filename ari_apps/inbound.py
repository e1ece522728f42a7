"""An inbound call, as it is lived: greeted by the flow, kept waiting, talked with, over."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from ari_apps import conversation, phone_dialogue, waiting
from ari_apps.ari import Conflict, ConnectionLost, NotFound, Refused, models
from ari_apps.call import Call, CustomerLeftError, absorbed
from ari_apps.exchange import Exchange
from ari_apps.legs import Leg, is_outside_line
from ari_apps.ports import Caller
from ivr_flows.effects import Prompt
from ivr_flows.errors import FlowNotFoundError
from voice_core.errors import NotFoundError
from voice_core.interaction import Direction, EndReason, Stage

LEFT: dict[Stage, EndReason] = {
    Stage.FLOW: EndReason.CUSTOMER_LEFT_FLOW,
    Stage.QUEUED: EndReason.ABANDONED,
    Stage.OFFERED: EndReason.ABANDONED,
    Stage.TALKING: EndReason.CUSTOMER_HUNG_UP,
}
"""What a hang-up by the customer means, stage by stage."""

RECONNECT_LIMIT_S = 60.0
"""How long a call waits for a lost line to Asterisk before it is given up."""

IDENTIFY_TIMEOUT_S = 2.0
"""How long a caller waits for the address book."""

SERVED_BY = "TIMEOUT(absolute)"
"""In how many seconds the dialplan takes a caller back; 0 for never."""

NOT_IN_SERVICE = {
    "es": "El número que usted marcó no está en servicio.",
    "en": "The number you have dialled is not in service.",
}

log = structlog.get_logger(__name__)


async def open_call(exchange: Exchange, channel: models.Channel, number: str, *, just_arrived: bool) -> Call:
    """The contact of a channel that just arrived, with its first steps in the flow, in one commit: who needs nothing
    but the queue is rung for after it. The same contact again after a restart.
    """
    desk = exchange.desk
    known = await _known(exchange, channel.caller.number)
    async with desk.together():
        contact = await desk.open(
            channel="voice",
            direction=Direction.INBOUND,
            from_address=channel.caller.number,
            to_address=number,
            external_id=channel.id,
            node=exchange.plan.node,
            flow=exchange.plan.numbers.get(number),
            language=exchange.plan.default_language,
            just_arrived=just_arrived,
        )
        is_new = contact.version == 1 and contact.stage is Stage.FLOW
        if is_new and contact.flow is not None and known.contact_id is not None:
            contact = await desk.identify(contact.id, known.contact_id, known.name)
        call = Call(exchange, contact, last_agent=known.last_agent, just_arrived=just_arrived and is_new)
        if is_new and contact.flow is not None:
            with contextlib.suppress(FlowNotFoundError):  # the call's own life meets it again, and ends aloud
                await phone_dialogue.begin(call)
    return call


async def receive(call: Call) -> None:
    """A call that just came in: known or not, then its life."""
    exchange, contact = call.exchange, call.interaction
    call.recorded = contact.external_id
    await exchange.recording.started(contact.id, contact.external_id)
    if contact.flow is None and contact.stage is Stage.FLOW:
        await _turn_away(call)
        return
    await live(call)


async def live(call: Call) -> None:
    """Look at the stage, run the stage, repeat: the same for a new call and after a crash."""
    while True:
        try:
            await _take_in_hand(call)
            await phone_dialogue.pick_up(call)
            match call.stage:
                case Stage.FLOW:
                    await phone_dialogue.run(call)
                case Stage.QUEUED | Stage.OFFERED:
                    await waiting.run(call)
                case Stage.TALKING:
                    await conversation.run(call)
                case _:
                    return
        except CustomerLeftError:
            await _customer_left(call)
            return
        except ConnectionLost:
            # the people are still there: once Asterisk answers again, the stage is entered from cold
            call.just_arrived = False
            async with asyncio.timeout(RECONNECT_LIMIT_S):
                await call.heard_again()
            if call.given_up.is_set():
                return


async def _take_in_hand(call: Call) -> None:
    """Who came from a trunk stays with us; until it is said, the dialplan takes a caller nobody serves back (0012).

    Asked first, and before anything is played: Asterisk sets a variable in the channel's own thread, and while that plays or
    records, a socket that waits for it serves nobody.
    """
    if call.in_hand or call.customer is None:
        return
    channel = call.customer.channel
    came_in = call.interaction.direction is Direction.INBOUND and not is_outside_line(channel.id)
    if came_in and (call.just_arrived or await channel.get_var(SERVED_BY) not in ("0", None)):
        with contextlib.suppress(NotFound, Conflict, Refused):  # it has left, or is leaving
            await channel.set_var(SERVED_BY, "0")
    call.in_hand = True


async def _customer_left(call: Call) -> None:
    """The desk knows the stage best: it may have moved while the hang-up was on its way."""
    try:
        current = call.exchange.desk.interaction(call.id)
    except NotFoundError:
        return
    reason = LEFT.get(current.stage)
    if call.message_kept and current.stage is Stage.FLOW:
        reason = EndReason.VOICEMAIL_LEFT
    if reason is not None and call.lost:
        await call.exchange.desk.end(call.id, EndReason.LOST, actor="system", detail="Asterisk died")
    elif reason is not None:
        await call.exchange.desk.end(call.id, reason, actor="customer")


async def identify(call: Call) -> None:
    """Whom an agent dials."""
    contact = call.interaction
    if contact.to_address and not contact.contact_id:
        known = await _known(call.exchange, contact.to_address)
        if known.contact_id is not None:
            call.interaction = await call.exchange.desk.identify(contact.id, known.contact_id, known.name)


async def _known(exchange: Exchange, number: str) -> Caller:
    """Who has this number, before anybody answers (E15). An address book that fails never costs the call."""
    if not number:
        return Caller()
    try:
        async with asyncio.timeout(IDENTIFY_TIMEOUT_S):
            return await exchange.contacts.find_by_number(number)
    except Exception as error:  # noqa: BLE001 - whatever an address book fails with, the caller is served
        log.warning("identify_failed", error=str(error))
        return Caller()


async def _turn_away(call: Call) -> None:
    """Nobody answers at this number: say so, and keep the record."""
    exchange = call.exchange
    prompts = [Prompt(text=text, file=None, language=language) for language, text in NOT_IN_SERVICE.items()]
    await absorbed(_take_in_hand(call))
    try:
        if call.customer is not None and await absorbed(call.customer.channel.answer()):
            await phone_dialogue.say(call, prompts)
    except CustomerLeftError:
        pass
    await exchange.desk.end(
        call.id, EndReason.UNKNOWN_NUMBER, actor="system", detail=call.interaction.to_address
    )


def customer_leg(call: Call, channel_id: str) -> Leg:
    return call.adopt(Leg(call.exchange.ari.channel(channel_id)))
