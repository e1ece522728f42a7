"""Check digits: what one wrong digit or two that changed places do to a number, and numbers known to be right."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ivr_flows.answers.documents import DOCUMENTS, document_kind, is_cedula, is_ci, is_dui, is_nit_sv, is_ruc
from tests.ivr_flows.test_answers import read

PROVINCES = st.integers(1, 24).map("{:02}".format) | st.just("30")


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


def luhn(body: str) -> str:
    """The check digit of the cédula by the textbook: add the products' figures, take what is missing to a ten."""
    figures = "".join(str(int(digit) * (2, 1)[at % 2]) for at, digit in enumerate(body))
    return str(-sum(map(int, figures)) % 10)


CEDULAS = st.tuples(PROVINCES, digits(7)).map("".join).map(lambda body: body + luhn(body))
DUIS = digits(8).map(
    lambda body: body + str(-sum(int(digit) * (9 - at) for at, digit in enumerate(body)) % 10)
)


@given(CEDULAS, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_of_a_cedula_is_noticed(cedula: str, at: int, step: int) -> None:
    assert is_cedula(cedula)
    wrong = cedula[:at] + str((int(cedula[at]) + step) % 10) + cedula[at + 1 :]
    assert not is_cedula(wrong)


@given(CEDULAS, st.integers(2, 8))
def test_two_neighbours_that_changed_places_are_noticed(cedula: str, at: int) -> None:
    here, there = cedula[at], cedula[at + 1]
    assume({here, there} != {"0", "9"} and here != there)  # what this rule cannot see
    assert not is_cedula(cedula[:at] + there + here + cedula[at + 2 :])


@given(digits(10))
def test_a_cedula_is_right_only_with_a_province(cedula: str) -> None:
    in_a_province = 1 <= int(cedula[:2]) <= 24 or cedula.startswith("30")
    assert is_cedula(cedula) == (in_a_province and luhn(cedula[:9]) == cedula[9])


@given(CEDULAS, digits(3))
def test_a_persons_ruc_is_their_cedula_and_an_establishment(cedula: str, establishment: str) -> None:
    assert is_ruc(cedula + establishment) == (establishment != "000")
    if cedula[2] not in "69":
        assert not is_ruc(cedula[:9] + str((int(cedula[9]) + 1) % 10) + "001")


@given(DUIS, st.integers(0, 8), st.integers(1, 9))
def test_a_dui_notices_what_changes_its_sum(dui: str, at: int, step: int) -> None:
    assume(int(dui))
    assert is_dui(dui)
    wrong = dui[:at] + str((int(dui[at]) + step) % 10) + dui[at + 1 :]
    weight = 9 - at if at < 8 else 1
    changed = (int(wrong[at]) - int(dui[at])) * weight % 10 != 0
    assert is_dui(wrong) != changed or not int(wrong)


@given(digits(13).map(lambda body: "0" + body))
def test_a_nit_has_exactly_one_right_check_digit_or_none(nit: str) -> None:
    right = [digit for digit in "0123456789" if is_nit_sv(nit[:13] + digit)]
    assert len(right) == 1


RIGHT = {
    "cedula": ["1714307103", "171430710-3", "1710034065", "0962467429"],  # the last a foreigner's
    "ruc": ["1714307103001", "1792060346001", "1793213150001", "0993370026001", "0962467429001"],
    "dui": ["00016297-5", "045678903"],
    "nit_sv": ["0614-050707-104-8", "00016297-5"],
    "ci": ["1234567", "12345", "1234567 LP", "1234567-1A", "1234567-1a SC"],
}
WRONG = {
    "cedula": ["1714307104", "9914307103", "0014307103", "171430710", "17143071033", "", "abc"],
    "ruc": ["1714307103000", "1714307104001", "9993370026001", "171430710300"],
    "dui": ["00016297-6", "000000000", "00016297"],
    "nit_sv": ["0614-050707-104-0", "2614-050707-104-8", "0614"],
    "ci": ["1234", "123456789", "01234567", "1234567-AB"],
}


@pytest.mark.parametrize(("name", "number"), [(name, one) for name in RIGHT for one in RIGHT[name]])
def test_known_numbers_are_right(name: str, number: str) -> None:
    kept = read("document", number, of=name)
    assert kept != "document"
    assert kept.replace("-", "").isalnum()
    assert read("document", kept, of=name) == kept  # what was kept can be asked again


@pytest.mark.parametrize(("name", "number"), [(name, one) for name in WRONG for one in WRONG[name]])
def test_known_numbers_are_wrong(name: str, number: str) -> None:
    assert read("document", number, of=name) == "document"


@given(st.text(max_size=100))
def test_any_text_is_read_or_refused(text: str) -> None:
    for name in DOCUMENTS:
        kept = read("document", text, of=name)
        assert kept == "document" or kept.isascii()


def test_complements_are_kept_and_places_are_not() -> None:
    assert read("document", "1234567-1a SC", of="ci") == "1234567-1A"
    assert read("document", "1234567 LP", of="ci") == "1234567"
    assert is_ci("1234567")
    assert document_kind("ci").keys == (5, 8)
