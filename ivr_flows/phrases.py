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
}
HUMAN_KEY = "0"  # E24: a person can be asked for at any moment
HUMAN_WORDS = frozenset({
    "persona", "agente", "humano", "asesor", "asesora", "operador", "operadora", "representante",
    "person", "agent", "human", "operator", "representative",
})  # fmt: skip


def phrase(name: str, language: str) -> tuple[Prompt, ...]:
    """Nothing in a language we have no words for: the question itself is repeated all the same."""
    text = _PHRASES[name].get(language)
    return (Prompt(text=text, language=language),) if text else ()
