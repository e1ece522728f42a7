"""Values in Spanish words. The rules of numerals are the Real Academia's (Diccionario panhispánico de dudas,
«cardinales» and «uno» 2.2): «uno» is shortened before a masculine noun and before «mil»; «millón» takes «de».
"""

from __future__ import annotations

from datetime import date, time

MINUS = "menos"
AND_CENTS = "con"
MARKS = {",": "coma", ".": "punto"}
TRUTHS = ("no", "sí")
_SMALL = (
    "cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once",
    "doce", "trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve",
    "veinte", "veintiuno", "veintidós", "veintitrés", "veinticuatro", "veinticinco", "veintiséis",
    "veintisiete", "veintiocho", "veintinueve",
)  # fmt: skip
_TENS = ("-", "-", "-", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_HUNDREDS = (
    "-", "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos",
    "setecientos", "ochocientos", "novecientos",
)  # fmt: skip
_TWENTY_ONE = {"uno": "veintiuno", "un": "veintiún", "una": "veintiuna"}
_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
    "noviembre", "diciembre",
)  # fmt: skip
_MONEY = {
    "USD": ("dólar", "dólares", "centavo", "centavos"),
    "BOB": ("boliviano", "bolivianos", "centavo", "centavos"),
}


def cardinal(number: int, one: str = "uno") -> str:
    """`one`: how it ends, "uno" alone, "un" before a masculine noun, "una" before a feminine one."""
    if number == 0:
        return _SMALL[0]
    billions, rest = divmod(number, 10**12)
    millions, rest = divmod(rest, 10**6)
    thousands, units = divmod(rest, 1_000)
    parts = [_many(billions, "billón", "billones"), _many(millions, "millón", "millones")]
    if thousands:
        hundreds = "" if thousands == 1 else _under_thousand(thousands, "un", feminine=one == "una") + " "
        parts.append(f"{hundreds}mil")
    if units:
        parts.append(_under_thousand(units, one, feminine=one == "una"))
    return " ".join(filter(None, parts))


def decimals(digits: str) -> str:
    """Zeros one by one, then the rest as a number: `05` is «cero cinco»."""
    rest = digits.lstrip("0")
    words = ["cero"] * (len(digits) - len(rest))
    if len(rest) > 3:
        words += [_SMALL[int(digit)] for digit in rest]
    elif rest:
        words.append(cardinal(int(rest)))
    return " ".join(words)


def counted(number: int, currency: str, *, cents: bool) -> str:
    one, many = _MONEY[currency][2:] if cents else _MONEY[currency][:2]
    of = "de " if number and number % 10**6 == 0 else ""
    return f"{cardinal(number, 'un')} {of}{one if number == 1 else many}"


def day_in_words(day: date) -> str:
    ordinal = "primero" if day.day == 1 else cardinal(day.day)
    return f"{ordinal} de {_MONTHS[day.month - 1]} de {cardinal(day.year)}"


def day_in_figures(day: date) -> str:
    return f"{day.day} de {_MONTHS[day.month - 1]} de {day.year}"


def hour_in_words(hour: time) -> str:
    """`15:15` is «las tres y cuarto de la tarde», `12:00` «las doce del mediodía»."""
    twelve = hour.hour % 12 or 12
    article = "la" if twelve == 1 else "las"
    return f"{article} {cardinal(twelve, 'una')}{_minutes(hour.minute)} {_part_of_day(hour.hour)}"


def hour_in_figures(hour: time) -> str:
    return f"{hour:%H:%M}"


def _minutes(minute: int) -> str:
    if minute == 0:
        return ""
    return " y " + {15: "cuarto", 30: "media"}.get(minute, cardinal(minute))


def _part_of_day(hour: int) -> str:
    if hour == 12:
        return "del mediodía"
    if 1 <= hour < 6:
        return "de la madrugada"
    if 6 <= hour < 12:
        return "de la mañana"
    return "de la tarde" if 12 < hour < 19 else "de la noche"


def _many(number: int, one: str, many: str) -> str:
    if number == 0:
        return ""
    return f"un {one}" if number == 1 else f"{cardinal(number, 'un')} {many}"


def _under_thousand(number: int, one: str, *, feminine: bool) -> str:
    if number == 100:
        return "cien"
    hundreds, rest = divmod(number, 100)
    words = [_HUNDREDS[hundreds]] if hundreds else []
    if feminine and hundreds > 1:
        words = [_HUNDREDS[hundreds].replace("ientos", "ientas")]
    if rest:
        words.append(_under_hundred(rest, one))
    return " ".join(words)


def _under_hundred(number: int, one: str) -> str:
    if number == 1:
        return one
    if number == 21:
        return _TWENTY_ONE[one]
    if number < 30:
        return _SMALL[number]
    tens, unit = divmod(number, 10)
    return f"{_TENS[tens]} y {one if unit == 1 else _SMALL[unit]}" if unit else _TENS[tens]
