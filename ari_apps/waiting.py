"""A caller waits: music in the queue's one room, their place now and then, a way out by key.

A caller who asked for a callback waits too, without a leg: this stage then only watches the desk.
"""

from __future__ import annotations

from dataclasses import dataclass

from ari_apps import queue_room, voicemail
from ari_apps.ari import AriError
from ari_apps.call import Call, CustomerLeftError, absorbed
from ari_apps.legs import queue_bridge_id
from ari_apps.signals import Asked, Digit, Played, Spoken, StageChanged
from ari_apps.words import BYE_CALLBACK, CALLBACK_IMPOSSIBLE, waiting_words
from ivr_flows.effects import Prompt
from voice_core.errors import CentralitaError, StageError
from voice_core.interaction import Stage
from voice_core.queue import QueueConfig

FIRST_ANNOUNCEMENT_S = 5.0
GOODBYE_LIMIT_S = 15.0
NOT_ANSWERED_YET = "Nobody has answered this call yet."
WAITING = (Stage.QUEUED, Stage.OFFERED)


@dataclass(slots=True)
class _Wait:
    queue: QueueConfig
    next_announcement: float | None
    comforts: int = 0
    speaking: bool = False  # words are being made or played


async def run(call: Call) -> None:
    """Until the desk moves it elsewhere. Raises CustomerLeftError, unless a callback was asked for."""
    while call.stage in WAITING:
        queue = call.exchange.plan.queue(call.interaction.queue)
        try:
            if call.interaction.callback_address is not None:
                await _let_go(call)
            await queue_room.enter(call, queue)
            await _wait(call, queue)
        except CustomerLeftError:
            if call.interaction.callback_address is None:
                raise
        await call.stop_playing()
        if call.stage is Stage.TALKING:
            return  # the conversation takes the leg out by itself
        queue_room.depart(call)
        if call.customer is not None:
            room = queue_bridge_id(queue.name, call.exchange.plan.mark)
            await absorbed(call.exchange.ari.bridge(room).remove([call.customer.id]))
        await queue_room.hush(call)


async def _wait(call: Call, queue: QueueConfig) -> None:
    """In this queue, until another stage or another queue."""
    wait = _Wait(queue, _first_announcement(call, queue))
    while call.stage in WAITING and (call.interaction.queue or "") == queue.name:
        try:
            signal = await call.next(wait.next_announcement if not wait.speaking else None)
        except TimeoutError:
            _begin_announcement(call, wait)
            continue
        match signal:
            case Spoken(media=media) if call.customer is not None and call.stage in WAITING:
                wait.speaking = await _speak(call, media)
                _plan_next(call, wait)
            case Played():
                wait.speaking = False
                _plan_next(call, wait)
            case Digit(digit=digit):
                await _key(call, queue, digit)
            case Asked() as asked:
                call.too_early(asked, NOT_ANSWERED_YET)
            case StageChanged():
                pass  # the loop looks at the stage


def _first_announcement(call: Call, queue: QueueConfig) -> float | None:
    every_s = queue.announcements.every_s
    if call.customer is None or every_s <= 0 or call.interaction.only_agent is not None:
        return None
    return call.now() + min(FIRST_ANNOUNCEMENT_S, every_s)


def _plan_next(call: Call, wait: _Wait) -> None:
    if wait.next_announcement is not None:
        wait.next_announcement = call.now() + wait.queue.announcements.every_s


def _begin_announcement(call: Call, wait: _Wait) -> None:
    """Have the words made beside the call: an agent's answer must not wait for them."""
    wait.speaking = True
    place = call.exchange.desk.place(call.id)
    prompts = waiting_words(
        wait.queue.announcements,
        call.interaction.language,
        place.position,
        place.expected_wait_s,
        wait.comforts,
    )
    wait.comforts += 1
    call.errand(_make_words(call, prompts))


async def _make_words(call: Call, prompts: list[Prompt]) -> None:
    media = await call.exchange.speech.media(prompts)
    call.deliver(Spoken(tuple(media)))


async def _speak(call: Call, media: tuple[str, ...]) -> bool:
    """Played to this caller alone; the music comes back by itself."""
    if not media or call.customer is None:
        return False
    try:
        await call.play(call.customer, media)
    except AriError:
        return False  # hanging up: its end is on the way
    return True


async def _key(call: Call, queue: QueueConfig, digit: str) -> None:
    call.typed.clear()
    if call.stage is not Stage.QUEUED or call.customer is None:
        return  # somebody is being rung for this caller right now
    try:
        if digit == queue.voicemail_key:
            flow = voicemail.flow_name(queue.name)
            call.interaction = await call.exchange.desk.back_to_flow(call.id, flow, "customer")
        elif digit == queue.callback_key and call.interaction.callback_address is None:
            await _keep_place(call)
    except StageError:
        pass  # offered in the meantime: the caller is answered instead


async def _keep_place(call: Call) -> None:
    """The caller goes, the place stays: we dial them when their turn comes."""
    exchange, contact = call.exchange, call.interaction
    if call.customer is None:
        return
    language = contact.language
    if not exchange.plan.outbound.allows(contact.from_address):
        await _speak(call, tuple(await exchange.speech.media([CALLBACK_IMPOSSIBLE.in_language(language)])))
        return
    try:
        call.interaction = await exchange.desk.request_callback(contact.id, contact.from_address)
    except StageError:
        raise
    except CentralitaError:
        await _speak(call, tuple(await exchange.speech.media([CALLBACK_IMPOSSIBLE.in_language(language)])))
        return
    await _let_go(call)


async def _let_go(call: Call) -> None:
    """Said that we call back; then the customer's leg ends, unless an agent has just accepted."""
    if call.customer is None:
        return
    words = BYE_CALLBACK.in_language(call.interaction.language)
    if await _speak(call, tuple(await call.exchange.speech.media([words]))):
        await _until_played(call)
    if call.stage is not Stage.TALKING:
        leg, call.customer = call.customer, None
        await call.hang_up(leg)


async def _until_played(call: Call) -> None:
    deadline = call.now() + GOODBYE_LIMIT_S
    while call.playing and call.stage in WAITING:
        try:
            signal = await call.next(deadline)
        except TimeoutError:
            return
        if isinstance(signal, Asked):
            call.too_early(signal, NOT_ANSWERED_YET)
