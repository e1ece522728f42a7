"""The caller hangs up at any instant: nothing is left in Asterisk, and the ledger says the right reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ari_apps.telephone import Target
from contact_centre.scripted_caller import Line
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import CUSTOMER, TIMEOUT_S, Rig, rig_on
from voice_core.agent import AgentStatus
from voice_core.interaction import EndReason, Stage

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]


@pytest_asyncio.fixture(loop_scope="session")
async def rig(asterisk: AsteriskBox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_on(asterisk, tmp_path) as running:
        yield running


async def _over(rig: Rig, interaction_id: str, reason: EndReason) -> None:
    assert (await rig.ended(interaction_id)).end_reason is reason
    await rig.nothing_left()


async def test_in_the_flow(rig: Rig) -> None:
    caller = await rig.caller()
    contact = await rig.stage(Stage.FLOW)
    caller.hang_up()
    await _over(rig, contact.id, EndReason.CUSTOMER_LEFT_FLOW)


async def test_before_the_flow_says_a_word(rig: Rig) -> None:
    line = await rig.stack.enter_async_context(Line("127.0.0.2", server=rig.box.server))
    caller = await line.call("101", from_number=CUSTOMER)
    await rig.until(lambda: bool(rig.store.rows), "it came in")
    caller.hang_up()
    await rig.until(lambda: not rig.desk.live(), "and is over")
    (row,) = rig.store.rows.values()
    assert row.end_reason is EndReason.CUSTOMER_LEFT_FLOW
    await rig.nothing_left()


async def test_in_the_queue(rig: Rig) -> None:
    caller = await rig.caller(keys="1")
    contact = await rig.stage(Stage.QUEUED)
    caller.hang_up()
    await _over(rig, contact.id, EndReason.ABANDONED)


async def test_while_the_agent_is_rung(rig: Rig) -> None:
    ana = await rig.phone("ana")
    caller = await rig.caller(keys="1")
    rung = await ana.rings(timeout_s=TIMEOUT_S)
    contact = await rig.stage(Stage.OFFERED)
    caller.hang_up()
    await rung.hung_up()
    await _over(rig, contact.id, EndReason.ABANDONED)
    await rig.until(lambda: rig.desk.agent("ana").status is AgentStatus.AVAILABLE, "ana is free")


async def test_as_the_agent_answers(rig: Rig) -> None:
    ana = await rig.phone("ana")
    caller = await rig.caller(keys="1")
    rung = await ana.rings(timeout_s=TIMEOUT_S)
    contact = await rig.stage(Stage.OFFERED)
    caller.hang_up()
    await rung.answer()
    await rung.hung_up()
    over = await rig.ended(contact.id)
    assert over.end_reason in (EndReason.ABANDONED, EndReason.CUSTOMER_HUNG_UP)
    await rig.nothing_left()


async def test_while_held(rig: Rig) -> None:
    caller, _, rung, contact = await rig.talking()
    await rig.telephone.hold(contact.id, "ana")
    caller.hang_up()
    await rung.hung_up()
    await _over(rig, contact.id, EndReason.CUSTOMER_HUNG_UP)


async def test_while_a_colleague_is_rung(rig: Rig) -> None:
    luis = await rig.phone("luis", available=False)
    caller, _, rung, contact = await rig.talking()
    await rig.telephone.consult(contact.id, "ana", Target("agent", "luis"))
    consulted = await luis.rings(timeout_s=TIMEOUT_S)
    caller.hang_up()
    await asyncio.gather(rung.hung_up(), consulted.hung_up())
    await _over(rig, contact.id, EndReason.CUSTOMER_HUNG_UP)


async def test_while_agent_and_colleague_talk(rig: Rig) -> None:
    luis = await rig.phone("luis", available=False)
    caller, _, rung, contact = await rig.talking()
    await rig.telephone.consult(contact.id, "ana", Target("agent", "luis"))
    consulted = await luis.rings(timeout_s=TIMEOUT_S)
    await consulted.answer()
    consulted.play_tone(880)
    await rung.hears(880)
    caller.hang_up()
    await asyncio.gather(rung.hung_up(), consulted.hung_up())
    await _over(rig, contact.id, EndReason.CUSTOMER_HUNG_UP)


async def test_in_a_conference(rig: Rig) -> None:
    luis = await rig.phone("luis", available=False)
    caller, _, rung, contact = await rig.talking()
    await rig.telephone.consult(contact.id, "ana", Target("agent", "luis"))
    consulted = await luis.rings(timeout_s=TIMEOUT_S)
    await consulted.answer()
    consulted.play_tone(880)
    await rung.hears(880)
    await rig.telephone.conference(contact.id, "ana")
    await caller.hears(880)
    caller.hang_up()
    await asyncio.gather(rung.hung_up(), consulted.hung_up())
    await _over(rig, contact.id, EndReason.CUSTOMER_HUNG_UP)


@pytest.mark.parametrize("consulted", [True, False])
async def test_while_an_outside_number_is_rung(rig: Rig, consulted: bool) -> None:
    """Passed on blindly, or consulted first: the outsider's telephone must not ring on."""
    network = await rig.outside()
    caller, _, rung, contact = await rig.talking()
    pass_on = rig.telephone.consult if consulted else rig.telephone.transfer
    await pass_on(contact.id, "ana", Target("number", "0991234567"))
    outside = await network.rings(timeout_s=TIMEOUT_S)
    caller.hang_up()
    await asyncio.gather(rung.hung_up(), outside.hung_up())
    await _over(rig, contact.id, EndReason.CUSTOMER_HUNG_UP)


async def test_while_the_flows_own_transfer_rings(rig: Rig) -> None:
    network = await rig.outside()
    caller = await rig.caller(keys="7")
    outside = await network.rings(timeout_s=TIMEOUT_S)
    contact = rig.only()
    caller.hang_up()
    await outside.hung_up()
    await _over(rig, contact.id, EndReason.CUSTOMER_LEFT_FLOW)


async def test_while_the_agent_it_was_passed_to_is_rung(rig: Rig) -> None:
    luis = await rig.phone("luis", available=False)
    caller, _, rung, contact = await rig.talking()
    await rig.phone_available("luis")
    await rig.telephone.transfer(contact.id, "ana", Target("agent", "luis"))
    second = await luis.rings(timeout_s=TIMEOUT_S)
    await rung.hung_up()
    caller.hang_up()
    await second.hung_up()
    await _over(rig, contact.id, EndReason.ABANDONED)
    await rig.until(lambda: rig.desk.agent("luis").status is AgentStatus.AVAILABLE, "luis is free")


async def test_after_a_blind_transfer_to_a_queue(rig: Rig) -> None:
    """Waiting again: who hangs up now has not been served there, whoever is being rung."""
    caller, _, rung, contact = await rig.talking()
    await rig.telephone.transfer(contact.id, "ana", Target("queue", "otra"))
    await rung.hung_up()
    caller.hang_up()
    await _over(rig, contact.id, EndReason.ABANDONED)


async def test_a_callback_keeps_its_place_without_a_leg(rig: Rig) -> None:
    caller = await rig.caller(keys="1")
    contact = await rig.stage(Stage.QUEUED)
    await caller.send_digits("2")
    await rig.until(
        lambda: rig.desk.interaction(contact.id).callback_address is not None, "a callback is kept"
    )
    caller.hang_up()
    await rig.until(lambda: _legless(rig, contact.id), "the leg is gone")
    assert rig.desk.interaction(contact.id).stage is Stage.QUEUED


def _legless(rig: Rig, interaction_id: str) -> bool:
    call = rig.switchboard.call(interaction_id)
    return call is not None and call.customer is None
