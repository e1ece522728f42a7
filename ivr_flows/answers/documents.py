"""Identity documents and tax numbers, by country, each with what its number can prove of itself.

python-stdnum knows some, but refuses companies' RUC that the tax office itself lists, takes any two digits for a
province, and has neither the DUI nor Bolivia's CI; so each rule stands here in a few lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ivr_flows.answers.base import LONGEST_WRITTEN, Asked, Kind, NotAnAnswerError

_PROVINCES = frozenset(f"{number:02}" for number in [*range(1, 25), 30])  # 30: registered abroad
_SEPARATORS = re.compile(r"[\s.\-]")
_CI = re.compile(r"([0-9]{5,8})([0-9][A-Z])?(?:LP|SC|CB|CH|OR|PT|TJ|BE|PD)?")


@dataclass(frozen=True, slots=True)
class Document:
    """`title` is how people call it, in any language. `is_right` sees digits only."""

    country: str
    title: str
    keys: tuple[int, int]
    is_right: Callable[[str], bool]


def is_cedula(digits: str) -> bool:
    """Ecuador's cédula: province, serial, and a check digit by module 10 with the coefficients 2 1 2 1 ….

    Sources: the description at consultasecuador.com/blog/ver/numero-de-cedula-por-provincia, and python-stdnum's
    `ec.ci`. The third digit says nothing: foreigners' cédulas have 6 there (github.com/arthurdejong/python-stdnum/pull/228).
    """
    if not re.fullmatch(r"[0-9]{10}", digits) or digits[:2] not in _PROVINCES:
        return False
    doubled = [int(digit) * (2 - at % 2) for at, digit in enumerate(digits)]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def is_ruc(digits: str) -> bool:
    """Ecuador's RUC: a person's is their cédula and three digits of the establishment, never 000.

    A company's (third digit 9 or 6) carries no check digit that can be relied on: the tax office has said that they
    follow no algorithm (quoted in github.com/koblas/stdnum-js/pull/168; companies that are listed all the same in
    github.com/arthurdejong/python-stdnum/issues/497). So of those only the form is looked at.
    """
    if not re.fullmatch(r"[0-9]{13}", digits) or digits[:2] not in _PROVINCES or digits.endswith("000"):
        return False
    return digits[2] in "69" or is_cedula(digits[:10])


def is_dui(digits: str) -> bool:
    """El Salvador's DUI: eight digits weighed 9 to 2, and a check digit by module 10.

    Source: lu1tr0n.github.io/nationid/documents/sv.html, which says that the register does not publish the formula.
    """
    if not re.fullmatch(r"[0-9]{9}", digits) or digits == "0" * 9:
        return False
    weighed = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 1, -1), strict=False))
    return (weighed + int(digits[8])) % 10 == 0


def is_nit_sv(digits: str) -> bool:
    """El Salvador's NIT: 14 digits with a check digit by module 11, or, since Decree 763 of 2021, a person's DUI.

    Two ways of weighing, by the serial (positions 11 to 13): up to 100 the old one, 14 to 2. Source: python-stdnum's
    `sv.nit` and what it refers to.
    """
    if len(digits) == 9:
        return is_dui(digits)
    if not re.fullmatch(r"[019][0-9]{13}", digits):
        return False
    old = digits[10:13] <= "100"
    weights = range(14, 1, -1) if old else (2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    weighed = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
    return (weighed if old else -weighed) % 11 % 10 == int(digits[13])


def is_ci(digits: str) -> bool:
    """Bolivia's CI has no check digit."""
    return bool(re.fullmatch(r"[1-9][0-9]{4,7}", digits))


DOCUMENTS = {
    "cedula": Document("EC", "cédula", (10, 10), is_cedula),
    "ruc": Document("EC", "RUC", (13, 13), is_ruc),
    "dui": Document("SV", "DUI", (9, 9), is_dui),
    "nit_sv": Document("SV", "NIT", (9, 14), is_nit_sv),
    "ci": Document("BO", "carnet", (5, 8), is_ci),
}
_OF_COUNTRY = {
    document.country: name for name, document in reversed(DOCUMENTS.items())
}  # each country's first


def usual(country: str) -> str | None:
    """The document people there have in their pocket."""
    return _OF_COUNTRY.get(country)


def document_kind(name: str) -> Kind:
    document = DOCUMENTS[name]

    def read(text: str, _: Asked) -> str:
        bare, complement = _SEPARATORS.sub("", text[:LONGEST_WRITTEN]).upper(), ""
        if name == "ci":
            bare, complement = _without_place(bare)
        if not document.is_right(bare):
            raise NotAnAnswerError("document", document.title)
        return bare + complement

    return Kind(document.keys, read, read)


def _without_place(bare: str) -> tuple[str, str]:
    """`1234567-1A` has a complement, which tells twins of a number apart; `1234567 LP` only where it was issued."""
    found = _CI.fullmatch(bare)
    return (found[1], f"-{found[2]}" if found[2] else "") if found else (bare, "")
