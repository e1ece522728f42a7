"""Customers are found by their number, however it is written."""

from __future__ import annotations

import pytest

from ari_apps.ports import Caller
from contact_centre.contacts.caller import REMEMBERED
from contact_centre.contacts.numbers import normalise
from tests.contact_centre.house import CentreHouse
from voice_core.interaction import EndReason


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
        assert found == Caller(saved["id"], "Rosa Paz")
        assert await house.parts.contacts.find_by_number("anonymous") == Caller()
        listed = await ana.get("/contacts?text=rosa")
        assert [contact["id"] for contact in listed["items"]] == [saved["id"]]
        listed = await ana.get("/contacts?text=2223344")
        assert listed["total"] == 1
        status, _ = await ana.ask("PUT", f"/contacts/{saved['id']}", body | {"numbers": ["0991234567"]})
        assert status == 200
        assert await house.parts.contacts.find_by_number("022223344") == Caller()


async def test_a_number_belongs_to_one_customer(house: CentreHouse) -> None:
    async with house.client("ana") as ana:
        await ana.ask("POST", "/contacts", {"name": "Rosa", "numbers": ["0991234567"]})
        status, answer = await ana.ask("POST", "/contacts", {"name": "Juan", "numbers": ["+593991234567"]})
        assert (status, answer["error"]["data"]["field"]) == (422, "numbers")
        assert (await ana.get("/contacts?text=Juan"))["total"] == 0


async def served_by(house: CentreHouse, agent: str, number: str, contact_id: str | None = None) -> None:
    """A whole conversation of `agent`, over and closed."""
    row = await house.talking(agent, number)
    await house.desk.identify(row.id, contact_id, "")
    await house.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
    await house.desk.wrap_up(row.id, agent)
    house.clock.advance(60)


async def test_who_talked_with_a_caller_last_is_remembered_for_a_while(house: CentreHouse) -> None:
    contacts = house.parts.contacts
    await served_by(house, "ana", "0991234567")
    await served_by(house, "luis", "0991234567")
    await house.queued("0991234567")  # nobody has taken this one
    assert (await contacts.find_by_number("0991234567")).last_agent == "luis"
    assert (await contacts.find_by_number("0991234568")).last_agent is None
    house.clock.advance(REMEMBERED.total_seconds())
    assert (await contacts.find_by_number("0991234567")).last_agent is None


async def test_a_customer_is_remembered_under_another_number_too(house: CentreHouse) -> None:
    contacts = house.parts.contacts
    rosa = await contacts.save(None, "Rosa", ["0991234567", "022223344"])
    await served_by(house, "ana", "0991234567", rosa.id)
    assert await contacts.find_by_number("022223344") == Caller(rosa.id, "Rosa", "ana")
    await served_by(house, "luis", "022223344")
    assert await contacts.find_by_number("022223344") == Caller(rosa.id, "Rosa", "luis")
