"""Fault 3: the ARI socket is cut for 5 s while callers hang up. Each end is in the ledger with its real reason."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contact_centre.scripted_caller import Call
from tests.asterisk.box import AsteriskBox
from tests.asterisk.cable import Cable
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, rig_on
from voice_core.interaction import EndReason, Stage

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(90)]
CUT_S = 5.0


async def test_who_hangs_up_during_a_cut_is_recorded_with_the_reason(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    async with (
        Cable(asterisk.settings.asterisk_http_port).laid() as cable,
        rig_on(asterisk, tmp_path, ari_port=cable.port) as rig,
    ):
        talker, ana, first_leg, first = await rig.talking("ana")
        other, other_leg = await second_conversation(rig)
        waiting = await rig.caller(keys="1", from_number="+593990000002")
        patient = await rig.caller(keys="1", from_number="+593990000003")
        choosing = await rig.caller(from_number="+593990000004")
        await rig.until(lambda: len(rig.desk.live()) == 5, "five calls")
        await rig.until(lambda: len(queued(rig)) == 2, "two of them wait")
        ids = {row.from_address: row.id for row in rig.desk.live()}
        with cable.severed():
            await rig.until(lambda: not rig.telephone.connected, "the cut is seen")
            for leaving in (talker, other_leg, waiting, choosing):
                leaving.hang_up()
            await asyncio.sleep(CUT_S)
        await rig.until(lambda: rig.telephone.connected, "connected again")
        reasons = {
            first.id: EndReason.CUSTOMER_HUNG_UP,
            ids["+593990000001"]: EndReason.AGENT_HUNG_UP,
            ids["+593990000002"]: EndReason.ABANDONED,
            ids["+593990000004"]: EndReason.CUSTOMER_LEFT_FLOW,
        }
        assert {each: (await rig.ended(each)).end_reason for each in reasons} == reasons
        for left_behind in (first_leg, other):
            await left_behind.hung_up(timeout_s=TIMEOUT_S)
        again = await ana.rings(timeout_s=TIMEOUT_S)  # who stayed on the line meets an agent who became free
        await again.answer()
        again.play_tone(880)
        await patient.hears(880, within_s=5)
        patient.hang_up()
        await rig.ended(ids["+593990000003"])
        await rig.nothing_left()


async def second_conversation(rig: Rig) -> tuple[Call, Call]:
    """(caller, agent's leg) of luis, who talks too."""
    luis = await rig.phone("luis")
    caller = await rig.caller(keys="1", from_number="+593990000001")
    leg = await luis.rings(timeout_s=TIMEOUT_S)
    await leg.answer()
    leg.play_tone(700)
    await caller.hears(700, within_s=5)
    return caller, leg


def queued(rig: Rig) -> list[str]:
    return [row.id for row in rig.desk.live() if row.stage is Stage.QUEUED]
