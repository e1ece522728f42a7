"""What a contact may answer, kind by kind: keys and written words, and what is said about a wrong one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows import Organisation
from ivr_flows.answers.base import Asked, NotAnAnswerError
from ivr_flows.answers.kinds import kind_of
from ivr_flows.effects import Enqueue, Gather, HangUp
from ivr_flows.inputs import Digits, Failed, Input, NoInput, Words
from ivr_flows.spoken.manner import Manner
from ivr_flows.spoken.values import say_date, say_money
from tests.ivr_flows.lines import Line, flows_of

TODAY = date(2026, 11, 23)


def read(
    kind: str, given: str, *, country: str = "EC", of: str = "", pressed: bool = False, **bounds: Any
) -> Any:
    """The value, or the name of what is said about it."""
    known = kind_of(kind, of)
    try:
        return (known.pressed if pressed else known.written)(given, Asked(country, TODAY, **bounds))
    except NotAnAnswerError as refusal:
        return refusal.phrase


@pytest.mark.parametrize(("keys", "number", "amount"), [
    ("12", 12, 12), ("12*50", 12.5, 12.5), ("12*5", 12.5, "money"), ("12*", 12, 12), ("*50", "number", 0.5),
    ("0", 0, 0), ("*", "number", "money"), ("1*2*3", "number", "money"), ("12*505", 12.505, "money"),
])  # fmt: skip
def test_the_star_is_the_decimal_mark(keys: str, number: Any, amount: Any) -> None:
    assert (read("number", keys, pressed=True), read("money", keys, pressed=True)) == (number, amount)


@pytest.mark.parametrize(("text", "in_ecuador", "in_el_salvador"), [
    ("1234", 1234, 1234), ("12,5", 12.5, 12.5), ("12.5", 12.5, 12.5), ("-3", -3, -3), (".5", 0.5, 0.5),
    ("1.234", 1234, 1.234), ("1,234", 1.234, 1234), ("0,125", 0.125, 0.125),  # three digits: by the country's mark
    ("1.234,50", 1234.5, 1234.5), ("1,234.50", 1234.5, 1234.5), ("1.234.567", 1234567, 1234567),
    ("12 345", 12345, 12345), ("1'000", 1000, 1000), ("1.2.3", "number", "number"), ("doce", "number", "number"),
    ("12345678901234567890", "number", "number"), ("1e9", "number", "number"), ("nan", "number", "number"),
])  # fmt: skip
def test_numbers_as_they_are_written(text: str, in_ecuador: Any, in_el_salvador: Any) -> None:
    assert (read("number", text), read("number", text, country="SV")) == (in_ecuador, in_el_salvador)
    assert isinstance(read("number", text), type(in_ecuador))  # what is whole stays whole


@pytest.mark.parametrize(("text", "amount"), [
    ("12,50", 12.5), ("$12.50", 12.5), ("12", 12), ("USD 3", 3), ("Bs 1.234", 1234), ("Bs. 1.234,5", 1234.5),
    ("12 dólares", 12), ("12 dólares con 50 centavos", 12.5), ("12 con 5", 12.05), ("50 centavos", 0.5),
    ("12.505", 12505), ("-3", "money"), ("$", "money"), ("12,5050", "money"), ("mucho", "money"),
])  # fmt: skip
def test_money_as_it_is_written(text: str, amount: Any) -> None:
    assert read("money", text) == amount


def test_bounds_are_told() -> None:
    assert read("number", "3", lowest=5) == "too_small"
    assert read("money", "30", highest=5) == "too_large"
    assert read("money", "5", lowest=5, highest=5) == 5


@pytest.mark.parametrize(("keys", "day"), [
    ("03122026", "2026-12-03"), ("0312", "2026-12-03"), ("031226", "2026-12-03"), ("0501", "2027-01-05"),
    ("3006", "2026-06-30"), ("29022028", "2028-02-29"), ("2902", "date"), ("3102", "date"), ("00122026", "date"),
    ("1", "date"), ("12345", "date"), ("01010000", "date"),
])  # fmt: skip
def test_dates_on_keys(keys: str, day: str) -> None:
    assert read("date", keys, pressed=True) == day


@pytest.mark.parametrize(("text", "day"), [
    ("3/12/2026", "2026-12-03"), ("3-12-26", "2026-12-03"), ("2026-12-03", "2026-12-03"), ("3.12", "2026-12-03"),
    ("3 de diciembre", "2026-12-03"), ("El jueves 3 de dic. del 2026", "2026-12-03"),
    ("primero de enero", "2027-01-01"), ("1.º de enero", "2027-01-01"), ("December 3rd, 2026", "2026-12-03"),
    ("3 December", "2026-12-03"), ("12/25/2026", "2026-12-25"), ("hoy", "2026-11-23"), ("¡Mañana!", "2026-11-24"),
    ("pasado mañana", "2026-11-25"), ("yesterday", "2026-11-22"), ("15/8/85", "1985-08-15"), ("03122026", "2026-12-03"),
    ("31 de febrero", "date"), ("3 de nada", "date"), ("cuando quiera", "date"), ("", "date"), ("13/13/2026", "date"),
])  # fmt: skip
def test_dates_as_they_are_written(text: str, day: str) -> None:
    assert read("date", text) == day


def test_the_year_that_makes_sense_is_the_nearest_one_within_the_bounds() -> None:
    coming, past = {"lowest": TODAY}, {"highest": TODAY}
    assert read("date", "3006", pressed=True, **coming) == "2027-06-30"
    assert read("date", "0312", pressed=True, **past) == "2025-12-03"
    assert read("date", "0312", lowest=date(2030, 1, 1), highest=date(2030, 12, 31)) == "2030-12-03"
    assert read("date", "3006", lowest=TODAY, highest=date(2026, 12, 31)) == "too_early"
    assert read("date", "03122031", highest=date(2026, 12, 31)) == "too_late"


@pytest.mark.parametrize(("text", "value"), [
    ("sí", True), ("Si, por favor", True), ("claro que sí", True), ("YES!", True), ("está bien", True), ("1", True),
    ("no", False), ("No, gracias", False), ("no es correcto", False), ("2", False),
    ("no, está bien", "yes_no"), ("sí y no", "yes_no"), ("no sé", "yes_no"), ("quizás", "yes_no"), ("3", "yes_no"),
])  # fmt: skip
def test_yes_and_no(text: str, value: Any) -> None:
    assert read("yes_no", text) is value or read("yes_no", text) == value


@pytest.mark.parametrize(("text", "number"), [
    ("0991234567", "+593991234567"), ("+593 99 123 4567", "+593991234567"), ("02 234-5678", "+59322345678"),
    ("00503 2233 4455", "+50322334455"), ("2345678", "phone"), ("hola", "phone"), ("9" * 70, "phone"),
])  # fmt: skip
def test_phones_become_e164(text: str, number: str) -> None:
    assert read("phone", text) == number


def test_codes_and_free_text() -> None:
    assert read("code", "ab-12 3") == "AB123"
    assert read("code", "0012", pressed=True) == "0012"
    assert read("code", "¿qué?") == "code"
    assert read("text", "  No tengo luz  ") == "No tengo luz"
    assert read("text", " ") == "text"
    assert read("text", "x" * 1_001) == "text"


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_an_amount_is_the_same_however_it_is_written(units: int, cents: int) -> None:
    amount = float(f"{units}.{cents:02}")
    in_english = f"{units:,}.{cents:02}"
    in_spanish = in_english.translate(str.maketrans(",.", ".,"))
    ways = (in_english, in_spanish, f"$ {units}.{cents:02}", f"Bs {in_spanish}", f"{units} con {cents:02}")
    assert {read("money", way) for way in ways} == {amount}
    assert read("money", f"{units}*{cents:02}", pressed=True) == amount
    assert read("number", in_spanish) == amount
    assert (
        read("money", say_money(amount, Manner(medium="text"))) == amount
    )  # what we show can be written back


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_day_is_the_same_however_it_is_written(day: date) -> None:
    ways = [
        day.isoformat(), f"{day:%d/%m/%Y}", f"{day.day}-{day.month}-{day.year}",
        say_date(day.isoformat(), Manner(medium="text")), say_date(day.isoformat(), Manner("en", "text")),
    ]  # fmt: skip
    assert {read("date", way) for way in ways} == {day.isoformat()}
    assert read("date", f"{day:%d%m%Y}", pressed=True) == day.isoformat()


@given(st.dates(TODAY, date(2027, 11, 22)))
def test_a_coming_day_needs_no_year(day: date) -> None:
    assert read("date", f"{day:%d%m}", pressed=True, lowest=TODAY) == day.isoformat()


def asks(fields: str, **others: Any) -> Line:
    flow = f"""
    human: persona
    languages: [es, en]
    steps:
      pide:
        ask: {{prompt: {{es: ¿Cuál?, en: Which one?}}, into: x, attempts: 2, otherwise: sin, {fields}}}
      queda:
        queue: soporte
      sin:
        hang_up: sin
      persona:
        queue: facturacion
    """
    return Line(flows_of(flow), **others)


@pytest.mark.parametrize(("fields", "given", "kept"), [
    ("kind: number, minimum: 1, maximum: 99999", Digits("1203"), 1203),
    ("kind: date, earliest: hoy, latest: 30", Digits("0312"), "2026-12-03"),
    ("kind: date, latest: now.date", Words("ayer"), "2026-11-22"),
    ("kind: money, maximum: 20.5", Words("$12,50"), 12.5),
    ("kind: yes_no", Digits("2"), False),
    ("kind: document", Words("171430710-3"), "1714307103"),
    ("kind: document, of: dui", Digits("000162975"), "000162975"),
    ("kind: phone", Digits("0991234567"), "+593991234567"),
    ("kind: code, min_length: 4", Words("ab-12"), "AB12"),
    ("kind: number, zero: answer", Digits("0"), 0),
    ("kind: number, valid: value % 2 == 0", Digits("8"), 8),
])  # fmt: skip
def test_a_plain_value_is_kept(fields: str, given: Input, kept: Any) -> None:
    line = asks(fields)
    assert isinstance(line.answers(given), Enqueue)
    assert line.turn.data == {"x": kept}
    assert isinstance(line.turn.data["x"], type(kept))


@pytest.mark.parametrize(("fields", "given", "heard", "in_english"), [
    ("kind: number", Digits("1*2*3"), "No entendí ese número.", "I did not understand that number."),
    ("kind: number, minimum: 21", Digits("5"), "Tiene que ser veintiuno o más.", "It has to be twenty-one or more."),
    ("kind: money, maximum: 12.5", Digits("30"), "Tiene que ser doce dólares con cincuenta centavos o menos.",
     "It has to be twelve dollars and fifty cents or less."),
    ("kind: date", Digits("31022026"), "Esa fecha no existe.", "That date does not exist."),
    ("kind: date, earliest: hoy", Digits("01012020"),
     "La fecha no puede ser anterior al veintitrés de noviembre de dos mil veintiséis.",
     "The date cannot be before November twenty-third, twenty twenty-six."),
    ("kind: date, latest: '-1'", Words("hoy"),
     "La fecha no puede ser posterior al veintidós de noviembre de dos mil veintiséis.",
     "The date cannot be after November twenty-second, twenty twenty-six."),
    ("kind: yes_no", Digits("3"), "Marque 1 para sí o 2 para no.", "Press 1 for yes or 2 for no."),
    ("kind: document", Digits("1714307104"), "Ese número de cédula no es correcto. Revíselo, por favor.",
     "That cédula number is not right. Please check it."),
    ("kind: phone", Digits("123456789"), "Ese número de teléfono no existe o no está completo.",
     "That telephone number does not exist or is not complete."),
    ("kind: code, min_length: 4", Digits("123"), "Ese código no es correcto.", "That code is not right."),
    ("kind: money, valid: value > 5", Digits("3"), "Esa respuesta no es válida.", "That answer is not valid."),
])  # fmt: skip
def test_a_wrong_answer_has_its_own_wording(fields: str, given: Input, heard: str, in_english: str) -> None:
    line = asks(fields)
    assert isinstance(line.answers(given), Gather)
    assert line.heard() == f"{heard} ¿Cuál?"
    assert line.outcomes() == ["invalid"]
    assert line.answers(given) == HangUp("sin")
    line = asks(fields, language="en")
    line.answers(given)
    assert line.heard() == f"{in_english} Which one?"


def test_the_designers_words_win_and_silence_is_no_wrong_answer() -> None:
    line = asks("kind: date, invalid: [{es: Así no., en: Not so.}]")
    line.answers(Digits("99"))
    assert line.heard() == "Así no."
    for nothing in (NoInput(), Failed("x"), Digits(""), Words("")):
        line = asks("kind: date")
        line.answers(nothing)
        assert line.heard() == "No recibí ninguna respuesta. ¿Cuál?"


@pytest.mark.parametrize(("fields", "keys", "choices"), [
    ("kind: number", (1, 16), None), ("kind: date", (4, 8), None), ("kind: money", (1, 13), None),
    ("kind: yes_no", (1, 1), ("1", "2", "0")), ("kind: document", (10, 10), None),
    ("kind: document, of: ruc", (13, 13), None), ("kind: document, of: ci", (5, 8), None),
    ("kind: phone", (7, 17), None), ("kind: code, max_length: 9", (1, 9), None),
])  # fmt: skip
def test_the_telephone_listens_for_as_many_keys_as_the_kind_has(
    fields: str, keys: tuple[int, int], choices: tuple[str, ...] | None
) -> None:
    effect = asks(fields).effect
    assert isinstance(effect, Gather)
    assert ((effect.min_digits, effect.max_digits), effect.choices) == (keys, choices)


@pytest.mark.parametrize("kind", ["number", "date", "money", "yes_no", "document", "phone", "code"])
def test_a_lone_zero_and_the_word_lead_to_a_person(kind: str) -> None:
    assert asks(f"kind: {kind}").answers(Digits("0")) == Enqueue("facturacion", data={})
    assert asks(f"kind: {kind}").answers(Words("Agente")) == Enqueue("facturacion", data={})


def test_free_text_is_asked_in_writing_only() -> None:
    assert asks("kind: text").effect == HangUp("sin")
    assert asks("kind: text").outcomes() == ["only in writing", "sin"]
    line = asks("kind: text", medium="text")
    line.answers(Words(" no hay luz "))
    assert line.turn.data == {"x": "no hay luz"}


def test_a_secret_answer_stays_secret_whatever_its_kind() -> None:
    line = asks("kind: document, secret: true")
    line.answers(Digits("1714307103"))
    assert "1714307103" not in repr((line.turn.data, line.turn.trace, line.effect))


def test_the_usual_document_is_the_countrys() -> None:
    for country, digits in (("EC", 10), ("SV", 9), ("BO", 8)):
        line = asks("kind: document", organisation=Organisation("x", country=country))
        assert isinstance(line.effect, Gather)
        assert line.effect.max_digits == digits
    line = asks("kind: document", organisation=Organisation("x", country="PE"))
    assert isinstance(line.effect, Enqueue)
    assert "no usual document" in line.turn.error


def test_a_bound_that_means_nothing_leads_to_a_person() -> None:
    line = asks("kind: number, maximum: contact.limit")
    assert line.answers(Digits("5")) == Enqueue("facturacion", data={})
    assert "not a number" in line.turn.error
