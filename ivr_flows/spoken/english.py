"""Values in English words, as they are said in America."""

from __future__ import annotations

from datetime import date, time

MINUS = "minus"
AND_CENTS = "and"
MARKS = {",": "point", ".": "point"}
TRUTHS = ("no", "yes")
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1_000, "thousand"))
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_MONEY = {
    "USD": ("dollar", "dollars", "cent", "cents"),
    "BOB": ("boliviano", "bolivianos", "centavo", "centavos"),
}


def cardinal(number: int, _one: str = "") -> str:
    words = []
    for size, name in _SCALES:
        if number >= size:
            words.append(f"{cardinal(number // size)} {name}")
            number %= size
    if number >= 100:
        words.append(f"{_SMALL[number // 100]} hundred")
        number %= 100
    if number or not words:
        words.append(_under_hundred(number))
    return " ".join(words)


def decimals(digits: str) -> str:
    return " ".join(_SMALL[int(digit)] for digit in digits)


def counted(number: int, currency: str, *, cents: bool) -> str:
    one, many = _MONEY[currency][2:] if cents else _MONEY[currency][:2]
    return f"{cardinal(number)} {one if number == 1 else many}"


def day_in_words(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {_ordinal(day.day)}, {_year(day.year)}"


def day_in_figures(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def hour_in_words(hour: time) -> str:
    if hour.minute == 0 and hour.hour % 12 == 0:
        return "noon" if hour.hour else "midnight"
    minutes = f" oh {_SMALL[hour.minute]}" if 0 < hour.minute < 10 else ""
    if hour.minute >= 10:
        minutes = f" {_under_hundred(hour.minute)}"
    part = "morning" if hour.hour < 12 else "afternoon" if hour.hour < 18 else "evening"
    where = "at night" if hour.hour >= 21 else f"in the {part}"
    return f"{_SMALL[hour.hour % 12 or 12]}{minutes} {where}"


def hour_in_figures(hour: time) -> str:
    return f"{hour.hour % 12 or 12}:{hour.minute:02} {'p.m.' if hour.hour >= 12 else 'a.m.'}"


def _under_hundred(number: int) -> str:
    if number < 20:
        return _SMALL[number]
    tens, unit = divmod(number, 10)
    return f"{_TENS[tens]}-{_SMALL[unit]}" if unit else _TENS[tens]


def _ordinal(number: int) -> str:
    rest, _, last = _under_hundred(number).rpartition("-")
    last = _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return f"{rest}-{last}" if rest else last


def _year(year: int) -> str:
    """In pairs, except the first years of a millennium: nineteen eighty-five, two thousand five, twenty ten."""
    century, rest = divmod(year, 100)
    if century < 10 or (century % 10 == 0 and rest < 10):
        return cardinal(year)
    pairs = "hundred" if rest == 0 else f"oh {_SMALL[rest]}" if rest < 10 else _under_hundred(rest)
    return f"{_under_hundred(century)} {pairs}"
