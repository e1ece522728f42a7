"""A message left by a caller: recorded, and delivered to the queue as a task for an agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ari_apps import phone_dialogue
from ari_apps.ari import AriError
from ari_apps.call import Call, CustomerLeftError
from ari_apps.exchange import Exchange
from ari_apps.legs import interaction_of
from ari_apps.signals import Asked, Recorded
from ari_apps.words import LEAVE_MESSAGE, MESSAGE_KEPT, MESSAGE_NOT_KEPT
from ivr_flows.effects import Prompt
from voice_core.errors import StageError
from voice_core.interaction import Direction, EndReason, Interaction

MAX_LENGTH_S = 180
SILENCE_S = 6
MARGIN_S = 10.0  # how much later than its length the end of a recording may be told
LAST_WORD_S = 3.0  # after a hang-up, the end of the recording still comes

_PREFIX = "@voicemail:"


class LiveCallIndex(Protocol):
    """Where the running calls are found."""

    @property
    def exchange(self) -> Exchange: ...

    def call(self, interaction_id: str) -> Call | None: ...


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
    name = f"{call.head}.voicemail.{queue}.{call.fresh()}"
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
    call.message_kept |= await _deliver(call.exchange, call.interaction, queue, recorded)
    return call.message_kept


async def left_behind(calls: LiveCallIndex, recorded: Recorded) -> None:
    """A message that was being spoken when its controller died: its name says whose it is, and for which queue."""
    interaction_id = interaction_of(recorded.name)
    match recorded.name.split("."):
        case [_, "voicemail", queue, _] if interaction_id is not None:
            pass
        case _:
            return
    call, exchange = calls.call(interaction_id), calls.exchange
    if call is not None and recorded.seconds >= 1:
        call.message_kept = True  # at once: the end of the recording may be the caller's own
    await _deliver(exchange, await exchange.desk.changed(interaction_id, 0), queue, recorded)


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
    call.message_kept |= await _deliver(call.exchange, call.interaction, queue, recorded)


async def _deliver(exchange: Exchange, contact: Interaction, queue: str, recorded: Recorded) -> bool:
    """A task of its own in the queue, pointing at the call that left it."""
    if not recorded.completed or recorded.seconds < 1:
        return False
    desk = exchange.desk
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
    await exchange.recording.voicemail_left(task.id, recorded.name, recorded.seconds)
    await desk.enqueue(task.id, queue)
    return True
