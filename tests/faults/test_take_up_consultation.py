"""kill -9 while more than two are on the line, or a customer is being dialled: everybody stays, and goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio

from ari_apps.telephone import Target
from contact_centre.scripted_caller import Call, Line
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, hears_music, rig_on
from voice_core.agent import AgentStatus
from voice_core.interaction import EndReason, Stage

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]

OUTSIDE = "0991234567"
CALLER_HZ, AGENT_HZ, THIRD_HZ = 440, 620, 880
Kind = Literal["agent", "number"]


@dataclass
class Lives:
    """One controller after the other on the same store and Asterisk; the people stay."""

    box: AsteriskBox
    folder: Path
    stack: AsyncExitStack
    people: AsyncExitStack
    rig: Rig | None = None

    async def begin(self) -> Rig:
        store = self.rig.store if self.rig else None
        self.rig = await self.stack.enter_async_context(rig_on(self.box, self.folder, store=store))
        return self.rig

    async def die(self) -> None:
        assert self.rig is not None
        self.people.push_async_exit(await self.rig.killed())
        await self.stack.aclose()

    async def again(self) -> Rig:
        await self.die()
        return await self.begin()


@pytest_asyncio.fixture(loop_scope="session")
async def lives(asterisk: AsteriskBox, tmp_path: Path) -> AsyncIterator[Lives]:
    async with AsyncExitStack() as people, AsyncExitStack() as stack:
        yield Lives(asterisk, tmp_path, stack, people)


@dataclass
class Three:
    caller: Call
    agent: Call
    phone: Line  # where the third party is rung
    id: str


async def asking(rig: Rig, kind: Kind, *, blind: bool = False) -> tuple[Three, Call]:
    """Ana talks with a caller and asks luis, or an outside number: it rings there."""
    phone = await (rig.phone("luis", available=False) if kind == "agent" else rig.outside())
    caller, _, agent, contact = await rig.talking()
    target = Target(kind, "luis" if kind == "agent" else OUTSIDE)
    await (rig.telephone.transfer if blind else rig.telephone.consult)(contact.id, "ana", target)
    return Three(caller, agent, phone, contact.id), await phone.rings(timeout_s=TIMEOUT_S)


async def answer(leg: Call) -> None:
    await leg.answer()
    leg.play_tone(THIRD_HZ)


@pytest.mark.parametrize("kind", ["agent", "number"])
async def test_a_third_party_who_is_rung_rings_on(lives: Lives, kind: Kind) -> None:
    three, third = await asking(await lives.begin(), kind)
    rig = await lives.again()
    view = rig.telephone.view(three.id)
    assert view.held
    assert view.consult is not None
    assert (view.consult.state, view.consult.target) == ("ringing", "luis" if kind == "agent" else OUTSIDE)
    if kind == "agent":
        assert [row.id for row in rig.desk.floor.guest_of("luis")] == [three.id]
    await answer(third)
    await three.agent.hears(THIRD_HZ, within_s=5)
    await third.hears(AGENT_HZ)
    await rig.telephone.complete_consult(three.id, "ana")
    await three.agent.hung_up()
    await three.caller.hears(THIRD_HZ, within_s=5)
    await third.hears(CALLER_HZ)
    started = [entry.data for entry in await rig.entries(three.id) if entry.kind == "transfer_started"]
    assert [data["n"] for data in started] == [1]
    three.caller.hang_up()
    await third.hung_up()
    await rig.nothing_left()


@pytest.mark.parametrize("kind", ["agent", "number"])
async def test_agent_and_third_party_talk_on(lives: Lives, kind: Kind) -> None:
    three, third = await asking(await lives.begin(), kind)
    await answer(third)
    await three.agent.hears(THIRD_HZ, within_s=5)
    rig = await lives.again()
    await third.hears(AGENT_HZ)
    await three.agent.hears(THIRD_HZ)
    await hears_music(three.caller)
    await rig.telephone.cancel_consult(three.id, "ana")
    await third.hung_up()
    await three.caller.hears(AGENT_HZ, within_s=5)
    if kind == "agent":
        assert rig.desk.agent("luis").status is not AgentStatus.TALKING
    await rig.telephone.consult(three.id, "ana", Target(kind, "luis" if kind == "agent" else OUTSIDE))
    await answer(await three.phone.rings(timeout_s=TIMEOUT_S))
    await three.agent.hears(THIRD_HZ, within_s=5)
    numbers = [entry.data["n"] for entry in await rig.entries(three.id) if entry.kind == "transfer_started"]
    assert numbers == [1, 2]
    three.caller.hang_up()
    await rig.nothing_left()


async def test_three_in_conference_stay_together_and_a_completed_transfer_too(lives: Lives) -> None:
    rig = await lives.begin()
    three, third = await asking(rig, "agent")
    await answer(third)
    await three.agent.hears(THIRD_HZ, within_s=5)
    await rig.telephone.conference(three.id, "ana")
    rig = await lives.again()
    view = rig.telephone.view(three.id)
    assert view.consult is not None
    assert (view.consult.state, view.held) == ("conference", False)
    await three.caller.hears(THIRD_HZ, within_s=5)
    await third.hears(CALLER_HZ)
    await rig.telephone.hang_up(three.id, "ana")  # hands the customer over
    await three.agent.hung_up()
    rig = await lives.again()
    assert rig.desk.interaction(three.id).agent == "luis"
    await three.caller.hears(THIRD_HZ, within_s=5)
    await rig.telephone.hold(three.id, "luis")
    third.hang_up()
    await three.caller.hung_up()
    assert (await rig.ended(three.id)).end_reason is EndReason.AGENT_HUNG_UP
    await rig.nothing_left()


async def test_a_blind_transfer_to_a_number_is_completed_by_its_answer(lives: Lives) -> None:
    three, third = await asking(await lives.begin(), "number", blind=True)
    three.agent.hang_up()
    rig = await lives.again()
    await hears_music(three.caller)
    await answer(third)
    await three.caller.hears(THIRD_HZ, within_s=5)
    rig = await lives.again()  # over for the desk: the two go on
    await three.caller.hears(THIRD_HZ, within_s=5)
    await third.hears(CALLER_HZ)
    third.hang_up()
    await three.caller.hung_up()
    assert (await rig.ended(three.id)).end_reason is EndReason.TRANSFERRED_OUT
    await rig.until(lambda: rig.tapes.done == [three.id], "the recording is complete")
    await rig.nothing_left()


@pytest.mark.parametrize("answered", [False, True])
async def test_a_third_party_who_has_gone_unseen_leaves_the_two_together(
    lives: Lives, answered: bool
) -> None:
    three, third = await asking(await lives.begin(), "agent")
    if answered:
        await answer(third)
        await three.agent.hears(THIRD_HZ, within_s=5)
    await lives.die()
    third.hang_up() if answered else third.refuse(486)
    await third.hung_up()
    rig = await lives.begin()
    await three.caller.hears(AGENT_HZ, within_s=5)
    await three.agent.hears(CALLER_HZ)
    assert rig.telephone.view(three.id).consult is None
    assert "transfer_failed" in await rig.kinds(three.id)
    assert not rig.desk.floor.guest_of("luis")


async def test_an_agent_who_left_beside_an_answered_third_party_has_handed_over(lives: Lives) -> None:
    three, third = await asking(await lives.begin(), "agent")
    await answer(third)
    await three.agent.hears(THIRD_HZ, within_s=5)
    await lives.die()
    three.agent.hang_up()
    rig = await lives.begin()
    await three.caller.hears(THIRD_HZ, within_s=5)
    await third.hears(CALLER_HZ)
    assert rig.desk.interaction(three.id).agent == "luis"


@pytest.mark.parametrize("answered", [False, True])
async def test_the_flows_transfer_goes_on(lives: Lives, answered: bool) -> None:
    rig = await lives.begin()
    network = await rig.outside()
    caller = await rig.caller(keys="7")
    outside = await network.rings(timeout_s=TIMEOUT_S)
    contact = rig.only()
    if answered:
        await answer(outside)
        await caller.hears(THIRD_HZ, within_s=5)
    rig = await lives.again()
    if not answered:
        await answer(outside)
    await caller.hears(THIRD_HZ, within_s=5)
    await outside.hears(CALLER_HZ)
    caller.hang_up()
    await outside.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.TRANSFERRED_OUT
    assert (await rig.kinds(contact.id)).count("transfer_started") == 1
    await rig.nothing_left()


@pytest.mark.parametrize("answers", ["before", "after"])
async def test_a_customer_who_is_dialled_is_dialled_on(lives: Lives, answers: str) -> None:
    """Who answers while no controller runs waits a moment in the dialplan."""
    rig = await lives.begin()
    network, ana = await rig.outside(), await rig.phone("ana")
    contact = await rig.telephone.dial("ana", "0991112223")
    own = await ana.rings(timeout_s=TIMEOUT_S)
    await own.answer()
    own.play_tone(AGENT_HZ)
    customer = await network.rings(timeout_s=TIMEOUT_S)
    await lives.die()
    if answers == "before":
        await customer.answer()
    rig = await lives.begin()
    if answers == "after":
        assert rig.telephone.view(contact.id).dialling
        await customer.answer()
    customer.play_tone(CALLER_HZ)
    await own.hears(CALLER_HZ, within_s=8)
    await customer.hears(AGENT_HZ)
    assert rig.tapes.begun == [(contact.id, f"{contact.id}.customer")]
    customer.hang_up()
    await own.hung_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.CUSTOMER_HUNG_UP
    await rig.nothing_left()


async def test_a_customer_dialled_from_the_desk_phone_who_refuses_unseen(lives: Lives) -> None:
    rig = await lives.begin()
    network, ana = await rig.outside(), await rig.phone("ana")
    own = await ana.call(OUTSIDE, from_number="ana-sip")
    customer = await network.rings(timeout_s=TIMEOUT_S)
    contact = await rig.stage(Stage.TALKING)
    rig = await lives.again()
    assert rig.telephone.view(contact.id).dialling
    await lives.die()
    customer.refuse(486)
    await customer.hung_up()
    rig = await lives.begin()
    await own.hung_up(timeout_s=TIMEOUT_S)
    over = await rig.ended(contact.id)
    assert (over.end_reason, over.end_detail) == (EndReason.NOT_ANSWERED, "while the controller was away")
    await rig.nothing_left()
