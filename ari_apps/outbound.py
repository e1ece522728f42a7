"""Legs we dial: an agent's own phone, a customer, an outside number. Nothing goes out past the allow-list."""

from __future__ import annotations

import asyncio

from ari_apps.ari import AriError
from ari_apps.call import Call, CustomerLeftError, absorbed
from ari_apps.commands import HangUp
from ari_apps.joining import open_room
from ari_apps.legs import Leg, customer_leg_id, outside_leg_id, own_leg_id
from ari_apps.presenter import caller_id
from ari_apps.signals import Asked, LegEntered, LegGone, LegRinging
from ari_apps.words import CANNOT_CONNECT
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
    call.own_rings += 1
    device = call.interaction.data.get("device")
    for endpoint in exchange.phones.online(agent):
        if device and endpoint != device:
            continue
        leg_id = own_leg_id(call.id, agent, endpoint, call.own_rings)
        leg = call.adopt(Leg(exchange.ari.channel(leg_id), user=agent))
        try:
            await exchange.ari.originate(
                f"PJSIP/{endpoint}",
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
    """Dial the customer through the trunk while the agent hears it ring. Sets `call.customer`."""
    exchange, rules = call.exchange, call.exchange.plan.outbound
    try:
        dialled = rules.check(number)
        exchange.require_free_line()
    except CentralitaError as error:
        await _end(call, EndReason.NOT_ANSWERED, error.code)
        return False
    leg = call.adopt(Leg(exchange.ari.channel(customer_leg_id(call.id))))
    gone: LegGone | None = LegGone(leg.id)
    try:
        await _originate_recorded(call, dialled, leg)
    except* AriError:
        await call.hang_up(leg)
    else:
        gone = await _until_answered(call, leg, rules.ring_timeout_s)
    if gone is None:
        call.customer = leg
        call.dialling = False
        call.tell_screens()
        if call.agent is not None:
            await absorbed(call.agent.channel.answer())  # who dialled on a desk phone has only heard it ring
        call.recorded = leg.id
        await exchange.recording.started(call.id, leg.id)
        return True
    await call.hang_up(leg)
    if call.stage is Stage.TALKING and call.agent is not None:
        await _say_to_agent(call)
    await _end(call, EndReason.NOT_ANSWERED, _why(gone))
    return False


async def _originate_recorded(call: Call, dialled: str, leg: Leg) -> None:
    """Into the dialplan that records from the first second. The leg is not in our application until answered,
    so its events are asked for in the same breath: a refusal must not come before we listen.
    """
    ari, rules = call.exchange.ari, call.exchange.plan.outbound
    async with asyncio.TaskGroup() as breath:
        breath.create_task(
            ari.channels.originate_with_id(
                leg.id,
                endpoint=f"PJSIP/{dialled}@{rules.trunk}",
                caller_id=rules.caller_id or None,
                timeout=int(rules.ring_timeout_s),
                context="outbound-recorded",
                extension="s",
                priority=1,
                variables={"CENTRALITA_ARGS": f"customer\\,{call.id}"},
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


async def _say_to_agent(call: Call) -> None:
    """The agent hears why nobody is there."""
    if call.agent is None:
        return
    await absorbed(call.agent.channel.answer())
    media = await call.exchange.speech.media(
        [CANNOT_CONNECT.in_language(call.exchange.plan.default_language)]
    )
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


async def ring_outside(call: Call, number: str, consult_number: int) -> Leg:
    """Ring an outside number for a call that is being recorded already. Raises CentralitaError, AriError."""
    exchange, rules = call.exchange, call.exchange.plan.outbound
    dialled = rules.check(number)
    exchange.require_free_line()
    leg = call.adopt(Leg(exchange.ari.channel(outside_leg_id(call.id, consult_number))))
    try:
        await exchange.ari.originate(
            f"PJSIP/{dialled}@{rules.trunk}",
            leg.id,
            app_args=f"consult,{call.id},{consult_number}",
            caller_id=rules.caller_id or None,
            timeout_s=int(rules.ring_timeout_s),
        )
    except AriError:
        exchange.routes.release(leg.id)
        raise
    return leg


async def transfer_out(call: Call, number: str) -> Input | None:
    """The flow sends the caller to an outside number; None once they talk and it is over for us."""
    if call.customer is None:
        return Failed("no_leg")
    call.consults += 1
    try:
        leg = await ring_outside(call, number, call.consults)
    except CentralitaError as error:
        await call.exchange.desk.note(call.id, Kind.TRANSFER_FAILED, "flow", {"reason": error.code})
        return Failed(error.code)
    await call.exchange.desk.note(call.id, Kind.TRANSFER_STARTED, "flow", {"kind": "number", "to": number})
    await absorbed(call.customer.channel.ring())
    try:
        answered = await _outside_answered(call, leg)
    except CustomerLeftError:
        await call.hang_up(leg)
        raise
    if not answered:
        await call.hang_up(leg)
        await absorbed(call.customer.channel.ring_stop())
        await call.exchange.desk.note(call.id, Kind.TRANSFER_FAILED, "flow", {"reason": "not_answered"})
        return Failed("not_answered")
    await absorbed(call.customer.channel.ring_stop())
    bridge = await open_room(call)
    await bridge.add([call.customer.id, leg.id])
    call.interaction = await call.exchange.desk.end(call.id, EndReason.TRANSFERRED_OUT, actor="flow")
    await until_either_leaves(call, leg)
    return None


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
    """Two people talk whom we only joined; the contact is over for us."""
    try:
        while True:
            match await call.next():
                case LegGone(channel_id=gone) if gone == other.id:
                    return
                case Asked() as asked:
                    asked.refuse(StageError("This call has left the house."))
    except CustomerLeftError:
        pass
    finally:
        await asyncio.shield(call.hang_up(other))


async def _end(call: Call, reason: EndReason, detail: str) -> None:
    actor = call.interaction.agent or "system"
    call.interaction = await call.exchange.desk.end(call.id, reason, actor=actor, detail=detail)


def _why(gone: LegGone) -> str:
    if gone.sip_status:
        return f"sip_{gone.sip_status}"
    return f"cause_{gone.cause}" if gone.cause else "not_answered"
