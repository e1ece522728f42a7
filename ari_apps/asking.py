"""A caller waits while an institution's own system is asked: hearing goes on, and nobody is left in silence."""

from __future__ import annotations

import uuid

import structlog

from ari_apps.call import Call, absorbed
from ari_apps.signals import Asked, Played, StageChanged, SystemAnswered
from ivr_flows import inputs
from ivr_flows.effects import AskSystem
from ivr_flows.inputs import Input
from voice_core.errors import StageError
from voice_core.interaction import Stage

PATIENCE_S = 1.0
"""How long an answer may take before the caller is asked to wait."""

SILENCE_S = 6.0
"""How long the caller hears nothing before being asked again."""

LAST_WORDS_S = 5.0
"""How long an answer that has come waits for the words being said."""

_KEYS = uuid.UUID("5d2ac1a4-6f0b-4f9e-9a53-0d6a2f3c7b10")

log = structlog.get_logger(__name__)


async def ask(call: Call, wanted: AskSystem) -> Input:
    """The answer, whatever it is; NoInput when the desk took the call elsewhere. Raises CustomerLeftError."""
    asked = call.fresh()
    call.errand(_fetch(call, wanted, asked))
    say_at: float | None = call.now() + PATIENCE_S
    answer: Input | None = None
    while answer is None or call.playing:
        try:
            signal = await call.next(say_at)
        except TimeoutError:
            if answer is not None:  # long words
                break
            await _say(call, wanted)
            say_at = None if call.playing else call.now() + SILENCE_S
            continue
        match signal:
            case SystemAnswered(asked=name, answer=came) if name == asked:
                answer, say_at = came, call.now() + LAST_WORDS_S
            case Played() if answer is None:
                say_at = call.now() + SILENCE_S
            case StageChanged() if call.stage is not Stage.FLOW:
                answer = inputs.NoInput()
                break
            case Asked():
                signal.refuse(StageError("Nobody has answered this call yet."))
    await call.stop_playing()
    return answer


async def _fetch(call: Call, wanted: AskSystem, asked: str) -> None:
    """Beside the call. Whatever a system's connector fails with, the caller is served."""
    key = str(uuid.uuid5(_KEYS, f"{call.id}/{wanted.connector}/{wanted.operation}/{wanted.key}"))
    answer: Input
    try:
        answer = await call.exchange.connectors.ask(wanted, key)
    except Exception as error:  # noqa: BLE001 - it would end the call
        log.error("connector_broken", connector=wanted.connector, error=type(error).__name__)
        answer = inputs.Unavailable("broken")
    call.deliver(SystemAnswered(asked, answer))


async def _say(call: Call, wanted: AskSystem) -> None:
    media = await call.exchange.speech.media(wanted.waiting)
    if media and call.customer is not None:
        await absorbed(call.play(call.customer, media))
