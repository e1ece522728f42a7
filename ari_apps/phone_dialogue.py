"""Steps a conversation script over the telephone: the flow's machine says what, this does it on the channel.

Digits are kept while prompts play: a caller who knows the menu types ahead. They are never written down.
"""

from __future__ import annotations

from typing import Any

from ari_apps import asking, outbound, voicemail
from ari_apps.call import Call, absorbed
from ari_apps.signals import Asked, Digit, Played, StageChanged
from ivr_flows import Turn, inputs
from ivr_flows.context import Context, QueueView
from ivr_flows.effects import (
    AskSystem,
    Effect,
    Enqueue,
    Gather,
    HangUp,
    Prompt,
    RecordVoicemail,
    Say,
    TransferAgent,
    TransferOut,
)
from ivr_flows.inputs import Input
from ivr_flows.keypad import take, when_quiet
from voice_core.errors import CentralitaError, StageError
from voice_core.interaction import EndReason, Stage
from voice_core.ledger import Kind

PLAY_LIMIT_S = 300.0
"""No prompt lasts longer; a playback whose end is never told does not hold a caller for good."""


async def run(call: Call) -> None:
    """From where the flow stands until the contact is queued or over. Raises CustomerLeftError."""
    if call.customer is None:
        await _end(call, EndReason.LOST, "the caller's leg is gone")
        return
    queue = voicemail.queue_of(call.interaction.flow)
    if queue is not None:
        await voicemail.leave(call, queue)
        return
    turn = await _stands(call)
    while turn is not None and call.stage is Stage.FLOW:
        answer = await _carry_out(call, turn.effect)
        if answer is None:
            return
        turn = call.exchange.machine.resume(turn.state, answer, _context(call))
        await _remember(call, turn)


async def say(call: Call, prompts: list[Prompt] | tuple[Prompt, ...], interruptible: bool = False) -> bool:
    """Play to the end, or to the first digit when interruptible. False when it could not be played."""
    media = await call.exchange.speech.media(prompts)
    if not media or call.customer is None or (interruptible and call.typed):
        return True
    if not await absorbed(call.play(call.customer, media)):
        return not call.exchange.routes.owned(call.customer.id)
    deadline = call.now() + PLAY_LIMIT_S
    while call.playing:
        try:
            signal = await call.next(deadline)
        except TimeoutError:
            break
        match signal:
            case Digit() if interruptible:
                break
            case Played(completed=completed):
                return completed
            case _:
                _not_now(signal)
    await call.stop_playing()
    return True


async def gather(call: Call, wanted: Gather) -> Input:
    """Prompts, then digits: what was chosen or typed, or that nothing came."""
    await say(call, wanted.prompts, interruptible=True)
    keys = ""
    deadline = call.now() + wanted.first_timeout_s
    while True:
        if call.typed:
            keys, answer = take(call.typed, keys, wanted)
            if answer is not None:
                return answer
            deadline = call.now() + wanted.inter_digit_timeout_s
        try:
            signal = await call.next(deadline)
        except TimeoutError:
            return when_quiet(keys)
        _not_now(signal)
        if isinstance(signal, StageChanged) and call.stage is not Stage.FLOW:
            return inputs.NoInput()


async def begin(call: Call) -> None:
    """The flow's first steps, before a word is said. One that asks for the queue first is there at once.

    Raises FlowNotFoundError.
    """
    contact = call.interaction
    turn = call.exchange.machine.start(contact.flow or "", _context(call))
    await call.exchange.desk.note(call.id, Kind.FLOW_STARTED, "flow", {"flow": contact.flow or ""})
    await _remember(call, turn)
    if isinstance(turn.effect, Enqueue):
        failed = await _enqueue(call, turn.effect)
        if failed is None:
            return
        turn = call.exchange.machine.resume(turn.state, failed, _context(call))
        await _remember(call, turn)
    call.turn = turn


async def pick_up(call: Call) -> None:
    """Answered once, whatever stage it is in: after a crash it may have come further unanswered."""
    if call.customer is not None and not call.answered:
        call.answered = await absorbed(call.customer.channel.answer())


async def _stands(call: Call) -> Turn | None:
    """Where the flow stands: just begun, from its start, or after a restart from where the record says (the last
    question is asked again). None when it went straight to a queue.
    """
    if call.turn is None and call.interaction.flow_state is None:
        await begin(call)
    elif call.turn is None:
        call.turn = call.exchange.machine.again(call.interaction.flow_state or {}, _context(call))
        await _remember(call, call.turn)
    turn, call.turn = call.turn, None
    return turn


async def _carry_out(call: Call, effect: Effect) -> Input | None:  # noqa: PLR0911 - one answer an effect
    """Do one effect. None when the flow is over: the contact is queued, transferred or ended."""
    match effect:
        case Say():
            spoken = await say(call, effect.prompts, effect.interruptible)
            return inputs.Done() if spoken else inputs.Failed("playback")
        case Gather():
            return await gather(call, effect)
        case Enqueue():
            return await _enqueue(call, effect)
        case TransferAgent(agent=agent):
            return await _to_agent(call, agent)
        case TransferOut(number=number):
            return await outbound.transfer_out(call, number)
        case RecordVoicemail():
            kept = await voicemail.record(
                call, effect.queue, effect.prompts, effect.max_length_s, effect.silence_s
            )
            return inputs.Done() if kept else inputs.NoInput()
        case AskSystem():
            return await asking.ask(call, effect)
        case HangUp():
            reason = EndReason.VOICEMAIL_LEFT if call.message_kept else EndReason.FLOW_ENDED
            await _end(call, reason, effect.reason)
            return None


async def _enqueue(call: Call, effect: Enqueue) -> Input | None:
    desk, callback = call.exchange.desk, effect.callback
    if callback is not None and not call.exchange.plan.outbound.allows(callback):
        return inputs.Failed("not_allowed")
    try:
        async with desk.together():
            contact = await desk.enqueue(
                call.id,
                effect.queue,
                requirements=effect.requirements,
                priority=effect.priority,
                preferred_agent=effect.preferred_agent,
                data=dict(effect.data),
            )
            if callback is not None:
                contact = await desk.request_callback(call.id, callback)
        call.interaction = contact
    except StageError:
        raise
    except CentralitaError as error:
        return inputs.Failed(error.code)
    return None


async def _to_agent(call: Call, agent: str) -> Input | None:
    """To one person, offered to nobody else while they may come. The queue is the centre's first."""
    queue = call.interaction.queue or next(iter(call.exchange.plan.queues), "")
    try:
        call.exchange.desk.agent(agent)
        call.interaction = await call.exchange.desk.enqueue(call.id, queue, only_agent=agent)
    except StageError:
        raise
    except CentralitaError as error:
        return inputs.Failed(error.code)
    return None


async def _remember(call: Call, turn: Turn) -> None:
    """The place in the script, and the steps walked; never the digits."""
    steps = [
        {"flow": step.flow, "step": step.step_id, "verb": step.verb, "outcome": step.outcome}
        for step in turn.trace
    ]
    walked: dict[str, Any] = {"steps": steps, **({"error": turn.error} if turn.error else {})}
    call.interaction = await call.exchange.desk.save_flow(
        call.id, turn.state, data=turn.data, language=turn.language, entry=(Kind.FLOW_STEP, walked)
    )


async def _end(call: Call, reason: EndReason, detail: str) -> None:
    call.interaction = await call.exchange.desk.end(call.id, reason, actor="flow", detail=detail)


def _not_now(signal: object) -> None:
    if isinstance(signal, Asked):
        signal.refuse(StageError("Nobody has answered this call yet."))


def _context(call: Call) -> Context:
    contact = call.interaction
    known: dict[str, Any] = {}
    if contact.contact_id:
        known = {"id": contact.contact_id, "name": contact.contact_name}
    if call.last_agent and _still_works(call, call.last_agent):
        known["last_agent"] = call.last_agent
    return Context(
        now=call.exchange.clock.now(),
        id=contact.id,
        caller=contact.from_address,
        called=contact.to_address,
        contact=known,
        language=contact.language,
        queues={name: _queue_view(call, name) for name in call.exchange.plan.queues},
        data=dict(contact.data),
    )


def _still_works(call: Call, agent: str) -> bool:
    return any(each.id == agent and each.capacity for each in call.exchange.desk.agents())


def _queue_view(call: Call, name: str) -> QueueView:
    outlook = call.exchange.desk.outlook(name, call.interaction.channel)
    return QueueView(outlook.waiting, outlook.free, outlook.expected_wait_s)
