"""Hold, transfers and three-way on a real Asterisk, told apart by tones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from ari_apps.telephone import Target
from contact_centre.scripted_caller import Call, CallTimeoutError
from contact_centre.scripted_caller.hearing import has_tone
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, hears_music, rig_on
from voice_core.agent import AgentStatus
from voice_core.errors import NotAllowedError, StageError, UnavailableError
from voice_core.interaction import EndReason, Stage
from voice_core.ledger import Kind

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]


@pytest_asyncio.fixture(loop_scope="session")
async def rig(asterisk: AsteriskBox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_on(asterisk, tmp_path) as running:
        yield running


async def _hears_not(call: Call, frequency: float) -> None:
    """Another sound, or none at all: whoever is alone in a bridge is sent nothing."""
    try:
        await call.listen(0.3)  # what was on its way
        heard = await call.listen(0.5)
    except CallTimeoutError:
        return
    assert not has_tone(heard, frequency)


async def test_hold_mute_and_digits(rig: Rig) -> None:
    caller, _, rung, contact = await rig.talking()
    await caller.hears(620)
    await rig.telephone.hold(contact.id, "ana")
    assert rig.telephone.view(contact.id).held
    await hears_music(caller, 8)
    await _hears_not(rung, 440)
    await rig.telephone.resume(contact.id, "ana")
    await caller.hears(620)
    await rung.hears(440)
    await rig.telephone.mute(contact.id, "ana", True)
    await _hears_not(caller, 620)
    await rung.hears(440)
    await rig.telephone.mute(contact.id, "ana", False)
    await caller.hears(620)
    await rig.telephone.send_digits(contact.id, "ana", "12#")
    await caller.hears_digits("12#")
    assert rung.digits_heard == ""
    with pytest.raises(NotAllowedError):
        await rig.telephone.hold(contact.id, "luis")
    with pytest.raises(StageError):
        await rig.telephone.complete_consult(contact.id, "ana")
    await rig.telephone.hang_up(contact.id, "ana")
    await caller.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.AGENT_HUNG_UP
    kinds = await rig.kinds(contact.id)
    assert kinds.count("held") == kinds.count("resumed") == 1
    await rig.nothing_left()


async def _consulting(rig: Rig) -> tuple[Call, Call, Call, str]:
    """(caller on hold, ana, luis, the contact's call_id) with ana and luis talking."""
    luis = await rig.phone("luis", available=False)
    caller, _, rung, contact = await rig.talking()
    await rig.telephone.consult(contact.id, "ana", Target("agent", "luis"))
    consulted = await luis.rings(timeout_s=TIMEOUT_S)
    await consulted.answer()
    consulted.play_tone(880)
    await rung.hears(880)
    await consulted.hears(620)
    return caller, rung, consulted, contact.id


async def test_a_consulted_transfer_completes(rig: Rig) -> None:
    caller, rung, consulted, call_id = await _consulting(rig)
    await _hears_not(caller, 620)
    await rig.telephone.complete_consult(call_id, "ana")
    await rung.hung_up()
    await caller.hears(880)
    await consulted.hears(440)
    assert rig.desk.interaction(call_id).agent == "luis"
    consulted.hang_up()
    await caller.hung_up()
    assert (await rig.ended(call_id)).end_reason is EndReason.AGENT_HUNG_UP
    await rig.nothing_left()


async def test_consulting_a_queue_is_consulting_whoever_of_it_is_free(rig: Rig) -> None:
    caller, _, rung, contact = await rig.talking()
    with pytest.raises(UnavailableError):
        await rig.telephone.consult(contact.id, "ana", Target("queue", "otra"))
    await caller.hears(620)
    luis = await rig.phone("luis")
    await rig.telephone.consult(contact.id, "ana", Target("queue", "otra"))
    consulted = await luis.rings(timeout_s=TIMEOUT_S)
    await consulted.answer()
    consulted.play_tone(880)
    await rung.hears(880)
    await rig.telephone.complete_consult(contact.id, "ana")
    await caller.hears(880)
    assert rig.desk.interaction(contact.id).agent == "luis"
    caller.hang_up()
    await rig.ended(contact.id)
    await rig.nothing_left()


async def test_a_consultation_is_cancelled(rig: Rig) -> None:
    caller, rung, consulted, call_id = await _consulting(rig)
    await rig.telephone.cancel_consult(call_id, "ana")
    await consulted.hung_up()
    await caller.hears(620)
    await rung.hears(440)
    assert rig.telephone.view(call_id).consult is None
    assert not rig.telephone.view(call_id).held


async def test_the_colleague_hangs_up_and_the_customer_is_not_alone(rig: Rig) -> None:
    caller, rung, consulted, _ = await _consulting(rig)
    consulted.hang_up()
    await caller.hears(620, within_s=5)
    await rung.hears(440)


async def test_a_colleague_who_refuses_leaves_agent_and_customer_together(rig: Rig) -> None:
    luis = await rig.phone("luis", available=False)
    caller, _, rung, contact = await rig.talking()
    await rig.telephone.consult(contact.id, "ana", Target("agent", "luis"))
    (await luis.rings(timeout_s=TIMEOUT_S)).refuse(486)
    await caller.hears(620, within_s=5)
    await rung.hears(440)
    assert "transfer_failed" in await rig.kinds(contact.id)


async def test_three_way(rig: Rig) -> None:
    caller, rung, consulted, call_id = await _consulting(rig)
    await rig.telephone.conference(call_id, "ana")
    await caller.hears(880)
    await consulted.hears(440)
    await rung.hears(880)
    await rig.telephone.hang_up(call_id, "ana")
    await rung.hung_up()
    assert rig.desk.interaction(call_id).agent == "luis"
    await caller.hears(880)
    caller.hang_up()
    await consulted.hung_up()
    assert (await rig.ended(call_id)).end_reason is EndReason.CUSTOMER_HUNG_UP
    await rig.nothing_left()


async def test_blind_to_an_agent(rig: Rig) -> None:
    caller, _, rung, contact = await rig.talking()
    with pytest.raises(UnavailableError):
        await rig.telephone.transfer(contact.id, "ana", Target("agent", "luis"))
    luis = await rig.phone("luis")
    await rig.telephone.transfer(contact.id, "ana", Target("agent", "luis"))
    await rung.hung_up()
    second = await luis.rings(timeout_s=TIMEOUT_S)
    await second.answer()
    second.play_tone(880)
    await caller.hears(880, within_s=5)
    await second.hears(440)
    assert rig.desk.interaction(contact.id).agent == "luis"


async def test_blind_to_a_queue(rig: Rig) -> None:
    caller, _, rung, contact = await rig.talking()
    luis = await rig.phone("luis")
    await rig.telephone.transfer(contact.id, "ana", Target("queue", "otra"))
    await rung.hung_up()
    assert rig.desk.interaction(contact.id).queue == "otra"
    ana_again = rig.desk.agent("ana")
    assert ana_again.id == "ana"
    # whoever is free longest is rung: luis, who has not talked yet
    second = await luis.rings(timeout_s=TIMEOUT_S)
    await second.answer()
    second.play_tone(880)
    await caller.hears(880, within_s=5)


async def test_blind_to_an_outside_number(rig: Rig) -> None:
    network = await rig.outside()
    caller, _, rung, contact = await rig.talking()
    with pytest.raises(NotAllowedError):
        await rig.telephone.transfer(contact.id, "ana", Target("number", "0012025550100"))
    await rig.telephone.transfer(contact.id, "ana", Target("number", "0991234567"))
    outside = await network.rings(timeout_s=TIMEOUT_S)
    await outside.answer()
    outside.play_tone(880)
    await rung.hung_up()
    await caller.hears(880, within_s=5)
    await outside.hears(440)
    caller.hang_up()
    await outside.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.TRANSFERRED_OUT
    await rig.nothing_left()


async def _consulting_outside(rig: Rig) -> tuple[Call, Call, Call, str]:
    """(caller on hold, ana, somebody outside, the contact's id) with ana and the outsider talking."""
    network = await rig.outside()
    caller, _, rung, contact = await rig.talking()
    with pytest.raises(NotAllowedError):
        await rig.telephone.consult(contact.id, "ana", Target("number", "0012025550100"))
    await rig.telephone.consult(contact.id, "ana", Target("number", "0991234567"))
    outside = await network.rings(timeout_s=TIMEOUT_S)
    await hears_music(caller, 8)
    await outside.answer()
    outside.play_tone(880)
    await rung.hears(880, within_s=5)
    await outside.hears(620)
    return caller, rung, outside, contact.id


async def test_a_consulted_transfer_to_an_outside_number_completes(rig: Rig) -> None:
    caller, rung, outside, call_id = await _consulting_outside(rig)
    await _hears_not(caller, 620)
    await _hears_not(outside, 440)
    await rig.telephone.complete_consult(call_id, "ana")
    await rung.hung_up()
    await caller.hears(880, within_s=5)
    await outside.hears(440)
    caller.hang_up()
    await outside.hung_up()
    over = await rig.ended(call_id)
    assert (over.end_reason, over.stage) == (EndReason.TRANSFERRED_OUT, Stage.CLOSED)
    started = next(
        entry.data for entry in await rig.entries(call_id) if entry.kind.value == "transfer_started"
    )
    assert started.items() >= {"kind": "number", "to": "0991234567", "consulted": True}.items()
    assert (await rig.kinds(call_id)).count("transfer_completed") == 1
    await rig.nothing_left()


async def test_three_way_with_an_outside_number(rig: Rig) -> None:
    caller, rung, outside, call_id = await _consulting_outside(rig)
    await rig.telephone.conference(call_id, "ana")
    for person, others in ((caller, (620, 880)), (rung, (440, 880)), (outside, (440, 620))):
        for tone in others:
            await person.hears(tone, within_s=5)
    rung.hang_up()  # the other two go on
    await rig.until(lambda: rig.desk.agent("ana").status is AgentStatus.AVAILABLE, "ana is free")
    await _hears_not(caller, 620)
    await caller.hears(880)
    await outside.hears(440)
    outside.hang_up()
    await caller.hung_up()
    assert (await rig.ended(call_id)).end_reason is EndReason.TRANSFERRED_OUT
    assert "conferenced" in await rig.kinds(call_id)
    await rig.nothing_left()


async def test_an_outside_number_that_refuses_leaves_them_together(rig: Rig) -> None:
    network = await rig.outside()
    caller, _, rung, contact = await rig.talking()
    await rig.telephone.transfer(contact.id, "ana", Target("number", "0991234567"))
    (await network.rings(timeout_s=TIMEOUT_S)).refuse(486)
    await caller.hears(620, within_s=5)
    await rung.hears(440)
    assert rig.desk.interaction(contact.id).stage is Stage.TALKING


async def test_the_flow_transfers_out(rig: Rig) -> None:
    network = await rig.outside()
    caller = await rig.caller(keys="7")
    outside = await network.rings(timeout_s=TIMEOUT_S)
    contact = rig.only()
    await outside.answer()
    outside.play_tone(880)
    await caller.hears(880, within_s=5)
    outside.hang_up()
    await caller.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.TRANSFERRED_OUT
    await rig.nothing_left()


async def test_the_flow_may_not_dial_anywhere(rig: Rig) -> None:
    await rig.caller(keys="8")
    contact = await rig.stage(Stage.QUEUED)  # it failed: to a person
    assert "transfer_failed" in await rig.kinds(contact.id)


async def test_a_phones_own_transfer_button_to_a_number(rig: Rig) -> None:
    """The phone may hang up as soon as it was told "accepted": the customer hears music meanwhile."""
    network = await rig.outside()
    caller, _, rung, contact = await rig.talking()
    rung.transfer("0991234567")
    outside = await network.rings(timeout_s=TIMEOUT_S)
    rung.hang_up()
    await hears_music(caller, 8)
    await outside.answer()
    outside.play_tone(880)
    await caller.hears(880, within_s=5)
    caller.hang_up()
    await outside.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.TRANSFERRED_OUT
    await rig.nothing_left()


async def test_a_phones_own_transfer_button_to_a_colleague(rig: Rig) -> None:
    luis = await rig.phone("luis", available=False)
    caller, _, rung, contact = await rig.talking()
    await rig.phone_available("luis")
    rung.transfer("luis")
    second = await luis.rings(timeout_s=TIMEOUT_S)
    await rung.hung_up()
    await second.answer()
    second.play_tone(880)
    await caller.hears(880, within_s=5)
    assert rig.desk.interaction(contact.id).agent == "luis"


async def test_a_phones_own_transfer_may_not_dial_anywhere(rig: Rig) -> None:
    caller, _, rung, contact = await rig.talking()
    rung.transfer("0012025550100")
    await rig.until(lambda: "transfer_failed" in _kinds_now(rig, contact.id), "it is refused")
    await caller.hears(620, within_s=5)
    await rung.hears(440)


async def test_a_phones_own_attended_transfer_is_refused_and_nobody_is_lost(rig: Rig) -> None:
    """The phone asks that its other conversation take the customer's place (Replaces)."""
    luis = await rig.phone("luis", available=False)
    caller, _, rung, contact = await rig.talking()
    await rig.phone_available("luis")
    other = "Replaces=a-call%3Bto-tag%3Dthem%3Bfrom-tag%3Dme"
    rung.transfer(f"sip:luis@127.0.0.1:{rig.box.settings.sip_port}?{other}")
    assert await rung.transfer_over() == 503
    await rig.until(lambda: "transfer_failed" in _kinds_now(rig, contact.id), "it is refused")
    refused = next(e for e in rig.store.ledger if e.kind is Kind.TRANSFER_FAILED)
    assert refused.data["reason"] == "invalid_input"
    await caller.hears(620, within_s=5)
    await rung.hears(440)
    assert not luis.calls
    caller.hang_up()
    await rung.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.CUSTOMER_HUNG_UP
    await rig.nothing_left()


def _kinds_now(rig: Rig, interaction_id: str) -> list[str]:
    return [entry.kind.value for entry in rig.store.ledger if entry.interaction_id == interaction_id]


async def test_the_recording_holds_the_second_voice_whatever_its_packet_numbers(rig: Rig) -> None:
    """Asterisk takes packets numbered behind the last voice's for late ones, and leaves them out (`joining`)."""
    luis = await rig.phone("luis", available=False)
    caller, _, rung, contact = await rig.talking()
    await rig.telephone.consult(contact.id, "ana", Target("agent", "luis"))
    consulted = await luis.rings(timeout_s=TIMEOUT_S)
    await consulted.answer()
    consulted.stream._sequence = (rung.stream._sequence - 5000) & 0xFFFF
    consulted.play_tone(880)
    await rung.hears(880)
    await rig.telephone.complete_consult(contact.id, "ana")
    await caller.hears(880)
    await caller.listen(1.0)
    caller.hang_up()
    await rig.ended(contact.id)
    await rig.until(lambda: rig.tapes.done == [contact.id], "the recording is complete")
    raw = np.fromfile(rig.box.settings.recordings / f"{contact.external_id}.raw", dtype="<i2").reshape(-1, 2)
    assert has_tone(raw[-5600:-800, 0], 440)
    assert has_tone(raw[-5600:-800, 1], 880)
