"""Trunks as they are provisioned: lines we sign in to at an operator (a second Asterisk), and lines told by address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from ari_apps.plan import TelephonePlan
from contact_centre.scripted_caller import CallRefusedError, Line, Sound
from tests.asterisk.box import AsteriskBox, running_asterisk
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, plan, rig_on
from voice_core.interaction import EndReason, Interaction, Stage

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

OPERATOR = "127.0.0.5"
ANOTHER_TRUNK = "127.0.0.3"
REGISTERED_WITHIN_S = 20.0
# The operator has no controller: its caller is taken to its telephones (our lines) after some tries.
RINGS_WITHIN_S = 20.0
NUMBERS = {"201": "norte", "202": "sur", "203": "otra", "204": "demo"}  # DID → the trunk it belongs to


@dataclass(frozen=True, slots=True)
class Lines:
    operator: AsteriskBox
    us: AsteriskBox


def one_telephone_a_number(text: str) -> str:
    """The operator's centre file: its 101 rings ana's telephone alone, its 102 luis's."""
    text = text.replace("queue: [ana, luis]", "queue: [ana]", 1)
    before, number, after = text.partition('number: "102"')
    return before + number + after.replace("way_out:\n", "way_out:\n      queue: [luis]\n", 1)


def our_trunks(operator: AsteriskBox, text: str) -> str:
    """Our centre file: two accounts at the one operator, a second trunk told by address, a number for each."""
    accounts = "".join(
        f"""
  - name: {name}
    kind: register
    hosts: ["{OPERATOR}"]
    port: {operator.settings.sip_port}
    username: {user}-sip
    password: {operator.phones[user].sip_password}
    number: "{number}"
"""
        for name, user, number in (("norte", "ana", "201"), ("sur", "luis", "202"))
    )
    another = f'\n  - name: otra\n    kind: ip\n    hosts: ["{ANOTHER_TRUNK}"]\n'
    numbers = "".join(
        f'\n  - {{number: "{number}", flow: demo, trunk: {trunk}, way_out: {{say: Nadie contesta.}}}}\n'
        for number, trunk in NUMBERS.items()
    )
    text = text.replace("trunks:\n", f"trunks:{accounts}{another}", 1)
    return text.replace("\nnumbers:\n", f"\nnumbers:{numbers}", 1)


def our_plan() -> TelephonePlan:
    made = plan(dict.fromkeys(NUMBERS, "prueba"))
    return replace(made, outbound=replace(made.outbound, trunk="trunk-norte"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lines]:
    place = {"SIP_HOST": OPERATOR, "MEDIA_HOST": OPERATOR}
    folder = tmp_path_factory.mktemp("lines")
    async with (
        running_asterisk(
            folder / "op", users=("ana", "luis"), change=one_telephone_a_number, **place
        ) as operator,
        running_asterisk(
            folder / "us", users=("ana", "luis"), change=lambda text: our_trunks(operator, text)
        ) as us,
    ):
        async with asyncio.timeout(REGISTERED_WITHIN_S):
            while (await us.process.command("pjsip show registrations")).count(" Registered") < 2:
                await asyncio.sleep(0.1)
        yield Lines(operator, us)


@pytest_asyncio.fixture(loop_scope="session")
async def rig(lines: Lines, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_on(lines.us, tmp_path, our_plan()) as running:
        yield running
    await lines.us.sweep()
    await lines.operator.hang_up_all()


@pytest.mark.parametrize(("dialled", "ours"), [("101", "201"), ("102", "202")])
async def test_a_call_over_either_of_two_lines_at_one_operator_reaches_an_agent(
    lines: Lines, rig: Rig, dialled: str, ours: str
) -> None:
    """Both come from the operator's one address; each may only be taken for the number of its own line."""
    ana = await rig.phone("ana")
    async with Line("127.0.0.2", server=lines.operator.server) as outside:
        caller = await outside.call(dialled, from_number="0991112223")
        await caller.answered(timeout_s=TIMEOUT_S)
        caller.play_tone(440)
        contact = await _in_the_flow(rig)
        assert contact.to_address == ours
        await caller.send_digits("1")
        rung = await ana.rings(timeout_s=TIMEOUT_S)
        await rung.answer()
        rung.play_tone(620)
        await asyncio.gather(caller.hears(620, within_s=8), rung.hears(440, within_s=8))
        caller.hang_up()
        await rung.hung_up()
        over = await rig.ended(contact.id)
        assert (over.end_reason, over.agent) == (EndReason.CUSTOMER_HUNG_UP, "ana")
        assert rig.tapes.begun == [(contact.id, contact.external_id)]
    await rig.nothing_left()


async def test_an_agent_calls_out_over_the_line_signed_in_to(lines: Lines, rig: Rig) -> None:
    """The operator asks who we are, and knows us by our account: its channel is our telephone's."""
    ana = await rig.phone("ana")
    contact = await rig.telephone.dial("ana", "0991112223")
    own = await ana.rings(timeout_s=TIMEOUT_S)
    await own.answer()
    await own.hears_sound(Sound.SPEECH, within_s=15)  # the operator speaks to who called it
    channels = await lines.operator.process.command("core show channels concise")
    assert "PJSIP/ana-sip-" in channels
    assert "!agents!0991112223!" in channels
    own.hang_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.AGENT_HUNG_UP
    await rig.nothing_left()


async def test_a_number_of_one_trunk_is_not_served_on_another(lines: Lines, rig: Rig) -> None:
    async with (
        Line("127.0.0.2", server=lines.us.server) as demo,
        Line(ANOTHER_TRUNK, server=lines.us.server) as another,
        Line("127.0.0.9", server=lines.us.server) as stranger,
    ):
        for trunk, number in ((demo, "203"), (another, "204"), (demo, "201"), (another, "202")):
            with pytest.raises(CallRefusedError) as refusal:
                await (await trunk.call(number, from_number="0991112223")).answered(timeout_s=TIMEOUT_S)
            assert refusal.value.status == 404, number
        with pytest.raises(CallRefusedError) as refusal:
            await (await stranger.call("204", from_number="0991112223")).answered(timeout_s=TIMEOUT_S)
        assert refusal.value.status == 401
        assert rig.desk.live() == []
        for trunk, number in ((demo, "204"), (another, "203")):
            call = await trunk.call(number, from_number="0991112223")
            await call.answered(timeout_s=TIMEOUT_S)
            contact = await rig.stage(Stage.FLOW)
            assert contact.to_address == number
            call.hang_up()
            await rig.ended(contact.id)
    await rig.nothing_left()


async def _in_the_flow(rig: Rig) -> Interaction:
    await rig.until(lambda: bool(rig.desk.live()), "the operator's call comes in", RINGS_WITHIN_S)
    return await rig.stage(Stage.FLOW)
