"""A message left by a caller: recorded, and delivered to the queue as a task for an agent."""

from __future__ import annotations

from collections.abc import Sequence

from ari_apps import phone_dialogue
from ari_apps.ari import AriError
from ari_apps.call import Call, CustomerLeftError
from ari_apps.signals import Asked, Recorded
from ari_apps.words import LEAVE_MESSAGE, MESSAGE_KEPT, MESSAGE_NOT_KEPT
from ivr_flows.effects import Prompt
from voice_core.errors import StageError
from voice_core.interaction import Direction, EndReason

MAX_LENGTH_S = 180
SILENCE_S = 6
MARGIN_S = 10.0  # how much later than its length the end of a recording may be told
LAST_WORD_S = 3.0  # after a hang-up, the end of the recording still comes

_PREFIX = "@voicemail:"


def flow_name(queue: str) -> str:
    """The stage `flow` of a caller who pressed the voicemail key while waiting: a restart finds it again."""
    return _PREFIX + queue


def queue_of(flow: str | None) -> str | None:
    return flow.removeprefix(_PREFIX) if flow is not None and flow.startswith(_PREFIX) else None


async def leave(call: Call, queue: str) -> None:
    """The way out of a queue: invite, record, thank, end. Raises CustomerLeftError when nothing was said."""
    language = call.interaction.language
    kept = await record(call, queue, [LEAVE_MESSAGE.in_language(language)], MAX_LENGTH_S, SILENCE_S)
    await phone_dialogue.say(call, [(MESSAGE_KEPT if kept else MESSAGE_NOT_KEPT).in_language(language)])
    reason = EndReason.VOICEMAIL_LEFT if kept else EndReason.FLOW_ENDED
    call.interaction = await call.exchange.desk.end(call.id, reason, actor="customer")


async def record(
    call: Call, queue: str, prompts: Sequence[Prompt], max_length_s: float, silence_s: float
) -> bool:
    """Record and deliver. A caller who hangs up after speaking has left a message too: it is delivered."""
    await phone_dialogue.say(call, list(prompts))
    if call.customer is None:
        return False
    name = f"{call.id}.voicemail.{call.fresh()}"
    routes = call.exchange.routes
    routes.claim(name, call.deliver)
    call.typed.clear()
    try:
        await call.customer.channel.record(
            name,
            max_duration_s=int(max_length_s),
            max_silence_s=int(silence_s),
            beep=True,
            terminate_on="#",
        )
        recorded = await _ended(call, name, call.now() + max_length_s + MARGIN_S)
    except AriError:
        return False
    except CustomerLeftError:
        await _after_hang_up(call, queue, name)
        raise
    finally:
        routes.release(name)
        call.typed.clear()
    return await _deliver(call, queue, recorded)


async def _ended(call: Call, name: str, deadline: float) -> Recorded:
    while True:
        try:
            signal = await call.next(deadline)
        except TimeoutError:
            return Recorded(name, 0, completed=False)
        match signal:
            case Recorded(name=ended) if ended == name:
                return signal
            case Asked():
                signal.refuse(StageError("Nobody has answered this call yet."))


async def _after_hang_up(call: Call, queue: str, name: str) -> None:
    recorded = await _ended(call, name, call.now() + LAST_WORD_S)
    await _deliver(call, queue, recorded)


async def _deliver(call: Call, queue: str, recorded: Recorded) -> bool:
    """A task of its own in the queue, pointing at the call that left it."""
    if not recorded.completed or recorded.seconds < 1:
        return False
    desk, contact = call.exchange.desk, call.interaction
    task = await desk.open(
        channel="task",
        direction=Direction.INBOUND,
        from_address=contact.from_address,
        to_address=contact.to_address,
        external_id=recorded.name,
        node=contact.node,
        language=contact.language,
        contact_id=contact.contact_id,
        contact_name=contact.contact_name,
        parent_id=contact.id,
        data={**contact.data, "voicemail": recorded.name, "voicemail_s": recorded.seconds},
    )
    await call.exchange.recording.voicemail_left(task.id, recorded.name, recorded.seconds)
    await desk.enqueue(task.id, queue)
    call.message_kept = True
    return True
