"""Passing a customer on: blind, after a consultation, or staying as three. A target that fails leaves the
agent with the customer.
"""

from __future__ import annotations

from typing import Literal

from ari_apps import conversation, outbound
from ari_apps.ari import AriError
from ari_apps.call import Call, Consult, absorbed
from ari_apps.commands import Target
from ari_apps.joining import open_consultation, open_room
from ari_apps.legs import Leg, consult_bridge_id, consult_leg_id
from ari_apps.phones import SIP_SUFFIX
from ari_apps.presenter import caller_id
from ari_apps.signals import LegEntered, LegGone, Referred
from voice_core.agent import AgentStatus
from voice_core.errors import CentralitaError, InvalidInputError, StageError, UnavailableError
from voice_core.interaction import EndReason
from voice_core.ledger import Kind

CONSULT_RING_S = 25


async def blind(call: Call, agent: str, target: Target) -> None:
    """To a queue or an agent: waiting again, ahead of the others. To a number: connected once it answers."""
    desk = call.exchange.desk
    if target.kind == "number":
        await start(call, agent, target, is_blind=True)
        return
    if target.kind == "agent":
        _require_reachable(call, target.value)
        if desk.agent(target.value).status is not AgentStatus.AVAILABLE:
            raise UnavailableError("This agent is not free now.", agent=target.value)
        call.interaction = await desk.transfer(call.id, to_agent=target.value, by=agent)
    else:
        call.interaction = await desk.transfer(call.id, to_queue=target.value, by=agent)
    leg, call.agent = call.agent, None
    await call.hang_up(leg)
    call.muted = False
    if call.held and call.customer is not None:
        call.held = False
        await absorbed(call.customer.channel.moh_stop())


async def referred(call: Call, asked: Referred) -> None:
    """The agent's own phone transfers (SIP REFER): done as if asked for at the panel, and told to the phone."""
    agent, progress = call.interaction.agent or "", call.exchange.ari.channels.transfer_progress
    try:
        if asked.attended:
            raise InvalidInputError(
                "A phone's own attended transfer is not done here; consult from the panel."
            )
        if call.consult is not None:
            raise StageError("Finish or cancel the consultation first.")
        await blind(call, agent, target_of(call, asked.destination))
    except (CentralitaError, AriError) as error:
        await _note(
            call, Kind.TRANSFER_FAILED, {"to": asked.destination, "reason": getattr(error, "code", "")}
        )
        await absorbed(progress(asked.channel_id, states="channel_unavailable"))
    else:
        await absorbed(progress(asked.channel_id, states="channel_answered"))


def target_of(call: Call, destination: str) -> Target:
    """What a phone's transfer means: a colleague, a queue or a number."""
    user = destination.removeprefix("sip:").partition("@")[0]
    colleague = user.removesuffix(SIP_SUFFIX)
    if any(agent.id == colleague for agent in call.exchange.desk.agents()):
        return Target("agent", colleague)
    return Target("queue", user) if user in call.exchange.plan.queues else Target("number", user)


async def start(call: Call, agent: str, target: Target, *, is_blind: bool = False) -> None:
    """The customer hears music while the third party is rung; the agent hears it ring."""
    if call.agent is None or call.customer is None:
        raise StageError("There is nobody to consult about.")
    queue = target.value if target.kind == "queue" else None
    if queue is not None:
        target = _somebody_in(call, queue)
    kind: Literal["agent", "number"] = "number" if target.kind == "number" else "agent"
    consult = Consult(call.consults + 1, target.value, kind, blind=is_blind)
    said: dict[str, object] = {
        "n": consult.number,
        "kind": kind,
        "to": target.value,
        "consulted": not is_blind,
    }
    ring = _ring_colleague if kind == "agent" else _ring_number
    await ring(call, consult, said | ({"queue": queue} if queue else {}))
    call.consult = consult
    await conversation.hold(call, agent)
    await absorbed(call.exchange.ari.bridge(call.room_id).remove([call.agent.id]))
    await absorbed(call.agent.channel.ring())


async def consult_news(call: Call, signal: LegEntered | LegGone) -> None:
    """The third party answered, refused or left."""
    consult = call.consult
    if consult is None:
        return
    if isinstance(signal, LegEntered):
        await _third_answered(call, consult, signal.channel_id)
        return
    consult.legs.pop(signal.channel_id, None)
    if not consult.legs:
        await third_gone(call, consult, signal.cause)


async def third_gone(call: Call, consult: Consult, cause: int) -> None:
    """Agent and customer go on together. `cause` is Q.850, 0 unknown."""
    why: dict[str, object] = {"cause": cause} if consult.state == "ringing" else {"reason": "left"}
    if consult.state != "conference":
        await _note(call, Kind.TRANSFER_FAILED, {"to": consult.target, **why})
    await _back_to_customer(call, consult)


async def complete(call: Call, agent: str) -> None:
    """The third party keeps the customer; the agent is free."""
    consult = _answered(call)
    customer, third = call.customer, consult.leg
    if customer is None:
        return
    bridge = await open_room(call)
    if consult.kind == "agent":
        call.interaction = await call.exchange.desk.hand_over(call.id, consult.target, agent)
        await call.exchange.desk.leave(call.id, consult.target, agent)
    else:
        await _note(call, Kind.TRANSFER_COMPLETED, {"to": consult.target})
        call.interaction = await call.exchange.desk.end(call.id, EndReason.TRANSFERRED_OUT, actor=agent)
    leg, call.agent = call.agent, None
    await call.hang_up(leg)
    if call.held:
        call.held = False
        await absorbed(customer.channel.moh_stop())
    await bridge.add([third.id])
    await bridge.add([customer.id])
    call.muted = False
    call.consult = None
    if consult.kind == "agent":
        call.agent = third
        call.tell_screens()
        return
    call.tail = third


async def cancel(call: Call) -> None:
    """Back to the customer; the third party is hung up."""
    consult = call.consult
    if consult is None:
        raise StageError("There is no consultation.")
    for leg in consult.legs.values():
        await call.hang_up(leg)
    await _note(call, Kind.TRANSFER_FAILED, {"to": consult.target, "reason": "cancelled"})
    await _back_to_customer(call, consult)


async def drop(call: Call) -> None:
    """The agent's line broke: the third party is let go, the customer stays on hold."""
    consult, call.consult = call.consult, None
    if consult is None:
        return
    for leg in consult.legs.values():
        await call.hang_up(leg)
    if consult.kind == "agent":
        await call.exchange.desk.leave(call.id, consult.target, call.interaction.agent or "system")
    await absorbed(call.exchange.ari.bridge(consult_bridge_id(call.head, consult.number)).destroy())
    await _note(call, Kind.TRANSFER_FAILED, {"to": consult.target, "reason": "agent_lost"})


async def conference(call: Call, agent: str) -> None:
    """Customer, agent and third party in one bridge."""
    consult = _answered(call)
    if call.agent is None or call.customer is None:
        raise StageError("Somebody has left already.")
    bridge = await open_room(call)
    await bridge.add([call.agent.id, consult.leg.id])
    await conversation.resume(call, agent)
    consult.state = "conference"
    await _note(call, Kind.CONFERENCED, {"with": consult.target})


async def _third_answered(call: Call, consult: Consult, leg_id: str) -> None:
    winner = consult.legs.pop(leg_id)
    for other in consult.legs.values():
        await call.hang_up(other)
    consult.legs = {winner.id: winner}
    consult.state = "talking"
    if call.agent is not None:
        await absorbed(call.agent.channel.ring_stop())
    if consult.blind:
        await complete(call, call.interaction.agent or "")
        return
    bridge = await open_consultation(call, consult_bridge_id(call.head, consult.number))
    await absorbed(bridge.add([winner.id]))
    if call.agent is not None:
        await absorbed(bridge.add([call.agent.id]))
    call.tell_screens()


async def _back_to_customer(call: Call, consult: Consult) -> None:
    """Agent and customer together again."""
    call.consult = None
    if consult.kind == "agent":
        await call.exchange.desk.leave(call.id, consult.target, call.interaction.agent or "system")
    if call.agent is not None:
        await absorbed(call.agent.channel.ring_stop())
        bridge = await open_room(call)
        await absorbed(bridge.add([call.agent.id]))
    await absorbed(call.exchange.ari.bridge(consult_bridge_id(call.head, consult.number)).destroy())
    await conversation.resume(call, call.interaction.agent or "system")
    call.tell_screens()


async def _ring_number(call: Call, consult: Consult, said: dict[str, object]) -> None:
    agent = call.interaction.agent or "system"
    await call.exchange.lines.require(consult.target, agent)
    await _begun(call, consult, said)
    try:
        leg = await outbound.ring_outside(call, consult.target, consult.number, agent)
    except CentralitaError as error:
        await _note(call, Kind.TRANSFER_FAILED, {"to": consult.target, "reason": error.code})
        raise
    consult.legs[leg.id] = leg


async def _ring_colleague(call: Call, consult: Consult, said: dict[str, object]) -> None:
    """All the colleague's phones; the router gives them nothing else meanwhile."""
    exchange, agent = call.exchange, call.interaction.agent or ""
    if consult.target == agent:
        raise InvalidInputError("You cannot consult yourself.")
    endpoints = _require_reachable(call, consult.target)
    await exchange.desk.join(call.id, consult.target, agent)
    await _begun(call, consult, said)
    for endpoint in endpoints:
        leg_id = consult_leg_id(call.head, consult.number, endpoint)
        leg = call.adopt(Leg(exchange.ari.channel(leg_id), user=consult.target))
        try:
            await exchange.ari.originate(
                exchange.phones.dial(endpoint),
                leg_id,
                app_args=f"consult,{call.id},{consult.number}",
                caller_id=caller_id(call.interaction),
                timeout_s=CONSULT_RING_S,
            )
        except AriError:
            exchange.routes.release(leg_id)
        else:
            consult.legs[leg_id] = leg
    if not consult.legs:
        await exchange.desk.leave(call.id, consult.target, agent)
        await _note(call, Kind.TRANSFER_FAILED, {"to": consult.target, "reason": UnavailableError.code})
        raise UnavailableError("This agent's phone cannot be rung now.", agent=consult.target)


async def _begun(call: Call, consult: Consult, said: dict[str, object]) -> None:
    """Written down before anything rings: who takes this call up after a crash knows whom it may find."""
    call.consults = consult.number
    await _note(call, Kind.TRANSFER_STARTED, said)


def _somebody_in(call: Call, queue: str) -> Target:
    """To consult a queue is to consult whoever of it is free, as the router would choose."""
    free = call.exchange.desk.free_for(call.id, queue)
    if free is None:
        raise UnavailableError("Nobody in this queue is free now; transfer to it instead.", queue=queue)
    return Target("agent", free.id)


def _require_reachable(call: Call, agent: str) -> list[str]:
    call.exchange.desk.agent(agent)  # NotFoundError
    endpoints = call.exchange.phones.online(agent)
    if not endpoints:
        raise UnavailableError("This agent has no phone connected.", agent=agent)
    return endpoints


def _answered(call: Call) -> Consult:
    if call.consult is None:
        raise StageError("There is no consultation.")
    if call.consult.state == "ringing":
        raise StageError("The other side has not answered yet.")
    return call.consult


async def _note(call: Call, kind: Kind, data: dict[str, object]) -> None:
    await call.exchange.desk.note(call.id, kind, call.interaction.agent or "system", data)
