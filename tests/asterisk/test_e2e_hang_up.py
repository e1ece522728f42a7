"""The caller hangs up, in every stage of a call: nothing is left in Asterisk, and the record says why it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from contact_centre.scripted_caller import Line, Sound
from tests.instance import Api, Instance
from tests.people import Person, Record, at_desk, closed, dial_in, newest_from

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


@pytest_asyncio.fixture(loop_scope="session")
async def sofia(centralita: Instance) -> AsyncIterator[Api]:
    async with Api(centralita, "sofia") as api:
        yield api


@pytest_asyncio.fixture(loop_scope="session")
async def trunk(centralita: Instance) -> AsyncIterator[Line]:
    async with centralita.trunk() as line:
        yield line


@pytest_asyncio.fixture(loop_scope="session")
async def ana(centralita: Instance) -> AsyncIterator[Person]:
    async with at_desk(centralita, "ana") as person:
        yield person


async def ended(centralita: Instance, sofia: Api, contact_id: str) -> Record:
    """The closed record, once Asterisk is empty again."""
    record = await closed(sofia, contact_id)
    await centralita.quiet()
    return record


async def test_in_the_menu(centralita: Instance, sofia: Api, trunk: Line) -> None:
    call = await trunk.call("101", from_number="0991130001")
    await call.answered()
    await call.hears_sound(Sound.SPEECH, within_s=20)
    call.hang_up()
    contact = await newest_from(sofia, "0991130001")
    record = await ended(centralita, sofia, contact["id"])
    assert record["interaction"]["end_reason"] == "customer_left_flow"


async def test_before_it_is_answered(centralita: Instance, sofia: Api, trunk: Line) -> None:
    """Given up at the exchange's first sign: it may not have come to us at all, but never as anything else."""
    call = await trunk.call("101", from_number="0991130002")
    await call.reached()
    call.hang_up()
    await centralita.quiet()
    await sofia.until("/calls?state=live&text=0991130002", lambda page: not page["items"])
    over = (await sofia.get("/calls", state="closed", text="0991130002"))["items"]
    assert {each["end_reason"] for each in over} <= {"customer_left_flow"}


async def test_as_soon_as_it_has_come_to_us(centralita: Instance, sofia: Api, trunk: Line) -> None:
    call = await trunk.call("101", from_number="0991130009")
    page = await sofia.until("/calls?state=live&text=0991130009", lambda page: page["items"])
    call.hang_up()
    record = await ended(centralita, sofia, page["items"][0]["id"])
    assert record["interaction"]["end_reason"] == "customer_left_flow"


async def test_while_it_waits(centralita: Instance, sofia: Api, trunk: Line) -> None:
    call = await dial_in(trunk, "2", caller="0991130003")
    await call.hears_sound(Sound.MUSIC, within_s=20)
    call.hang_up()
    contact = await newest_from(sofia, "0991130003")
    record = await ended(centralita, sofia, contact["id"])
    assert record["interaction"]["end_reason"] == "abandoned"


async def test_while_the_agent_is_rung(centralita: Instance, sofia: Api, trunk: Line, ana: Person) -> None:
    call = await dial_in(trunk, "2", caller="0991130004")
    ringing = await ana.phone.rings()
    call.hang_up()
    await ringing.hung_up()
    contact = await newest_from(sofia, "0991130004")
    record = await ended(centralita, sofia, contact["id"])
    assert record["interaction"]["end_reason"] == "abandoned"
    state = (await ana.api.get("/me/work"))["agent"]
    assert (state["state"], state["missed_offers"]) == ("available", 0)


async def test_while_talking(centralita: Instance, sofia: Api, trunk: Line, ana: Person) -> None:
    call = await dial_in(trunk, "2", caller="0991130005")
    leg, contact = await ana.takes()
    call.hang_up()
    await leg.hung_up()
    await ana.finish(contact["id"])
    record = await ended(centralita, sofia, contact["id"])
    assert record["interaction"]["end_reason"] == "customer_hung_up"


async def test_while_held(centralita: Instance, sofia: Api, trunk: Line, ana: Person) -> None:
    call = await dial_in(trunk, "2", caller="0991130006")
    leg, contact = await ana.takes()
    await ana.api.post(f"/calls/{contact['id']}/hold")
    await call.hears_sound(within_s=5)
    call.hang_up()
    await leg.hung_up()
    await ana.finish(contact["id"])
    record = await ended(centralita, sofia, contact["id"])
    assert record["interaction"]["end_reason"] == "customer_hung_up"


async def test_while_a_transfer_rings(centralita: Instance, sofia: Api, trunk: Line, ana: Person) -> None:
    call = await dial_in(trunk, "2", caller="0991130007")
    leg, contact = await ana.takes()
    async with at_desk(centralita, "luis") as luis:
        await ana.api.post(f"/calls/{contact['id']}/consult", kind="agent", value="luis")
        ringing = await luis.phone.rings()
        call.hang_up()
        await asyncio.gather(ringing.hung_up(), leg.hung_up())
        await ana.finish(contact["id"])
        record = await ended(centralita, sofia, contact["id"])
    assert record["interaction"]["end_reason"] == "customer_hung_up"


async def test_while_the_agent_talks_to_a_third(
    centralita: Instance, sofia: Api, trunk: Line, ana: Person
) -> None:
    call = await dial_in(trunk, "2", caller="0991130008")
    leg, contact = await ana.takes()
    async with at_desk(centralita, "luis") as luis:
        await ana.api.post(f"/calls/{contact['id']}/consult", kind="agent", value="luis")
        third = await luis.phone.rings()
        await third.answer()
        third.play_tone(850)
        await leg.hears(850)
        call.hang_up()
        await third.hung_up()
        leg.hang_up()
        await ana.finish(contact["id"])
        record = await ended(centralita, sofia, contact["id"])
    assert record["interaction"]["end_reason"] == "customer_hung_up"
