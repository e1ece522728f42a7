"""What is said when the designer gave no words of their own."""

from __future__ import annotations

from ivr_flows.effects import Prompt

_PHRASES = {
    "no_input": {"es": "No recibí ninguna respuesta.", "en": "I did not hear anything."},
    "one_moment": {"es": "Un momento, por favor.", "en": "One moment, please."},
    "system_down": {
        "es": "El sistema que se necesita no responde en este momento.",
        "en": "The system this needs does not answer at the moment.",
    },
    "invalid": {"es": "Esa opción no es válida.", "en": "That option is not valid."},
    "not_accepted": {"es": "Esa respuesta no es válida.", "en": "That answer is not valid."},
    "number": {"es": "No entendí ese número.", "en": "I did not understand that number."},
    "too_small": {"es": "Tiene que ser {value} o más.", "en": "It has to be {value} or more."},
    "too_large": {"es": "Tiene que ser {value} o menos.", "en": "It has to be {value} or less."},
    "money": {"es": "No entendí esa cantidad de dinero.", "en": "I did not understand that amount of money."},
    "date": {"es": "Esa fecha no existe.", "en": "That date does not exist."},
    "too_early": {
        "es": "La fecha no puede ser anterior al {value}.",
        "en": "The date cannot be before {value}.",
    },
    "too_late": {
        "es": "La fecha no puede ser posterior al {value}.",
        "en": "The date cannot be after {value}.",
    },
    "yes_no": {"es": "Marque 1 para sí o 2 para no.", "en": "Press 1 for yes or 2 for no."},
    "yes_no_written": {"es": "Responda sí o no.", "en": "Please answer yes or no."},
    "document": {
        "es": "Ese número de {value} no es correcto. Revíselo, por favor.",
        "en": "That {value} number is not right. Please check it.",
    },
    "phone": {
        "es": "Ese número de teléfono no existe o no está completo.",
        "en": "That telephone number does not exist or is not complete.",
    },
    "code": {"es": "Ese código no es correcto.", "en": "That code is not right."},
    "text": {"es": "Escriba su respuesta con palabras, por favor.", "en": "Please write your answer in words."},
    "confirm": {
        "es": "Entendí: {value}. Si es correcto, marque 1. Para corregirlo, marque 2.",
        "en": "I understood: {value}. If it is right, press 1. To correct it, press 2.",
    },
    "confirm_written": {
        "es": "Entendí: {value}. ¿Es correcto? Responda sí o no.",
        "en": "I understood: {value}. Is it right? Please answer yes or no.",
    },
}  # fmt: skip
HUMAN_KEY = "0"  # E24: a person can be asked for at any moment
HUMAN_WORDS = frozenset({
    "persona", "agente", "humano", "asesor", "asesora", "operador", "operadora", "representante",
    "person", "agent", "human", "operator", "representative",
})  # fmt: skip


def phrase(name: str, language: str, value: str = "", *, in_writing: bool = False) -> tuple[Prompt, ...]:
    """Nothing in a language we have no words for: the question itself is repeated all the same."""
    words = (in_writing and _PHRASES.get(f"{name}_written")) or _PHRASES[name]
    text = words.get(language)
    return (Prompt(text=text.replace("{value}", value), language=language),) if text else ()


def has_words(language: str) -> bool:
    return language in _PHRASES["invalid"]
