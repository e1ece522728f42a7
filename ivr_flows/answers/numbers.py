"""Numbers and amounts of money, pressed (`*` is the decimal mark) or written as people write them."""

from __future__ import annotations

import re

from ivr_flows.answers.base import LONGEST_WRITTEN, Asked, Kind, NotAnAnswerError, between
from ivr_flows.spoken.manner import decimal_mark

MOST_KEYS = 16
_PRESSED = re.compile(r"(\d{1,12})(?:\*(\d{0,6}))?")
_CENTS_PRESSED = re.compile(r"(\d{0,10})(?:\*(\d\d)?)?")
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f'’_]")
_NUMERAL = re.compile(r"([+-]?)(\d[\d.,]*|[.,]\d+)")
_CURRENCY = re.compile(r"us\$|usd|\$|bolivianos?|bob|bs\.?|d[oó]lar(?:es)?|dollars?")
_WITH_CENTS = re.compile(r"(\d+)(?:con|y|and)(\d{1,2})(?:centavos?|cents?|ctvs?\.?)?")
_ONLY_CENTS = re.compile(r"(\d{1,2})(?:centavos?|cents?|ctvs?\.?)")


def number_pressed(keys: str, asked: Asked) -> int | float:
    found = _PRESSED.fullmatch(keys)
    if not found:
        raise NotAnAnswerError("number")
    return _kept(f"{found[1]}.{found[2] or 0}", 6, asked)


def number_written(text: str, asked: Asked) -> int | float:
    bare = _SPACES.sub("", text[:LONGEST_WRITTEN])
    return _kept(_numeral(bare, asked, "number", thousandths=True), 6, asked)


def money_pressed(keys: str, asked: Asked) -> int | float:
    """Whole units; after `*` two digits of cents, because one alone could mean either."""
    found = _CENTS_PRESSED.fullmatch(keys)
    if not found or not (found[1] or found[2]):
        raise NotAnAnswerError("money")
    return _kept(f"{found[1] or 0}.{found[2] or 0}", 2, asked)


def money_written(text: str, asked: Asked) -> int | float:
    """«12,50», «$12.50», «Bs 1.234», «12 dólares con 50 centavos», «50 centavos»."""
    bare = _CURRENCY.sub("", _SPACES.sub("", text[:LONGEST_WRITTEN].lower()))
    cents, both = _ONLY_CENTS.fullmatch(bare), _WITH_CENTS.fullmatch(bare)
    if cents:
        return _kept(f"0.{int(cents[1]):02}", 2, asked)
    if both:
        return _kept(f"{both[1]}.{int(both[2]):02}", 2, asked)
    return _kept(_numeral(bare, asked, "money", thousandths=False), 2, asked)


def _numeral(bare: str, asked: Asked, phrase: str, *, thousandths: bool) -> str:
    """As Python writes it. Of two different marks the last is the decimal one; one that comes twice never is.
    A single mark before exactly three digits is the country's decimal mark or else its thousands'.
    """
    found = _NUMERAL.fullmatch(bare)
    if not found:
        raise NotAnAnswerError(phrase)
    sign, figures = found.groups()
    marks = re.findall(r"[.,]", figures)
    mark = marks[-1] if marks else "."
    if len(marks) == 1 and re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", figures):
        is_decimal = thousandths and mark == decimal_mark(asked.country)
    else:
        is_decimal = marks.count(mark) == 1
    whole, decimals = figures.rsplit(mark, 1) if is_decimal and marks else (figures, "")
    if not re.fullmatch(r"\d*|\d{1,3}([.,]\d{3})+", whole) or not re.fullmatch(r"\d*", decimals):
        raise NotAnAnswerError(phrase)
    if len(set(re.findall(r"[.,]", whole))) > 1 or len(figures) > 24:
        raise NotAnAnswerError(phrase)
    return f"{sign}{re.sub('[.,]', '', whole) or 0}.{decimals or 0}"


def _kept(numeral: str, decimals: int, asked: Asked) -> int | float:
    """A whole number stays whole, so that it is shown without `.0`."""
    phrase = "money" if decimals == 2 else "number"
    if len(numeral.rpartition(".")[2].rstrip("0")) > decimals:
        raise NotAnAnswerError(phrase)
    value = round(float(numeral), decimals)
    if abs(value) > 10**12 or (decimals == 2 and value < 0):
        raise NotAnAnswerError(phrase)
    plain = int(value) if value == int(value) else value
    between(plain, asked, "too_small", "too_large")
    return plain


NUMBER = Kind((1, MOST_KEYS), number_pressed, number_written)
MONEY = Kind((1, 13), money_pressed, money_written)
