"""What the telephone itself says, in each language it knows; Spanish where a language is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ari_apps.caps import CapReachedError
from ivr_flows.effects import Prompt
from voice_core.errors import CentralitaError, NotAllowedError
from voice_core.queue import Announcements


@dataclass(frozen=True, slots=True)
class Words:
    texts: Mapping[str, str]

    def in_language(self, language: str, **values: object) -> Prompt:
        known = language if language in self.texts else "es"
        return Prompt(text=self.texts[known].format(**values), file=None, language=known)


YOUR_PLACE = Words(
    {"es": "Usted es el número {place} en la fila.", "en": "You are number {place} in the queue."}
)
YOU_ARE_NEXT = Words({"es": "Usted es la siguiente persona en la fila.", "en": "You are next in the queue."})
WAIT_MINUTES = Words(
    {
        "es": "El tiempo de espera estimado es de {minutes} minutos.",
        "en": "The expected wait is {minutes} minutes.",
    }
)
WAIT_ONE_MINUTE = Words(
    {"es": "El tiempo de espera estimado es de un minuto.", "en": "The expected wait is one minute."}
)
BYE_CALLBACK = Words(
    {
        "es": "Guardamos su lugar en la fila. Le llamaremos cuando llegue su turno. Hasta pronto.",
        "en": "We keep your place in the queue. We will call you when it is your turn. Goodbye.",
    }
)
CALLBACK_IMPOSSIBLE = Words(
    {
        "es": "No podemos devolver la llamada a este número. Siga en la línea, por favor.",
        "en": "We cannot call this number back. Please stay on the line.",
    }
)
LEAVE_MESSAGE = Words(
    {
        "es": "Deje su mensaje después de la señal. Al terminar, presione numeral.",
        "en": "Leave your message after the tone. When you finish, press hash.",
    }
)
MESSAGE_KEPT = Words(
    {
        "es": "Gracias. Su mensaje fue recibido. Hasta pronto.",
        "en": "Thank you. We have your message. Goodbye.",
    }
)
MESSAGE_NOT_KEPT = Words({"es": "No pudimos guardar su mensaje.", "en": "We could not keep your message."})
CANNOT_CONNECT = Words(
    {
        "es": "No fue posible comunicar con el número marcado.",
        "en": "The number you dialled could not be reached.",
    }
)
NOT_ALLOWED_THERE = Words(
    {
        "es": "Desde aquí no se permite llamar a ese número.",
        "en": "Calls to that number are not allowed from here.",
    }
)
CAP_REACHED = Words(
    {
        "es": "Se alcanzó el límite de llamadas salientes. Intente más tarde o avise a su supervisor.",
        "en": "The limit of outgoing calls has been reached. Try later, or tell your supervisor.",
    }
)
SORRY_FAULT = Words(
    {
        "es": "Lo sentimos, tenemos un problema técnico. Por favor, llame de nuevo.",
        "en": "We are sorry, we have a technical problem. Please call again.",
    }
)


def why_not(error: CentralitaError) -> Words:
    """What whoever dialled hears when the call is refused."""
    match error:
        case CapReachedError():
            return CAP_REACHED
        case NotAllowedError():
            return NOT_ALLOWED_THERE
        case _:
            return CANNOT_CONNECT


def waiting_words(
    announcements: Announcements, language: str, place: int, expected_wait_s: float | None, turn: int
) -> list[Prompt]:
    """One announcement: place, expected wait, and the `turn`-th comfort message."""
    prompts: list[Prompt] = []
    if announcements.place:
        prompts.append((YOU_ARE_NEXT if place <= 1 else YOUR_PLACE).in_language(language, place=place))
    if announcements.expected_wait and expected_wait_s is not None:
        minutes = max(1, math.ceil(expected_wait_s / 60))
        prompts.append(
            (WAIT_ONE_MINUTE if minutes == 1 else WAIT_MINUTES).in_language(language, minutes=minutes)
        )
    comfort = announcements.comfort.get(language) or announcements.comfort.get("es") or ()
    if comfort:
        text = _filled(comfort[turn % len(comfort)], place, expected_wait_s)
        prompts.append(Prompt(text=text, file=None, language=language))
    return prompts


def _filled(text: str, place: int, expected_wait_s: float | None) -> str:
    minutes = max(1, math.ceil((expected_wait_s or 0) / 60))
    return text.replace("{place}", str(place)).replace("{minutes}", str(minutes))
