"""Values said in Spanish and in English, and shown in writing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows.inputs import Done
from ivr_flows.spoken import english, spanish
from ivr_flows.spoken.manner import Manner
from ivr_flows.spoken.values import (
    MAX_NUMBER,
    say,
    say_date,
    say_digits,
    say_money,
    say_number,
    say_time,
)
from ivr_flows.templates import Expression, Template
from tests.ivr_flows.lines import Line, flows_of

ES, EN = Manner(), Manner("en")
READ_ES, READ_EN = Manner(medium="text"), Manner("en", "form")
BOLIVIA = Manner(country="BO", timezone="America/La_Paz")

# Words are read back by a grammar of its own: each word has a value, and scales multiply what stands before them.
SPANISH = {
    "cero": 0, "un": 1, "uno": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7,
    "ocho": 8, "nueve": 9, "diez": 10, "once": 11, "doce": 12, "trece": 13, "catorce": 14, "quince": 15,
    "dieciséis": 16, "diecisiete": 17, "dieciocho": 18, "diecinueve": 19, "veinte": 20, "veintiuno": 21,
    "veintiún": 21, "veintiuna": 21, "veintidós": 22, "veintitrés": 23, "veinticuatro": 24, "veinticinco": 25,
    "veintiséis": 26, "veintisiete": 27, "veintiocho": 28, "veintinueve": 29, "treinta": 30, "cuarenta": 40,
    "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90, "cien": 100, "ciento": 100,
    "doscientos": 200, "trescientos": 300, "cuatrocientos": 400, "quinientos": 500, "seiscientos": 600,
    "setecientos": 700, "ochocientos": 800, "novecientos": 900,
}  # fmt: skip
ENGLISH = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip


def read_spanish(words: str) -> int:
    total = group = 0
    for word in words.split():
        if word == "mil":
            group = max(group % 1_000, 1) * 1_000
        elif word in ("millón", "millones"):
            total, group = total + group * 10**6, 0
        elif word in ("billón", "billones"):
            total, group = (total + group) * 10**12, 0
        elif word != "y":
            group += SPANISH[word.replace("cientas", "cientos").replace("ientas", "ientos")]
    return total + group


def read_english(words: str) -> int:
    total = group = 0
    for word in words.replace("-", " ").split():
        scale = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}.get(word)
        if scale:
            total, group = total + group * scale, 0
        elif word == "hundred":
            group *= 100
        else:
            group += ENGLISH[word]
    return total + group


NUMBERS = (
    st.integers(0, 3_000) | st.integers(0, MAX_NUMBER - 1) | st.integers(0, 14).map(lambda zeros: 10**zeros)
)


@given(NUMBERS, st.sampled_from(["uno", "un", "una"]))
def test_spanish_numbers_are_read_back(number: int, one: str) -> None:
    words = spanish.cardinal(number, one)
    assert read_spanish(words) == number
    assert "uno mil" not in words
    assert "veintiuno m" not in words
    assert not words.startswith("un mil ")
    if number % 100 not in (11, 0) and number % 10 == 1:
        assert words.endswith({"uno": "uno", "un": ("un", "ún"), "una": "una"}[one])


@given(NUMBERS)
def test_english_numbers_are_read_back(number: int) -> None:
    assert read_english(english.cardinal(number)) == number


@pytest.mark.parametrize(("number", "alone", "before_a_man", "before_a_woman"), [
    (1, "uno", "un", "una"), (21, "veintiuno", "veintiún", "veintiuna"),
    (31, "treinta y uno", "treinta y un", "treinta y una"), (100, "cien", "cien", "cien"),
    (101, "ciento uno", "ciento un", "ciento una"), (200, "doscientos", "doscientos", "doscientas"),
    (500, "quinientos", "quinientos", "quinientas"), (1_000, "mil", "mil", "mil"),
    (2_031, "dos mil treinta y uno", "dos mil treinta y un", "dos mil treinta y una"),
    (21_000, "veintiún mil", "veintiún mil", "veintiún mil"),
    (101_300, "ciento un mil trescientos", "ciento un mil trescientos", "ciento un mil trescientas"),
    (200_000, "doscientos mil", "doscientos mil", "doscientas mil"),
    (1_000_000, "un millón", "un millón", "un millón"),
    (21_000_001, "veintiún millones uno", "veintiún millones un", "veintiún millones una"),
    (200_000_000, "doscientos millones", "doscientos millones", "doscientos millones"),
    (10**12, "un billón", "un billón", "un billón"),
])  # fmt: skip
def test_how_one_ends_in_spanish(number: int, alone: str, before_a_man: str, before_a_woman: str) -> None:
    said = [say_number(number, ES, one) for one in ("uno", "un", "una")]
    assert said == [alone, before_a_man, before_a_woman]


@pytest.mark.parametrize(("value", "spanish_words", "english_words", "shown"), [
    (-2, "menos dos", "minus two", "-2"), (12.5, "doce coma cinco", "twelve point five", "12,5"),
    (3.05, "tres coma cero cinco", "three point zero five", "3,05"),
    (0.125, "cero coma ciento veinticinco", "zero point one two five", "0,125"),
    (0.1 + 0.2, "cero coma tres", "zero point three", "0,3"), ("7", "siete", "seven", "7"),
    ("", "", "", ""), (None, "", "", ""), ("muchos", "muchos", "muchos", "muchos"), (float("nan"), "nan", "nan", "nan"),
])  # fmt: skip
def test_other_numbers(value: object, spanish_words: str, english_words: str, shown: str) -> None:
    assert (say_number(value, ES), say_number(value, EN), say_number(value, READ_ES)) == (
        spanish_words,
        english_words,
        shown,
    )
    assert say_number(12.5, Manner(country="SV")) == "doce punto cinco"


@pytest.mark.parametrize(("value", "spanish_words", "english_words", "shown"), [
    (12.5, "doce dólares con cincuenta centavos", "twelve dollars and fifty cents", "$12.50"),
    (1, "un dólar", "one dollar", "$1.00"), (21, "veintiún dólares", "twenty-one dollars", "$21.00"),
    (0.05, "cero dólares con cinco centavos", "zero dollars and five cents", "$0.05"),
    (1.01, "un dólar con un centavo", "one dollar and one cent", "$1.01"),
    (0, "cero dólares", "zero dollars", "$0.00"), (-3, "menos tres dólares", "minus three dollars", "-$3.00"),
    (1_000_000, "un millón de dólares", "one million dollars", "$1,000,000.00"),
    (1_500_000, "un millón quinientos mil dólares", "one million five hundred thousand dollars", "$1,500,000.00"),
    ("12.50", "doce dólares con cincuenta centavos", "twelve dollars and fifty cents", "$12.50"),
    (2.675, "dos dólares con sesenta y ocho centavos", "two dollars and sixty-eight cents", "$2.68"),
    ("gratis", "gratis", "gratis", "gratis"),
])  # fmt: skip
def test_money(value: object, spanish_words: str, english_words: str, shown: str) -> None:
    assert (say_money(value, ES), say_money(value, EN), say_money(value, READ_EN)) == (
        spanish_words,
        english_words,
        shown,
    )


def test_money_is_the_countrys() -> None:
    assert say_money(1, BOLIVIA) == "un boliviano"
    assert say_money(31.21, BOLIVIA) == "treinta y un bolivianos con veintiún centavos"
    assert say_money(1234.5, Manner(medium="text", country="BO")) == "Bs 1.234,50"
    assert say_money(2, ES, "BOB") == "dos bolivianos"
    assert say_money(2, Manner(country="PE")) == "dos"  # rather no currency than a wrong one
    assert say_money(2, Manner(country="PE"), "USD") == "dos dólares"


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_money_is_read_back(units: int, cents: int) -> None:
    words = say_money(f"{units}.{cents:02}", BOLIVIA)
    whole, _, rest = words.partition(" con ")
    assert read_spanish(whole.rpartition(" bolivian")[0].removesuffix(" de")) == units
    assert (read_spanish(rest.rpartition(" centavo")[0]) if rest else 0) == cents
    assert "uno boliviano" not in words
    assert "una boliviano" not in words
    assert whole.endswith(" boliviano") == (units == 1)


@pytest.mark.parametrize(("value", "spanish_words", "english_words", "shown", "shown_in_english"), [
    ("2026-12-03", "tres de diciembre de dos mil veintiséis", "December third, twenty twenty-six",
     "3 de diciembre de 2026", "December 3, 2026"),
    ("2027-01-01", "primero de enero de dos mil veintisiete", "January first, twenty twenty-seven",
     "1 de enero de 2027", "January 1, 2027"),
    ("1985-08-21", "veintiuno de agosto de mil novecientos ochenta y cinco", "August twenty-first, nineteen eighty-five",
     "21 de agosto de 1985", "August 21, 1985"),
    ("2005-05-30", "treinta de mayo de dos mil cinco", "May thirtieth, two thousand five", "30 de mayo de 2005",
     "May 30, 2005"),
    ("2026-12-03T02:00:00Z", "dos de diciembre de dos mil veintiséis", "December second, twenty twenty-six",
     "2 de diciembre de 2026", "December 2, 2026"),  # still the second in Guayaquil
    ("pronto", "pronto", "pronto", "pronto", "pronto"), ("", "", "", "", ""),
])  # fmt: skip
def test_dates(value: str, spanish_words: str, english_words: str, shown: str, shown_in_english: str) -> None:
    assert [say_date(value, manner) for manner in (ES, EN, READ_ES, READ_EN)] == [
        spanish_words,
        english_words,
        shown,
        shown_in_english,
    ]


@pytest.mark.parametrize(("value", "spanish_words", "english_words", "shown_in_english"), [
    ("15:15", "las tres y cuarto de la tarde", "three fifteen in the afternoon", "3:15 p.m."),
    ("13:00", "la una de la tarde", "one in the afternoon", "1:00 p.m."),
    ("12:00", "las doce del mediodía", "noon", "12:00 p.m."),
    ("00:00", "las doce de la noche", "midnight", "12:00 a.m."),
    ("06:30", "las seis y media de la mañana", "six thirty in the morning", "6:30 a.m."),
    ("01:05", "la una y cinco de la madrugada", "one oh five in the morning", "1:05 a.m."),
    ("21:21", "las nueve y veintiuno de la noche", "nine twenty-one at night", "9:21 p.m."),
])  # fmt: skip
def test_hours(value: str, spanish_words: str, english_words: str, shown_in_english: str) -> None:
    assert [say_time(value, manner) for manner in (ES, EN, READ_ES, READ_EN)] == [
        spanish_words,
        english_words,
        value,
        shown_in_english,
    ]


def test_no_two_minutes_are_said_alike() -> None:
    moments = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(24 * 60)]
    for manner in (ES, EN, READ_ES, READ_EN):
        assert len({say_time(moment, manner) for moment in moments}) == len(moments)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.integers(1, 400))
def test_no_two_days_are_said_alike(day: date, later: int) -> None:
    for manner in (ES, EN, READ_ES, READ_EN):
        assert say_date(day.isoformat(), manner) != say_date(
            (day + timedelta(days=later)).isoformat(), manner
        )


@pytest.mark.parametrize(("value", "group", "spanish_words", "shown"), [
    ("0991", 1, "cero, nueve, nueve, uno", "0991"), ("0991", 2, "cero nueve, noventa y uno", "09 91"),
    ("12345", 2, "uno, veintitrés, cuarenta y cinco", "1 23 45"), ("700", 2, "siete, cero cero", "7 00"),
    ("+593991234567", 2, "cero nueve, noventa y uno, veintitrés, cuarenta y cinco, sesenta y siete", "09 91 23 45 67"),
    ("+50322334455", 1, "más, cinco, cero, tres, dos, dos, tres, tres, cuatro, cuatro, cinco, cinco", "+50322334455"),
    ("AB-1203", 2, "A, B, doce, cero tres", "A B 12 03"), ("", 2, "", ""),
])  # fmt: skip
def test_figures_in_groups(value: str, group: int, spanish_words: str, shown: str) -> None:
    assert (say_digits(value, ES, group), say_digits(value, READ_ES, group)) == (spanish_words, shown)


@given(st.text("0123456789", max_size=40), st.integers(1, 4))
def test_figures_are_read_back(figures: str, group: int) -> None:
    said = say_digits(figures, ES, group).split(", ") if figures else []
    back = ""
    for words in said:
        zeros = words.split().count("cero")
        rest = " ".join(word for word in words.split() if word != "cero")
        back += "0" * zeros + (str(read_spanish(rest)) if rest else "")
    assert back == figures


def test_plainly_is_as_it_looks() -> None:
    for value, words in {
        True: "sí", 3: "tres", "2026-12-03": "tres de diciembre de dos mil veintiséis", "007": "cero, cero, siete",
        "AB12": "A, B, 1, 2", "una casa": "una casa",
    }.items():  # fmt: skip
        assert say(value, ES, "plain") == words
    assert (say(False, EN, "plain"), say("AB12", READ_ES, "plain")) == ("no", "AB12")


def test_a_language_without_words_shows_figures() -> None:
    quechua = Manner("qu")
    assert [say(value, quechua, way) for value, way in (
        (12.5, "money"), ("2026-12-03", "date"), ("15:15", "time"), (7, "number"), ("12", "digits"),
    )] == ["$12.50", "03/12/2026", "15:15", "7", "1, 2"]  # fmt: skip


FLOW = """
languages: [es, en]
steps:
  a:
    set: {saldo: 12.5, vence: 2026-12-03, secreto: "{{ saldo|dinero }}"}
  b:
    say:
      es: "{{ saldo|dinero }}, {{ vence|fecha }}, {{ 21|numero('una') }}, {{ now.time|hora }}, {{ caller|cifras(2) }}"
      en: "{{ saldo|money }}, {{ vence|date }}, {{ 21|number }}, {{ now.time|time }}, {{ caller|spell }}"
  c:
    queue: {name: soporte, data: {saldo: "{{ saldo|dinero }}", medio: "{{ medium }}"}}
"""


def test_filters_know_language_and_medium() -> None:
    flows = flows_of(FLOW)
    assert Line(flows, caller="0991").heard() == (
        "doce dólares con cincuenta centavos, tres de diciembre de dos mil veintiséis, veintiuna, "
        "las diez de la mañana, cero nueve, noventa y uno"
    )
    assert Line(flows, caller="0991", medium="text").heard() == (
        "$12.50, 3 de diciembre de 2026, 21, 10:00, 09 91"
    )
    assert Line(flows, caller="0991", language="en", medium="form").heard() == (
        "$12.50, December 3, 2026, 21, 10:00 a.m., 0991"
    )


def test_agents_read_figures_though_the_caller_hears_words() -> None:
    line = Line(flows_of(FLOW))
    line.answers(Done())
    assert getattr(line.effect, "data", None) == {"saldo": "$12.50", "medio": "voice"}
    assert line.turn.data["secreto"] == "doce dólares con cincuenta centavos"  # `set` is for the caller


def test_a_text_in_another_language_says_its_values_in_that_language() -> None:
    flows = flows_of("languages: [es, en]\nsteps:\n  a:\n    say: [{es: Uno}, {en: '{{ 2|numero }}'}]\n")
    assert Line(flows).heard() == "Uno two"
    plain = flows_of("languages: [es, en]\nsteps:\n  a:\n    say: '{{ 2|numero }}'\n")
    assert Line(plain, language="en").heard() == "dos"  # spoken by the default language's voice


def test_outside_a_flow_the_default_is_spanish_words() -> None:
    assert Template("{{ 3|numero }}").render({}) == "tres"
    assert Expression("'2026-01-01'|fecha").evaluate({}) == "primero de enero de dos mil veintiséis"
