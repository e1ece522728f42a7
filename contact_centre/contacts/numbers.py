"""Telephone numbers in one form, so that 02 222 3344 and +593 2 222 3344 are the same caller."""

from __future__ import annotations

import re

import phonenumbers

_SEPARATORS = re.compile(r"[\s().\-/]")
LONGEST = 32


def normalise(number: str, country: str) -> str:
    """E.164 when it is a possible number seen from `country` (ISO 3166); otherwise its digits; "" when withheld."""
    bare = _SEPARATORS.sub("", number)[:LONGEST]
    try:
        parsed = phonenumbers.parse(bare, country)
    except phonenumbers.NumberParseException:
        return bare if re.fullmatch(r"\+?[0-9*#]+", bare) else ""
    if not phonenumbers.is_possible_number(parsed):
        return bare
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
