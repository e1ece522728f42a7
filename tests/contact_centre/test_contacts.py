"""Customers are found by their number, however it is written."""

from __future__ import annotations

import pytest

from contact_centre.contacts.numbers import normalise
from tests.contact_centre.house import CentreHouse


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("099 123 4567", "EC", "+593991234567"),
        ("+593 99 123 4567", "EC", "+593991234567"),
        ("(02) 222-3344", "EC", "+59322223344"),
        ("2222 3344", "SV", "+50322223344"),
        ("71234567", "BO", "+59171234567"),
        ("101", "EC", "101"),
        ("*98", "EC", "*98"),
        ("", "EC", ""),
        ("anonymous", "EC", ""),
        ("0991234567;isub=1", "EC", "+593991234567"),
    ],
)
def test_numbers_have_one_form(written: str, country: str, kept: str) -> None:
    assert normalise(written, country) == kept


async def test_a_caller_is_recognised_by_any_of_their_numbers(house: CentreHouse) -> None:
    async with house.client("ana") as ana:
        body = {"name": "Rosa Paz", "numbers": ["0991234567", "02 222 3344"], "note": "Medidor 44"}
        status, saved = await ana.ask("POST", "/contacts", body)
        assert (status, saved["numbers"]) == (200, ["+593991234567", "+59322223344"])
        found = await house.parts.contacts.find_by_number("+593 99 123 4567")
        assert found == (saved["id"], "Rosa Paz")
        assert await house.parts.contacts.find_by_number("anonymous") is None
        listed = await ana.get("/contacts?text=rosa")
        assert [contact["id"] for contact in listed["items"]] == [saved["id"]]
        listed = await ana.get("/contacts?text=2223344")
        assert listed["total"] == 1
        status, _ = await ana.ask("PUT", f"/contacts/{saved['id']}", body | {"numbers": ["0991234567"]})
        assert status == 200
        assert await house.parts.contacts.find_by_number("022223344") is None


async def test_a_number_belongs_to_one_customer(house: CentreHouse) -> None:
    async with house.client("ana") as ana:
        await ana.ask("POST", "/contacts", {"name": "Rosa", "numbers": ["0991234567"]})
        status, answer = await ana.ask("POST", "/contacts", {"name": "Juan", "numbers": ["+593991234567"]})
        assert (status, answer["error"]["data"]["field"]) == (422, "numbers")
        assert (await ana.get("/contacts?text=Juan"))["total"] == 0
