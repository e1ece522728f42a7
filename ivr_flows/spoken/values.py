"""A value said or shown. What cannot be read as the kind it should be is left as it stands: nobody is lost for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import phonenumbers

from ivr_flows.spoken.manner import Manner
from ivr_flows.spoken.tongue import Tongue, tongue

LONGEST = 200  # characters of one value
MAX_NUMBER = 10**15
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(:[0-5]\d(\.\d+)?)?")
_SIGNS = {"USD": "$", "BOB": "Bs "}
_NUMERAL = re.compile(r"-?\d{1,16}(\.\d{1,20})?")


def say_number(value: object, manner: Manner, one: object = "uno") -> str:
    """2031 → «dos mil treinta y uno»; in writing 2031. `one`: "un", "una" before a noun: «veintiuna facturas»."""
    number = _number(value, 6)
    words = tongue(manner.language)
    if number is None:
        return _as_it_stands(value)
    whole, _, decimals = f"{abs(number):f}".partition(".")
    decimals = decimals.rstrip("0")
    minus = number < 0
    if manner.is_written or words is None:
        return f"{'-' if minus else ''}{whole}{manner.decimal_mark + decimals if decimals else ''}"
    ending = one if isinstance(one, str) and one in ("uno", "un", "una") and not decimals else "uno"
    said = [words.MINUS] if minus else []
    said.append(words.cardinal(int(whole), ending))
    if decimals:
        said += [words.MARKS[manner.decimal_mark], words.decimals(decimals)]
    return " ".join(said)


def say_money(value: object, manner: Manner, currency: object = "") -> str:
    """12.5 → «doce dólares con cincuenta centavos»; in writing $12.50. The currency is the country's unless given."""
    amount = _number(value, 2)
    code = str(currency or manner.currency)
    if amount is None or code not in _SIGNS:
        return say_number(value, manner)
    units, cents = divmod(int(abs(amount) * 100), 100)
    words = tongue(manner.language)
    if manner.is_written or words is None:
        return f"{'-' if amount < 0 else ''}{_SIGNS[code]}{_grouped(units, cents, code)}"
    said = [words.MINUS] if amount < 0 else []
    said.append(words.counted(units, code, cents=False))
    if cents:
        said += [words.AND_CENTS, words.counted(cents, code, cents=True)]
    return " ".join(said)


def say_date(value: object, manner: Manner) -> str:
    """2026-12-03 → «tres de diciembre de dos mil veintiséis»; in writing «3 de diciembre de 2026»."""
    day = _day(value, manner)
    if day is None:
        return _as_it_stands(value)
    words = tongue(manner.language)
    if words is None:
        return f"{day:%d/%m/%Y}"
    return words.day_in_figures(day) if manner.is_written else words.day_in_words(day)


def say_time(value: object, manner: Manner) -> str:
    """15:15 → «las tres y cuarto de la tarde»; in writing 15:15."""
    hour = _hour(value, manner)
    if hour is None:
        return _as_it_stands(value)
    words = tongue(manner.language)
    if words is None:
        return f"{hour:%H:%M}"
    return words.hour_in_figures(hour) if manner.is_written else words.hour_in_words(hour)


def say_digits(value: object, manner: Manner, group: object = 1) -> str:
    """Figures one by one, or `group` (2 to 4) at a time: 0991 by two is «cero nueve, noventa y uno»."""
    text = _national(_as_it_stands(value), manner)
    size = group if isinstance(group, int) and 1 <= group <= 4 else 1
    if manner.is_written:
        return text if size == 1 else " ".join(map(str, _groups(text, size)))
    words = tongue(manner.language)
    plus = {"es": "más", "en": "plus"}.get(manner.language[:2], "+")
    said = [plus] if text.startswith("+") else []
    said += [_group_in_words(part, words) for part in _groups(text, size)]
    return ", ".join(said)


def say_truth(value: bool, manner: Manner) -> str:
    words = tongue(manner.language)
    return words.TRUTHS[value] if words else ("✓" if value else "✗")


def spell(value: object, manner: Manner | None = None) -> str:
    """Read one by one: `0012` → `0, 0, 1, 2`; in writing as it stands."""
    text = _as_it_stands(value)
    if manner is not None and manner.is_written:
        return text
    return ", ".join(character for character in text if character.isalnum())


def say(value: object, manner: Manner, way: str) -> str:
    """`way`: one of WAYS; "plain" goes by what the value looks like."""
    return WAYS[way](value, manner)


def _say_plainly(value: object, manner: Manner) -> str:
    """A truth, a number, an ISO date, figures, a code of letters and figures; else the text itself."""
    if isinstance(value, bool):
        return say_truth(value, manner)
    if isinstance(value, int | float):
        return say_number(value, manner)
    text = _as_it_stands(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return say_date(text, manner)
    if re.fullmatch(r"\+?\d+", text):
        return say_digits(text, manner)
    if re.fullmatch(r"(?=.*\d)[A-Z\d-]{2,40}", text):
        return spell(text, manner)
    return text


def _as_it_stands(value: object) -> str:
    return "" if value is None else str(value)[:LONGEST]


def _number(value: object, decimals: int) -> Decimal | None:
    """Rounded half away from zero, as people do; None for what is no number or too big to be said."""
    if isinstance(value, bool) or not _NUMERAL.fullmatch(_plain(value)):
        return None
    try:
        number = Decimal(_plain(value)).quantize(Decimal(1).scaleb(-decimals), rounding="ROUND_HALF_UP")
    except InvalidOperation:
        return None
    return number if abs(number) < MAX_NUMBER else None


def _plain(value: object) -> str:
    """Small floats are written without an exponent."""
    return f"{value:.10f}" if isinstance(value, float) else _as_it_stands(value).strip()


def _grouped(units: int, cents: int, code: str) -> str:
    """$1,234.50 but Bs 1.234,50: as each is written where it is spent."""
    figures = f"{units:,}.{cents:02}"
    return figures if code == "USD" else figures.translate(str.maketrans(",.", ".,"))


def _day(value: object, manner: Manner) -> date | None:
    moment = _moment(value, manner)
    return moment.date() if moment else None


def _hour(value: object, manner: Manner) -> time | None:
    text = _as_it_stands(value).strip()
    found = _TIME.fullmatch(text)
    if found:
        return time(int(found[1]), int(found[2]))
    moment = _moment(text, manner) if len(text) > len("2026-12-03") else None
    return moment.time() if moment else None


def _moment(value: object, manner: Manner) -> datetime | None:
    """An ISO date or moment; one that tells its zone is seen from the organisation's."""
    try:
        moment = datetime.fromisoformat(_as_it_stands(value).strip())
        return moment.astimezone(ZoneInfo(manner.timezone)) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def _national(text: str, manner: Manner) -> str:
    """A number of the organisation's own country as it is dialled there: 099… instead of +59399…."""
    if not re.fullmatch(r"\+\d{7,15}", text):
        return text
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return text
    if phonenumbers.region_code_for_number(parsed) != manner.country:
        return text
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return re.sub(r"\D", "", national)


def _groups(text: str, size: int) -> list[str]:
    """Counted from the end, as telephone numbers are said; letters stand alone."""
    groups: list[str] = []
    for part in re.findall(r"\d+|[^\W\d_]", text):
        first = len(part) % size or size
        groups += [part[:first]] + [part[at : at + size] for at in range(first, len(part), size)]
    return groups


def _group_in_words(group: str, words: Tongue | None) -> str:
    if words is None or not (group.isascii() and group.isdigit()):
        return group
    return words.decimals(group) if len(group) == 1 else _leading_zeros(group, words)


def _leading_zeros(group: str, words: Tongue) -> str:
    rest = group.lstrip("0")
    zeros = [words.cardinal(0)] * (len(group) - len(rest))
    return " ".join([*zeros, *([words.cardinal(int(rest))] if rest else [])])


WAYS: dict[str, Callable[[object, Manner], str]] = {
    "plain": _say_plainly,
    "text": lambda value, _: _as_it_stands(value),
    "number": say_number,
    "money": say_money,
    "date": say_date,
    "time": say_time,
    "digits": say_digits,
    "pairs": lambda value, manner: say_digits(value, manner, 2),
    "spell": spell,
}
