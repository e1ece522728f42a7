"""A caller dials, hears the flow, waits, and talks with an agent: on a real Asterisk, with real sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, plan, rig_on
from voice_core.agent import AgentState
from voice_core.interaction import EndReason, Stage

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]


@pytest_asyncio.fixture(loop_scope="session")
async def rig(asterisk: AsteriskBox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_on(asterisk, tmp_path) as running:
        yield running


async def test_a_caller_reaches_an_agent_and_both_hear_each_other(rig: Rig) -> None:
    caller, _, rung, contact = await rig.talking()
    assert rung.from_number == "+593991112223"
    await caller.hears(620)
    await rung.hears(440)
    assert contact.contact_name == "Rosa Paz"
    assert contact.data["motivo"] == "prueba"
    caller.hang_up()
    await rung.hung_up()
    over = await rig.ended(contact.id)
    assert (over.stage, over.end_reason, over.agent) == (Stage.CLOSED, EndReason.CUSTOMER_HUNG_UP, "ana")
    kinds = await rig.kinds(contact.id)
    lived = ["opened", "identified", "flow_started", "queued", "offered", "accepted", "ended", "closed"]
    assert [kind for kind in kinds if kind != "flow_step"] == lived
    await rig.nothing_left()
    assert rig.tapes.begun == [(contact.id, contact.external_id)]
    await rig.until(lambda: rig.tapes.done == [contact.id], "the recording is complete")


async def test_a_phone_whose_news_was_lost_is_asked_about_before_its_agent_is_signed_out(rig: Rig) -> None:
    ana = await rig.phone("ana")
    rig.switchboard.exchange.phones.told("PJSIP/ana-sip", "UNAVAILABLE")
    await rig.caller(keys="1")
    rung = await ana.rings(timeout_s=TIMEOUT_S)
    await rung.answer()
    contact = await rig.stage(Stage.TALKING)
    assert "declined" not in await rig.kinds(contact.id)


async def test_an_amount_with_its_cents_is_typed_refused_corrected_and_confirmed(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    async with rig_on(asterisk, tmp_path, plan(flows={"101": "pago"})) as rig:
        caller = await rig.caller(keys="60#")
        await rig.until(
            lambda: rig.words.after("Tiene que ser cincuenta dólares o menos.") != [], "the limit is told"
        )
        for amount, said, answer in (
            ("7*05#", "siete dólares con cinco centavos", "2"),
            ("12*50#", "doce", "1"),
        ):
            await caller.send_digits(amount)
            await rig.until(lambda said=said: _understood(rig, said), "what was understood is said")
            await caller.send_digits(answer)
        contact = await rig.stage(Stage.QUEUED)
        assert contact.data["monto"] == 12.5


def _understood(rig: Rig, said: str) -> bool:
    return any(text.startswith(f"Entendí: {said}") for texts in rig.words.said for text in texts)


async def test_the_agent_hangs_up(rig: Rig) -> None:
    caller, _, rung, contact = await rig.talking()
    rung.hang_up()
    await caller.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.AGENT_HUNG_UP
    await rig.nothing_left()


async def test_a_refusing_agent_is_passed_over(rig: Rig) -> None:
    ana, luis = await rig.phone("ana"), await rig.phone("luis", available=False)
    caller = await rig.caller(keys="1")
    (await ana.rings(timeout_s=TIMEOUT_S)).refuse(486)
    await rig.desk.set_state("luis", AgentState.AVAILABLE, actor="luis")
    rung = await luis.rings(timeout_s=TIMEOUT_S)
    await rung.answer()
    rung.play_tone(620)
    await caller.hears(620, within_s=5)
    contact = rig.only()
    declined = [entry for entry in await rig.entries(contact.id) if entry.kind == "declined"]
    assert declined[0].data["reason"] == "refused"


async def test_a_number_nobody_serves_is_said_and_recorded(rig: Rig) -> None:
    caller = await rig.caller("102")
    contact = rig.only()
    await caller.hung_up(timeout_s=15)
    assert (await rig.ended(contact.id)).end_reason is EndReason.UNKNOWN_NUMBER
    await rig.nothing_left()
