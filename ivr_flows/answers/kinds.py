"""The kinds of answer by the word a designer writes, and the small ones themselves."""

from __future__ import annotations

import re

import phonenumbers

from ivr_flows.answers.base import LONGEST_WRITTEN, Asked, Kind, NotAnAnswerError
from ivr_flows.answers.dates import DATE
from ivr_flows.answers.documents import document_kind
from ivr_flows.answers.numbers import MONEY, NUMBER
from ivr_flows.letters import folded

YES_KEY, NO_KEY = "1", "2"
LONGEST_TEXT = 1_000
_YES = frozenset({
    "si", "s", "claro", "correcto", "exacto", "exactamente", "afirmativo", "vale", "ok", "okay", "dale",
    "bueno", "bien", "listo", "yes", "y", "yeah", "yep", "yup", "sure", "right", "correct",
})  # fmt: skip
_NO = frozenset({
    "no", "n", "nop", "negativo", "incorrecto", "nunca", "tampoco", "nope", "nah", "wrong", "incorrect",
})  # fmt: skip
_POLITE = frozenset({
    "por", "favor", "gracias", "senor", "senora", "senorita", "please", "thanks", "thank", "you", "que",
    "es", "asi", "esta", "that", "is",
})  # fmt: skip
_PHRASES = {
    "de acuerdo": True, "por supuesto": True, "asi es": True, "desde luego": True, "of course": True,
    "no es correcto": False, "not right": False, "that is not right": False, "not correct": False,
}  # fmt: skip


def yes_no_pressed(keys: str, _: Asked) -> bool:
    if keys not in (YES_KEY, NO_KEY):
        raise NotAnAnswerError("yes_no")
    return keys == YES_KEY


def yes_no_written(text: str, _: Asked) -> bool:
    """Whole words only, and only when they agree: «no, está bien» is asked again."""
    words = re.findall(r"[a-z]+|\d+", folded(text[:LONGEST_WRITTEN]))
    said = " ".join(words)
    if said in _PHRASES:
        return _PHRASES[said]
    if said in (YES_KEY, NO_KEY):
        return said == YES_KEY
    meant = {word in _YES for word in words if word not in _POLITE}
    if len(meant) != 1 or not all(word in _YES | _NO | _POLITE for word in words):
        raise NotAnAnswerError("yes_no")
    return meant.pop()


def phone(text: str, asked: Asked) -> str:
    """E.164. `00` before a foreign number is taken for `+`, as it is dialled here."""
    bare = re.sub(r"[\s().\-/]", "", text[:LONGEST_WRITTEN])
    bare = f"+{bare[2:]}" if bare.startswith("00") else bare
    if not re.fullmatch(r"\+?\d{5,17}", bare):
        raise NotAnAnswerError("phone")
    try:
        parsed = phonenumbers.parse(bare, asked.country)
    except phonenumbers.NumberParseException:
        raise NotAnAnswerError("phone") from None
    if not phonenumbers.is_valid_number(parsed):
        raise NotAnAnswerError("phone")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def code(text: str, _: Asked) -> str:
    """Capital letters and digits without what separates them: `ab-12 3` is AB123."""
    bare = re.sub(r"[\s.\-/]", "", text[:LONGEST_WRITTEN]).upper()
    if not re.fullmatch(r"[A-Z0-9]{1,40}", bare):
        raise NotAnAnswerError("code")
    return bare


def free_text(text: str, _: Asked) -> str:
    said = text.strip()
    if not said or len(said) > LONGEST_TEXT:
        raise NotAnAnswerError("text")
    return said


_KINDS = {
    "number": NUMBER,
    "date": DATE,
    "money": MONEY,
    "yes_no": Kind((1, 1), yes_no_pressed, yes_no_written),
    "phone": Kind((7, 17), phone, phone),
    "text": Kind((1, 40), free_text, free_text),
    "code": Kind((1, 40), code, code),
}


def kind_of(name: str, document: str) -> Kind:
    """`document` counts for kind "document" only."""
    return document_kind(document) if name == "document" else _KINDS[name]
