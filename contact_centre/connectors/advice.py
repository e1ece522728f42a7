"""What to do when a system gave no answer, by reason: for whoever describes it or keeps it running."""

from __future__ import annotations

_ADVICE = {
    "timeout": (
        "Revise que el sistema responda y que no lo frene un cortafuegos, o suba «timeout_s».",
        "Check that the system answers and that no firewall holds it back, or raise `timeout_s`.",
    ),
    "unreachable": (
        "Revise «base» (nombre, puerto, https) y que este servidor llegue hasta él.",
        "Check `base` (name, port, https), and that this server reaches it.",
    ),
    "not_allowed": (
        "Si es el sistema de la institución, añada su dirección o su red a «allow».",
        "If it is the institution's own system, add its address or network to `allow`.",
    ),
    "refused": (
        "Revise la clave en secrets.json, la ruta y los argumentos.",
        "Check the secret in secrets.json, the path and the arguments.",
    ),
    "redirected": (
        "Escriba en «base» y en la ruta la dirección definitiva.",
        "Write the final address in `base` and the path.",
    ),
    "failing": (
        "El sistema responde con un error suyo: avise a quien lo administra.",
        "The system answers with an error of its own: tell whoever runs it.",
    ),
    "bad_answer": (
        "Compare lo que responde con «result» y «not_found».",
        "Compare what it answers with `result` and `not_found`.",
    ),
    "too_large": (
        "Pida menos: una operación más concreta o un filtro.",
        "Ask for less: a narrower operation, or a filter.",
    ),
    "bad_argument": (
        "Ese valor no puede enviarse: revíselo, o revise la plantilla que lo usa.",
        "This value cannot be sent: check it, or the template that uses it.",
    ),
    "no_secret": (
        "Escríbalo con `centralita connector secret NOMBRE`.",
        "Write it with `centralita connector secret NAME`.",
    ),
    "resting": ("Espere «rest_s» y pruebe de nuevo.", "Wait for `rest_s` and try again."),
}  # fmt: skip


def advice(reason: str, language: str) -> str:
    spanish, english = _ADVICE.get(reason, ("", ""))
    return spanish if language == "es" else english
