"""What `centralita demo-call` says, Spanish first: its own steps, what it hears, and the ledger's lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contact_centre.scripted_caller import Sound
from voice_core.ledger import Entry, Kind

STEPS: Mapping[str, tuple[str, str]] = {
    "dialling": (
        "Marco {number} desde {caller}, por la línea de prueba",
        "Dialling {number} from {caller} over the test trunk",
    ),
    "ringing": ("Suena", "It rings"),
    "answered": ("Contestan", "Answered"),
    "pressed": ("Pulso {digit}", "I press {digit}"),
    "speaking": ("Digo: «{text}»", "I say: “{text}”"),
    "tone": ("Emito un tono de 440 Hz", "I send a 440 Hz tone"),
    "hanging_up": ("Cuelgo", "I hang up"),
    "they_hung_up": ("Cuelgan al otro lado", "The other side hangs up"),
    "unknown_number": (
        "El número {number} no existe aquí. Pruebe con: {numbers}.",
        "The number {number} does not exist here. Try: {numbers}.",
    ),
    "busy": (
        "{number} está ocupado ({status}). Vuelva a intentarlo.",
        "{number} is busy ({status}). Try again.",
    ),
    "refused": (
        "La centralita rechazó la llamada ({status} {reason}). Ejecute «centralita doctor».",
        "The exchange refused the call ({status} {reason}). Run “centralita doctor”.",
    ),
    "nobody": (
        "Nadie responde en {host}:{port}. ¿Está en marcha la centralita? Arránquela con «make run».",
        "Nobody answers at {host}:{port}. Is Centralita running? Start it with “make run”.",
    ),
    "no_answer": (
        "{number} no contestó en {seconds} segundos. Mire «centralita calls list».",
        "{number} did not answer within {seconds} seconds. See “centralita calls list”.",
    ),
    "no_address": (
        "No se puede llamar desde {host}: {why}. Revise trunk_host en los ajustes.",
        "Cannot call from {host}: {why}. Check trunk_host in the settings.",
    ),
    "no_voice": (
        "Falta espeak-ng para hablar: ejecute `make install`, o quite --say.",
        "espeak-ng is missing, so nothing can be said: run `make install`, or leave out --say.",
    ),
    "not_a_key": ("«{digit}» no es una tecla del teléfono.", "“{digit}” is not a telephone key."),
}

HEARD: Mapping[Sound, tuple[str, str]] = {
    Sound.SILENCE: ("oigo silencio", "I hear silence"),
    Sound.TONE: ("oigo un tono", "I hear a tone"),
    Sound.SPEECH: ("oigo hablar", "I hear speech"),
    Sound.MUSIC: ("oigo música", "I hear music"),
}

_LEDGER: Mapping[Kind, tuple[str, str]] = {
    Kind.OPENED: ("la llamada entra: contacto {id}", "the call comes in: contact {id}"),
    Kind.IDENTIFIED: ("la persona que llama es conocida", "the caller is known"),
    Kind.FLOW_STARTED: ("empieza el guion «{flow}»", "flow “{flow}” starts"),
    Kind.FLOW_STEP: ("guion: {walked}", "flow: {walked}"),
    Kind.FLOW_ENDED: ("termina el guion", "the flow ends"),
    Kind.QUEUED: ("en la cola «{queue}»", "in the queue “{queue}”"),
    Kind.REQUEUED: ("de nuevo en la cola «{queue}»", "back in the queue “{queue}”"),
    Kind.CALLBACK_REQUESTED: ("pide que le devuelvan la llamada", "asks to be called back"),
    Kind.OFFERED: ("suena el teléfono de {agent}", "{agent}'s phone rings"),
    Kind.DECLINED: ("{agent} no la toma ({reason})", "{agent} does not take it ({reason})"),
    Kind.ACCEPTED: (
        "{agent} contesta tras {waited_s} s de espera",
        "{agent} answers after {waited_s} s of waiting",
    ),
    Kind.HELD: ("{actor} la deja en espera", "{actor} puts it on hold"),
    Kind.RESUMED: ("{actor} la retoma", "{actor} takes it back"),
    Kind.TRANSFER_STARTED: ("{actor} empieza una transferencia", "{actor} starts a transfer"),
    Kind.TRANSFER_COMPLETED: ("transferencia hecha", "transferred"),
    Kind.TRANSFER_FAILED: ("la transferencia no se pudo hacer", "the transfer failed"),
    Kind.CONFERENCED: ("conversación a tres", "three-way conversation"),
    Kind.LISTENING_STARTED: ("supervisión: {mode}", "supervision: {mode}"),
    Kind.LISTENING_ENDED: ("termina la supervisión", "supervision ends"),
    Kind.TAKEN_OVER: ("{actor} toma la llamada", "{actor} takes the call over"),
    Kind.RECORDING_STARTED: ("se graba", "recording"),
    Kind.RECORDING_PAUSED: ("grabación en pausa", "recording paused"),
    Kind.RECORDING_RESUMED: ("la grabación sigue", "recording goes on"),
    Kind.RECORDING_STORED: ("grabación guardada", "recording stored"),
    Kind.RECORDING_FAILED: ("la grabación falló", "recording failed"),
    Kind.LINE_OPENED: ("se marca el {to}", "{to} is dialled"),
    Kind.LINE_ANSWERED: ("contestan fuera", "answered outside"),
    Kind.LINE_CLOSED: ("la línea de salida queda libre", "the outgoing line is free again"),
    Kind.ENDED: ("fin: {reason}", "ended: {reason}"),
    Kind.DISPOSED: ("resultado anotado: {disposition}", "result noted: {disposition}"),
    Kind.CLOSED: ("contacto cerrado", "contact closed"),
}


class _Data(dict[str, Any]):
    """Ledger data of any age: a field that is not there reads as a dash."""

    def __missing__(self, key: str) -> str:
        return "—"


def step(name: str, language: str, **data: Any) -> str:
    return _pick(STEPS[name], language).format_map(data)


def heard(sound: Sound, language: str) -> str:
    return _pick(HEARD[sound], language)


def ledger_line(entry: Entry, language: str) -> str:
    """One entry as a sentence; an unknown kind shows its name."""
    data = _Data(entry.data) | {"id": entry.interaction_id, "actor": entry.actor}
    if isinstance(data.get("waited_s"), float):
        data["waited_s"] = f"{data['waited_s']:.1f}"
    if steps := data.get("steps"):
        data["walked"] = " → ".join(f"{step.get('step', '')} ({step.get('verb', '')})" for step in steps)
    words = _LEDGER.get(entry.kind)
    return _pick(words, language).format_map(_Data(data)) if words else entry.kind.value


def _pick(texts: tuple[str, str], language: str) -> str:
    return texts[1] if language == "en" else texts[0]
