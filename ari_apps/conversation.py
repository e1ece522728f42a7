"""Customer and agent talk: one bridge, and what either side or a screen may do to it."""

from __future__ import annotations

from ari_apps import outbound, queue_room, transfer
from ari_apps.ari import AriError
from ari_apps.ari.errors import is_channel_gone
from ari_apps.call import Call, absorbed
from ari_apps.commands import (
    CancelConsult,
    CompleteConsult,
    Conference,
    HangUp,
    Hold,
    Mute,
    Reattach,
    Resume,
    SendDigits,
    StartConsult,
    TakeOver,
    Transfer,
)
from ari_apps.joining import open_room
from ari_apps.legs import MUTED, Leg, consult_bridge_id, is_browser_leg
from ari_apps.signals import Asked, LegEntered, LegGone, Referred
from voice_core.errors import CentralitaError, InvalidInputError, StageError, UnavailableError
from voice_core.interaction import Direction, EndReason, Stage
from voice_core.ledger import Kind

AGENT_LEG_LIMIT_S = 5.0
"""From the desk's accept to the agent's leg in our hands; more means that it is lost."""

REATTACH_LIMIT_S = 30.0
"""How long the customer hears music while an agent whose line broke comes back."""

BROKEN_CAUSES = frozenset({38, 41, 44, 102, 127})
"""Q.850 causes of a line that broke (no media, transport gone, timer) rather than a hang-up."""

DIGITS = frozenset("0123456789*#ABCD")
DIGITS_LIMIT = 64


async def run(call: Call) -> None:
    """Until the contact is over or waits again. Raises CustomerLeftError."""
    try:
        if call.joined or call.consult is not None:
            call.joined = False
            call.conversation_over.clear()
        else:
            await open_room(call)
            if not await _both_here(call):
                return
            await _connect(call)
        call.hear_early()
        while call.stage is Stage.TALKING:
            await _step(call)
        if call.tail is not None:
            await outbound.until_either_leaves(call, call.tail)
    finally:
        call.conversation_over.set()


async def _both_here(call: Call) -> bool:
    """The agent's leg, and the customer's: dialled when the agent called, or for a callback."""
    call.conversation_over.clear()
    contact = call.interaction
    await call.stop_playing()
    if call.customer is None:
        call.dialling = True
        call.tell_screens()
    if contact.direction is Direction.OUTBOUND and call.agent is None:
        if not await outbound.ring_own_agent(call):
            return False
    elif not await _agent_here(call):
        await _agent_lost(call)
        if call.agent is None:
            return False
    if call.customer is None:
        number = contact.callback_address or contact.to_address
        return await outbound.dial_customer(call, number)
    return True


async def _agent_here(call: Call) -> bool:
    deadline = call.now() + AGENT_LEG_LIMIT_S
    while call.agent is None and call.stage is Stage.TALKING:
        try:
            signal = await call.next(deadline)
        except TimeoutError:
            return False
        if isinstance(signal, Asked):
            call.too_early(signal, "The call is just being connected.")
    return call.agent is not None


async def _connect(call: Call) -> None:
    """Both into the conversation's bridge, the customer out of the queue's room."""
    if call.customer is None or call.agent is None:
        return
    bridge = call.exchange.ari.bridge(call.room_id)
    queue_room.depart(call)
    try:
        await bridge.add([call.agent.id, call.customer.id])
        queue_room.left(call)
    except AriError as error:
        routes = call.exchange.routes
        if routes.owned(call.customer.id) and routes.owned(call.agent.id) and not is_channel_gone(error):
            raise  # both are there, and still it failed: the call fails aloud
        # one of them is hanging up: its end is in the inbox, or on its way


async def _step(call: Call) -> None:
    """The next thing that happens in the conversation."""
    handed_on = call.consult is not None and call.consult.blind
    if call.agent is None and not handed_on:
        await (_give_to_anybody(call) if call.agent_left else _agent_lost(call))
        return
    agent_leg = call.agent.id if call.agent is not None else None
    signal = await call.next()
    match signal:
        case Asked():
            await _asked(call, signal)
        case Referred() if signal.channel_id == agent_leg:
            await transfer.referred(call, signal)
        case LegGone() if signal.channel_id == agent_leg:
            call.agent = None
            await _agent_gone(call, signal)
        case LegEntered() | LegGone() if call.consult and signal.channel_id in call.consult.legs:
            await transfer.consult_news(call, signal)


async def _asked(call: Call, asked: Asked) -> None:
    """Do it, and tell the one who asked how it went."""
    try:
        await _carry_out(call, asked)
    except (CentralitaError, AriError) as error:
        asked.refuse(error)
    else:
        asked.done()
    finally:
        asked.refuse(StageError("The call ended meanwhile."))  # nobody waits in vain; no-op when answered


async def _carry_out(call: Call, asked: Asked) -> None:
    match asked.command:
        case Hold(agent=agent):
            await hold(call, agent)
        case Resume(agent=agent):
            _no_consult(call)
            await resume(call, agent)
        case Mute(on=on):
            await _mute(call, on)
        case SendDigits(digits=digits):
            await _send_digits(call, digits)
        case HangUp(agent=agent):
            await _agent_hangs_up(call, agent)
        case Transfer(target=target, agent=agent):
            _no_consult(call)
            await transfer.blind(call, agent, target)
        case StartConsult(target=target, agent=agent):
            _no_consult(call)
            await transfer.start(call, agent, target)
        case CompleteConsult(agent=agent):
            await transfer.complete(call, agent)
        case CancelConsult():
            await transfer.cancel(call)
        case Conference(agent=agent):
            await transfer.conference(call, agent)
        case Reattach(agent=agent):
            await reattach(call, agent)
        case TakeOver(agent=supervisor, channel_id=channel_id):
            await _take_over(call, supervisor, channel_id)


async def hold(call: Call, actor: str) -> None:
    """The customer hears music; the agent stays alone in the bridge. The recording goes on."""
    if call.held or call.customer is None:
        return
    await call.exchange.ari.bridge(call.room_id).remove([call.customer.id])
    await call.customer.channel.moh_start(call.exchange.plan.queue(call.interaction.queue).music)
    call.held = True
    await call.exchange.desk.note(call.id, Kind.HELD, actor)


async def resume(call: Call, actor: str) -> None:
    """The customer is back in the conversation."""
    if not call.held or call.customer is None:
        return
    await call.customer.channel.moh_stop()
    await call.exchange.ari.bridge(call.room_id).add([call.customer.id])
    call.held = False
    await call.exchange.desk.note(call.id, Kind.RESUMED, actor)


async def reattach(call: Call, agent: str) -> None:
    """After a page reload: the agent's phone rings anew, answers by itself and takes the old leg's place."""
    if not call.held:
        await hold(call, agent)
    old, call.agent = call.agent, None
    await call.hang_up(old)
    if not await outbound.ring_own_agent(call, ends_call=False):
        raise UnavailableError("Your phone did not answer. Check that it is connected.")
    call.muted = False
    if call.agent is None:
        return
    if call.consult is not None and call.consult.state == "talking":
        room = consult_bridge_id(call.head, call.consult.number)
        await call.exchange.ari.bridge(room).add([call.agent.id])
        return
    await call.exchange.ari.bridge(call.room_id).add([call.agent.id])
    if call.consult is None or call.consult.state == "conference":
        await resume(call, agent)


async def _mute(call: Call, on: bool) -> None:
    """The leg itself remembers, for a controller after us: who believes they are muted must be."""
    if call.agent is None or call.muted == on:
        return
    if on:
        await call.agent.channel.set_var(MUTED, "yes")
        await call.agent.channel.mute("in")
    else:
        await call.agent.channel.unmute("in")
        await call.agent.channel.set_var(MUTED, "")
    call.muted = on
    call.tell_screens()


async def _send_digits(call: Call, digits: str) -> None:
    if not digits or len(digits) > DIGITS_LIMIT or not set(digits) <= DIGITS:
        raise InvalidInputError("Only the keys 0 to 9, * and # can be sent.")
    if call.customer is not None:
        await call.customer.channel.send_dtmf(digits)


async def _agent_hangs_up(call: Call, agent: str) -> None:
    """Beside an answered third party the others go on; otherwise the contact is over."""
    if call.consult is not None and call.consult.state != "ringing":
        await transfer.complete(call, agent)
        return
    call.interaction = await call.exchange.desk.end(call.id, EndReason.AGENT_HUNG_UP, actor=agent)


async def _take_over(call: Call, supervisor: str, channel_id: str) -> None:
    """A supervisor's leg, already up, takes the agent's place."""
    leg = call.adopt(Leg(call.exchange.ari.channel(channel_id), user=supervisor))
    await call.exchange.ari.bridge(call.room_id).add([leg.id])
    await absorbed(hold(call, supervisor))
    call.interaction = await call.exchange.desk.hand_over(call.id, supervisor, supervisor)
    if call.consult is not None:
        await transfer.cancel(call)
    old, call.agent = call.agent, leg
    call.muted = False
    await call.hang_up(old)
    await resume(call, supervisor)


async def _agent_gone(call: Call, gone: LegGone) -> None:
    """The agent's phone hung up: on purpose, or their line broke."""
    agent = call.interaction.agent or ""
    if call.consult is not None and call.consult.blind:
        call.agent_left = True  # passed on: the customer hears music until the other side answers
        return
    if call.consult is not None and call.consult.state != "ringing":
        await transfer.complete(
            call, agent
        )  # hanging up beside an answered third party hands the customer over
    elif gone.cause in BROKEN_CAUSES:
        call.page_lost = is_browser_leg(gone.channel_id)
        try:
            await _agent_lost(call)
        finally:
            call.page_lost = False
            call.tell_screens()
    else:
        call.interaction = await call.exchange.desk.end(call.id, EndReason.AGENT_HUNG_UP, actor=agent)


async def _agent_lost(call: Call) -> None:
    """Music for the customer until the agent is back; then, to anybody who is free."""
    agent = call.interaction.agent or ""
    await transfer.drop(call)
    await absorbed(hold(call, agent))
    deadline = call.now() + REATTACH_LIMIT_S
    while call.agent is None and call.stage is Stage.TALKING:
        try:
            signal = await call.next(deadline)
        except TimeoutError:
            await _give_to_anybody(call)
            return
        match signal:
            case Asked(command=Reattach() | HangUp() | TakeOver()):
                await _asked(call, signal)
            case Asked():
                signal.refuse(UnavailableError("Your line is down; reconnect first."))


async def _give_to_anybody(call: Call) -> None:
    """Waiting again, ahead of the others."""
    agent, queue, desk = call.interaction.agent or "", call.interaction.queue, call.exchange.desk
    call.agent_left = False
    if queue is None:
        call.interaction = await desk.end(
            call.id, EndReason.FAILED, actor="system", detail="the agent's line broke"
        )
        return
    call.interaction = await desk.transfer(call.id, to_queue=queue, by=agent, data={"reason": "agent_lost"})
    call.held = False
    if call.customer is not None:
        await call.customer.channel.moh_stop()


def _no_consult(call: Call) -> None:
    if call.consult is not None:
        raise StageError("Finish or cancel the consultation first.")
