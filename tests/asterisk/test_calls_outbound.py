"""Agents dial out, callbacks are dialled, and an agent's phone comes back after a reload."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from contact_centre.scripted_caller import Line
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import CUSTOMER, TIMEOUT_S, Rig, hears_music, hears_speech, rig_on
from voice_core.agent import AgentState, AgentStatus
from voice_core.errors import InvalidInputError, NotAllowedError
from voice_core.interaction import Direction, EndReason, Stage

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]


@pytest_asyncio.fixture(loop_scope="session")
async def rig(asterisk: AsteriskBox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_on(asterisk, tmp_path) as running:
        yield running


async def test_an_agent_dials_a_customer(rig: Rig) -> None:
    network, ana = await rig.outside(), await rig.phone("ana")
    contact = await rig.telephone.dial("ana", "099 111-2223")
    assert (contact.stage, contact.to_address) == (Stage.TALKING, "0991112223")
    own = await ana.rings(timeout_s=TIMEOUT_S)
    assert own.header("X-Centralita-Auto-Answer") == "yes"
    await own.answer()
    own.play_tone(620)
    customer = await network.rings(timeout_s=TIMEOUT_S)
    assert customer.from_number == "101"
    await customer.answer()
    customer.play_tone(440)
    await customer.hears(620, within_s=5)
    await own.hears(440)
    assert rig.tapes.begun == [(contact.id, f"{contact.id}.customer")]
    customer.hang_up()
    await own.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.CUSTOMER_HUNG_UP
    await rig.nothing_left()


async def test_an_agent_dials_from_the_sip_phone(rig: Rig) -> None:
    network, ana = await rig.outside(), await rig.phone("ana")
    own = await ana.call("0991112223", from_number="ana-sip")
    customer = await network.rings(timeout_s=TIMEOUT_S)
    contact = rig.only()
    assert (contact.direction, contact.agent) == (Direction.OUTBOUND, "ana")
    await customer.answer()
    await own.answered(timeout_s=TIMEOUT_S)
    own.play_tone(620)
    customer.play_tone(440)
    await customer.hears(620, within_s=5)
    await own.hears(440)
    own.hang_up()
    await customer.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.AGENT_HUNG_UP
    await rig.nothing_left()


async def test_a_customer_who_does_not_want_to_talk(rig: Rig) -> None:
    network, ana = await rig.outside(), await rig.phone("ana")
    contact = await rig.telephone.dial("ana", "0991112223")
    own = await ana.rings(timeout_s=TIMEOUT_S)
    await own.answer()
    (await network.rings(timeout_s=TIMEOUT_S)).refuse(486)
    await own.hung_up(timeout_s=15)
    over = await rig.ended(contact.id)
    assert (over.end_reason, over.end_detail) == (EndReason.NOT_ANSWERED, "sip_486")
    await rig.nothing_left()
    assert rig.desk.agent("ana").status is AgentStatus.AVAILABLE


async def test_the_agent_gives_up_while_it_rings(rig: Rig) -> None:
    network, ana = await rig.outside(), await rig.phone("ana")
    contact = await rig.telephone.dial("ana", "0991112223")
    own = await ana.rings(timeout_s=TIMEOUT_S)
    await own.answer()
    customer = await network.rings(timeout_s=TIMEOUT_S)
    await rig.telephone.hang_up(contact.id, "ana")
    await customer.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.NOT_ANSWERED
    await rig.nothing_left()


async def test_only_allowed_numbers_are_dialled(rig: Rig) -> None:
    ana = await rig.phone("ana")
    with pytest.raises(NotAllowedError):
        await rig.telephone.dial("ana", "0012025550100")
    with pytest.raises(InvalidInputError):
        await rig.telephone.dial("ana", "099@evil&SIP/x")
    own = await ana.call("0012025550100", from_number="ana-sip")
    await own.answered(timeout_s=TIMEOUT_S)
    await hears_speech(own, 8)
    await own.hung_up(timeout_s=15)
    assert not rig.desk.live()
    await rig.nothing_left()


@pytest.mark.parametrize("by", ["a key while waiting", "the flow"])
async def test_a_callback_is_dialled_when_an_agent_accepts(rig: Rig, by: str) -> None:
    network = await rig.outside()
    caller = await rig.caller(keys="5" if by == "the flow" else "1")
    contact = await rig.stage(Stage.QUEUED)
    if by != "the flow":
        await caller.send_digits("2")
    await caller.hung_up(timeout_s=15)
    assert rig.desk.interaction(contact.id).stage is Stage.QUEUED
    ana = await rig.phone("ana")
    own = await ana.rings(timeout_s=TIMEOUT_S)
    await own.answer()
    own.play_tone(620)
    customer = await network.rings(timeout_s=TIMEOUT_S)
    assert customer.to_number == CUSTOMER
    await customer.answer()
    customer.play_tone(440)
    await customer.hears(620, within_s=5)
    await own.hears(440)
    customer.hang_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.CUSTOMER_HUNG_UP
    await rig.nothing_left()


async def test_a_reloaded_page_takes_its_call_back(rig: Rig) -> None:
    caller, ana, rung, contact = await rig.talking()
    await caller.hears(620)
    back = asyncio.create_task(rig.telephone.reattach(contact.id, "ana"))
    again = await ana.rings(timeout_s=TIMEOUT_S)
    assert again.header("X-Centralita-Auto-Answer") == "yes"
    await rung.hung_up()
    await hears_music(caller, 8)
    await again.answer()
    again.play_tone(880)
    await back
    await caller.hears(880, within_s=5)
    await again.hears(440)
    caller.hang_up()
    await again.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.CUSTOMER_HUNG_UP
    await rig.nothing_left()


async def test_an_agent_without_a_phone_is_unreachable(rig: Rig) -> None:
    await rig.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    await rig.caller(keys="1")
    contact = await rig.stage(Stage.QUEUED)
    await rig.until(lambda: rig.desk.interaction(contact.id).offers > 0, "it was offered")
    await rig.until(lambda: rig.desk.interaction(contact.id).stage is Stage.QUEUED, "it waits again")
    declined = [entry for entry in await rig.entries(contact.id) if entry.kind == "declined"]
    assert declined[0].data["reason"] == "unreachable"


async def test_a_phone_that_signs_off_is_seen(rig: Rig) -> None:
    ana: Line = await rig.phone("ana")
    await ana.unregister()
    await rig.until(lambda: not rig.switchboard.exchange.phones.online("ana"), "the phone is gone")


async def test_ringing_stops_after_its_time(rig: Rig) -> None:
    ana = await rig.phone("ana")
    await rig.caller(keys="1")
    rung = await ana.rings(timeout_s=TIMEOUT_S)
    await rung.hung_up(timeout_s=8)
    contact = rig.only()
    declined = [entry for entry in await rig.entries(contact.id) if entry.kind == "declined"]
    assert declined[0].data["reason"] == "no_answer"
