"""Legs we dial: an agent's own phone, a customer, an outside number. Nothing goes out past the allow-list."""

from __future__ import annotations

import asyncio

from ari_apps.ari import AriError
from ari_apps.call import Call, CustomerLeftError, absorbed
from ari_apps.commands import HangUp
from ari_apps.joining import open_room
from ari_apps.legs import Leg, customer_leg_id, outside_leg_id, own_leg_id
from ari_apps.lines import Way
from ari_apps.presenter import caller_id
from ari_apps.signals import Asked, LegEntered, LegGone, LegRinging
from ari_apps.words import CANNOT_CONNECT, Words, why_not
from ivr_flows.inputs import Failed, Input
from voice_core.errors import CentralitaError, StageError
from voice_core.interaction import EndReason, Stage
from voice_core.ledger import Kind

OWN_RING_S = 15.0
"""An agent's own phone answers by itself (browser), or is beside them."""

SPOKEN_LIMIT_S = 12.0


async def ring_own_agent(call: Call, *, ends_call: bool = True) -> bool:
    """Bring the agent's own phone into the call; browsers answer by themselves. Sets `call.agent`."""
    agent = call.interaction.agent or ""
    legs = await _ring_phones(call, agent)
    deadline = call.now() + OWN_RING_S
    while legs and call.agent is None and call.stage is Stage.TALKING:
        try:
            signal = await call.next(deadline)
        except TimeoutError:
            break
        match signal:
            case LegEntered(channel_id=entered) if entered in legs:
                call.agent = legs.pop(entered)
            case LegGone(channel_id=gone):
                legs.pop(gone, None)
            case Asked(command=HangUp()) if ends_call:
                signal.done()
                break
            case Asked():
                signal.refuse(StageError("Your phone is being rung."))
    for leg in legs.values():
        await call.hang_up(leg)
    if call.agent is None and ends_call:
        await _end(call, EndReason.NOT_ANSWERED, "the agent's own phone did not answer")
    return call.agent is not None


async def _ring_phones(call: Call, agent: str) -> dict[str, Leg]:
    exchange = call.exchange
    legs: dict[str, Leg] = {}
    attempt = call.fresh()
    device = call.interaction.data.get("device")
    for endpoint in exchange.phones.online(agent):
        if device and endpoint != device:
            continue
        leg_id = own_leg_id(call.head, agent, endpoint, attempt)
        leg = call.adopt(Leg(exchange.ari.channel(leg_id), user=agent))
        try:
            await exchange.ari.originate(
                exchange.phones.dial(endpoint),
                leg_id,
                app_args=f"agent,{call.id},own",
                caller_id=caller_id(call.interaction),
                timeout_s=int(OWN_RING_S),
                variables=exchange.plan.auto_answer,
            )
        except AriError:
            exchange.routes.release(leg_id)
        else:
            legs[leg_id] = leg
    return legs


async def dial_customer(call: Call, number: str) -> bool:
    """Dial the customer through the trunk while the agent hears it ring. Sets `call.customer`.

    A phone that rings since before a restart (`call.dialled`) rings on.
    """
    if call.dialled is None:
        try:
            await _place(call, number)
        except CentralitaError as error:
            await _say_to_agent(call, why_not(error))
            await _end(call, EndReason.NOT_ANSWERED, error.code)
            return False
    leg, gone = call.dialled, None
    if leg is not None:
        gone = await _until_answered(call, leg, call.exchange.plan.outbound.ring_timeout_s)
    call.dialled = None
    if leg is not None and gone is None:
        await _customer_here(call, leg)
        return True
    await call.hang_up(leg)
    if call.stage is Stage.TALKING and call.agent is not None:
        await _say_to_agent(call, CANNOT_CONNECT)
    await _end(call, EndReason.NOT_ANSWERED, _why(gone))
    return False


async def _place(call: Call, number: str) -> None:
    """Sets `call.dialled`, unless Asterisk refuses. Raises CentralitaError when the centre does."""
    exchange, leg_id = call.exchange, customer_leg_id(call.head)
    way = await exchange.lines.claim(call.id, leg_id, number, call.interaction.agent or "system")
    leg = call.adopt(Leg(exchange.ari.channel(leg_id)))
    try:
        await _originate_recorded(call, way, leg)
    except* AriError:
        await call.hang_up(leg)
        await exchange.lines.closed(leg_id)
    else:
        call.dialled = leg


async def _customer_here(call: Call, leg: Leg) -> None:
    """They answered: recorded by the dialplan since then."""
    call.customer = leg
    call.dialling = False
    call.tell_screens()
    if call.agent is not None:
        await absorbed(call.agent.channel.answer())  # who dialled on a desk phone has only heard it ring
    call.recorded = leg.id
    await call.exchange.recording.started(call.id, leg.id)


async def _originate_recorded(call: Call, way: Way, leg: Leg) -> None:
    """Into the dialplan that records from the first second. The leg is not in our application until answered,
    so its events are asked for in the same breath: a refusal must not come before we listen.
    """
    ari = call.exchange.ari
    async with asyncio.TaskGroup() as breath:
        breath.create_task(
            ari.channels.originate_with_id(
                leg.id,
                endpoint=way.endpoint,
                caller_id=way.caller_id,
                timeout=way.ring_timeout_s,
                context="outbound-recorded",
                extension="s",
                priority=1,
                variables={"CENTRALITA_ARGS": f"customer\\,{call.id}", **way.variables},
            )
        )
        breath.create_task(
            ari.applications.subscribe(call.exchange.plan.app, event_source=[f"channel:{leg.id}"])
        )


async def _until_answered(call: Call, leg: Leg, limit_s: float) -> LegGone | None:
    """None once the leg is in our hands; else how it went (cause 0: the agent gave up, or time)."""
    deadline = call.now() + limit_s + 2
    given_up = LegGone(leg.id)
    if call.agent is not None:
        await absorbed(call.agent.channel.ring())
    try:
        while call.stage is Stage.TALKING:
            try:
                signal = await call.next(deadline)
            except TimeoutError:
                return given_up
            match signal:
                case LegEntered(channel_id=entered) if entered == leg.id:
                    return None
                case LegGone(channel_id=gone) if gone == leg.id:
                    return signal
                case LegGone(channel_id=gone) if call.agent is not None and gone == call.agent.id:
                    call.agent = None
                    return given_up
                case Asked(command=HangUp()):
                    signal.done()
                    leg_of_agent, call.agent = call.agent, None
                    await call.hang_up(leg_of_agent)
                    return given_up
                case Asked():
                    signal.refuse(StageError("The customer has not answered yet."))
                case LegRinging():
                    pass
        return given_up
    finally:
        if call.agent is not None:
            await absorbed(call.agent.channel.ring_stop())


async def _say_to_agent(call: Call, words: Words) -> None:
    """The agent hears why nobody is there."""
    if call.agent is None:
        return
    await absorbed(call.agent.channel.answer())
    media = await call.exchange.speech.media([words.in_language(call.exchange.plan.default_language)])
    if not await absorbed(call.play(call.agent, media)):
        return
    deadline = call.now() + SPOKEN_LIMIT_S
    while call.playing and call.agent is not None:
        try:
            signal = await call.next(deadline)
        except TimeoutError:
            return
        match signal:
            case LegGone(channel_id=gone) if gone == call.agent.id:
                call.agent = None
            case Asked(command=HangUp()):
                signal.done()
                return
            case Asked():
                signal.refuse(StageError("The customer did not answer."))


async def ring_outside(call: Call, number: str, consult_number: int, by: str) -> Leg:
    """Ring an outside number for a call that is being recorded already. Raises CentralitaError, AriError among them."""
    exchange, leg_id = call.exchange, outside_leg_id(call.head, consult_number)
    way = await exchange.lines.claim(call.id, leg_id, number, by)
    leg = call.adopt(Leg(exchange.ari.channel(leg_id)))
    try:
        await exchange.ari.originate(
            way.endpoint,
            leg.id,
            app_args=f"consult,{call.id},{consult_number}",
            caller_id=way.caller_id,
            timeout_s=way.ring_timeout_s,
            variables=way.variables,
        )
    except AriError:
        exchange.routes.release(leg.id)
        await exchange.lines.closed(leg.id)
        raise
    return leg


async def transfer_out(call: Call, number: str) -> Input | None:
    """The flow sends the caller to an outside number; None once they talk and it is over for us."""
    if call.customer is None:
        return Failed("no_leg")
    try:
        leg = call.tail or await _begin_transfer(call, number)  # it may ring since before a restart
    except CentralitaError as error:
        await _transfer_failed(call, number, error.code)
        return Failed(error.code)
    await absorbed(call.customer.channel.ring())
    answered = await _outside_answered(call, leg)
    if call.customer is not None:
        await absorbed(call.customer.channel.ring_stop())
    if not answered:
        call.tail = None
        await call.hang_up(leg)
        await _transfer_failed(call, number, "not_answered")
        return Failed("not_answered")
    await join_tail(call, leg)
    call.interaction = await call.exchange.desk.end(call.id, EndReason.TRANSFERRED_OUT, actor="flow")
    await until_either_leaves(call, leg)
    return None


async def _begin_transfer(call: Call, number: str) -> Leg:
    """Written down, then rung. Sets `call.tail`. Raises CentralitaError."""
    await call.exchange.lines.require(number, "flow")
    call.consults += 1
    said = {"n": call.consults, "kind": "number", "to": number}
    await call.exchange.desk.note(call.id, Kind.TRANSFER_STARTED, "flow", said)
    call.tail = leg = await ring_outside(call, number, call.consults, "flow")
    return leg


async def _transfer_failed(call: Call, number: str, reason: str) -> None:
    await call.exchange.desk.note(call.id, Kind.TRANSFER_FAILED, "flow", {"to": number, "reason": reason})


async def join_tail(call: Call, tail: Leg) -> None:
    """The customer and the outside party who keeps them, in one room. Raises AriError."""
    bridge = await open_room(call)
    await bridge.add([tail.id])
    if call.customer is not None:
        await bridge.add([call.customer.id])


async def _outside_answered(call: Call, leg: Leg) -> bool:
    deadline = call.now() + call.exchange.plan.outbound.ring_timeout_s + 2
    while True:
        try:
            signal = await call.next(deadline)
        except TimeoutError:
            return False
        match signal:
            case LegEntered(channel_id=entered) if entered == leg.id:
                return True
            case LegGone(channel_id=gone) if gone == leg.id:
                return False
            case Asked():
                signal.refuse(StageError("Nobody has answered this call yet."))


async def until_either_leaves(call: Call, other: Leg) -> None:
    """Two people talk whom we only joined; the contact is over for us. Whoever stays is let go as the call closes."""
    while True:
        try:
            signal = await call.next()
        except CustomerLeftError:
            return
        match signal:
            case LegGone(channel_id=gone) if gone == other.id:
                return
            case Asked():
                signal.refuse(StageError("This call has left the house."))


async def _end(call: Call, reason: EndReason, detail: str) -> None:
    actor = call.interaction.agent or "system"
    call.interaction = await call.exchange.desk.end(call.id, reason, actor=actor, detail=detail)


def _why(gone: LegGone | None) -> str:
    if gone is None:
        return "not_answered"
    if gone.sip_status:
        return f"sip_{gone.sip_status}"
    return f"cause_{gone.cause}" if gone.cause else "not_answered"
