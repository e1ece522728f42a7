"""A conversation with a flow in the terminal: what it says, what one answers, where it leads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

import typer

from ivr_flows import Flows, Machine, Organisation
from ivr_flows.checks import queues_of
from ivr_flows.effects import Enqueue, Gather, HangUp, RecordVoicemail, TransferAgent, TransferOut
from ivr_flows.rehearsal import Conversation, Systems
from ivr_flows.rehearsal.story import Given
from voice_core.errors import InvalidInputError, NotFoundError

_HANG_UP = ("colgar", "hang up")
_FAIL = ("falla", "fail")
_WORDS: dict[str, dict[str, str]] = {
    "es": {
        "help": "Teclas o palabras; Enter: silencio; «colgar»: terminar.",
        "message": "(graba un mensaje) Enter: silencio; cualquier otra cosa: el mensaje.",
        "queued": "→ pasa a la cola {to}{details}",
        "transferred": "→ se transfiere a {to}",
        "or_fails": "Enter: fin; «falla»: no lo reciben.",
        "hung_up": "→ se cuelga ({to})",
        "error": "! el flujo falló: {detail}",
    },
    "en": {
        "help": "Keys or words; Enter: silence; `hang up`: end.",
        "message": "(a message is recorded) Enter: silence; anything else: the message.",
        "queued": "→ goes to the queue {to}{details}",
        "transferred": "→ is transferred to {to}",
        "or_fails": "Enter: end; `fail`: they do not take it.",
        "hung_up": "→ hangs up ({to})",
        "error": "! the flow failed: {detail}",
    },
}


def flow_named(wanted: str, flows: Flows, numbers: Mapping[str, str]) -> str:
    """A flow's own name, or that of the flow a number leads to. Raises NotFoundError."""
    name = numbers.get(wanted, wanted)
    if name not in flows:
        known = ", ".join([*numbers, *flows])
        raise NotFoundError(f"There is no flow or number {wanted!r}. There are: {known}.")
    return name


def given(caller: str, called: str, at: str) -> Given:
    """Raises InvalidInputError for a time that is none."""
    try:
        when = {"time": datetime.fromisoformat(at)} if at else {}
        return Given.model_validate({"caller": caller, "called": called, **when})
    except ValueError as error:
        raise InvalidInputError(
            f"{at!r} is not a time; write it like '2026-12-25 10:00'.", field="at"
        ) from error


def talk(
    flows: Flows,
    organisation: Organisation,
    flow: str,
    situation: Given,
    systems: Systems,
    *,
    language: str,
    read: Callable[[], str] = lambda: input("> "),
) -> None:
    """Until somebody hangs up, or the contact is handed on. `read` gives one answer; EOFError hangs up."""
    words = _WORDS[language]
    context = situation.context(organisation, queues_of(flows))
    conversation = Conversation(Machine(flows, organisation), flow, context, situation.answers(systems))
    typer.secho(words["help"], dim=True)
    heard = errors = 0
    while True:
        for said in conversation.heard[heard:]:
            typer.echo(f"{typer.style(f'{said.step}:', dim=True)} {said.words}")
        for detail in conversation.errors[errors:]:
            typer.secho(words["error"].format(detail=detail), fg=typer.colors.RED)
        heard, errors = len(conversation.heard), len(conversation.errors)
        if not _goes_on(conversation, words, read):
            return


def _goes_on(conversation: Conversation, words: Mapping[str, str], read: Callable[[], str]) -> bool:
    match conversation.effect:
        case HangUp(reason=reason):
            typer.echo(words["hung_up"].format(to=reason))
            return False
        case Enqueue(queue=queue) as effect:
            shown = {"priority": effect.priority, "agent": effect.preferred_agent, **effect.data}
            details = "".join(
                f"\n    {name}: {value}" for name, value in shown.items() if value not in (None, "")
            )
            typer.echo(words["queued"].format(to=queue, details=details))
        case TransferAgent(agent=to) | TransferOut(number=to):
            typer.echo(words["transferred"].format(to=to))
        case RecordVoicemail():
            typer.secho(words["message"], dim=True)
    handed_on = isinstance(conversation.effect, Enqueue | TransferAgent | TransferOut)
    if handed_on:
        typer.secho(words["or_fails"], dim=True)
    try:
        answer = read().strip()
    except EOFError:
        return False
    if answer.casefold() in _HANG_UP or (handed_on and answer.casefold() not in _FAIL):
        return False
    _give(conversation, answer)
    return True


def _give(conversation: Conversation, answer: str) -> None:
    match conversation.effect:
        case Enqueue() | TransferAgent() | TransferOut():
            conversation.fail("failed")
        case RecordVoicemail() if answer:
            conversation.leave_message()
        case Gather() if re.fullmatch(r"[0-9*#]+", answer):
            conversation.press(answer)
        case Gather() if answer:
            conversation.say(answer)
        case _:
            conversation.stay_silent()
