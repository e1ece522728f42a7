"""Fault 16: two answer at once. One has the call, the other is hung up, and the ledger names one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contact_centre.scripted_caller import Call, Line
from contact_centre.scripted_caller.call import CallState
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, rig_on
from tests.faults.processes import seeded
from voice_core.agent import Agent, AgentState
from voice_core.interaction import EndReason, Stage
from voice_core.ledger import Kind

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(90)]
ROUNDS = 3
AGENT_TONE, CALLER_TONE = 620, 440
PAIR = "pia"  # an agent whose both phones are plain SIP ones
PASSWORD = "una-clave-de-prueba-9"
_PHONE = """
[{name}](leg)
context = agents
aors = {name}
auth = {name}
identify_by = username
allow = alaw,ulaw

[{name}]
type = auth
auth_type = digest
username = {name}
password = {password}

[{name}]
type = aor
max_contacts = 1
remove_existing = yes
"""


async def test_both_phones_of_one_agent(asterisk: AsteriskBox, tmp_path: Path) -> None:
    chance = seeded()
    async with (
        two_phones(asterisk),
        rig_on(asterisk, tmp_path) as rig,
        Line("127.0.0.1", server=asterisk.server) as first,
        Line("127.0.0.1", server=asterisk.server) as second,
    ):
        await first.register(PAIR, PASSWORD)
        await second.register(f"{PAIR}-sip", PASSWORD)
        await rig.desk.put_agent(Agent(PAIR, "Pía"))
        await rig.switchboard.watch_agent(PAIR)
        phones = rig.switchboard.exchange.phones
        await rig.until(lambda: len(phones.online(PAIR)) == 2, "both phones are seen")
        await rig.phone_available(PAIR)
        for number in range(ROUNDS):
            caller = await rig.caller(keys="1", from_number=f"+59399160000{number}")
            legs = [await line.rings(timeout_s=TIMEOUT_S) for line in (first, second)]
            later = chance.uniform(0.0, 0.02) if number else 0.0
            await asyncio.gather(*(pick_up(leg, wait) for leg, wait in zip(legs, (0.0, later), strict=True)))
            await one_has_it(rig, caller, legs)
        await rig.nothing_left()


async def test_an_agent_who_answers_as_the_offer_passes_on(asterisk: AsteriskBox, tmp_path: Path) -> None:
    """Ana picks up while her time runs out; luis, who is rung next if at all, picks up too."""
    chance = seeded()
    async with rig_on(asterisk, tmp_path) as rig:
        lines = {"ana": await rig.phone("ana"), "luis": await rig.phone("luis", available=False)}
        winners = set[str]()
        for number in range(ROUNDS):
            caller = await rig.caller(keys="1", from_number=f"+59399161000{number}")
            first = await lines["ana"].rings(timeout_s=TIMEOUT_S)
            contact = await rig.stage(Stage.OFFERED)
            offer = rig.desk.offer_of(contact.id)
            assert offer is not None
            await rig.phone_available("luis")
            # surely too late, surely in time, anywhere between
            wait = (0.0, 0.5, chance.uniform(0.0, 0.03))[number]
            ahead = (0.5, 0.0, chance.uniform(0.0, 0.03))[number]
            answering = asyncio.create_task(pick_up(first, ahead))
            await asyncio.sleep(wait)
            await rig.desk.decline(offer.id, "no_answer")
            legs = [first, *await rung_too(rig, lines["luis"], contact.id)]
            await asyncio.gather(answering, *(pick_up(leg, 0.0) for leg in legs[1:]))
            winners.add(await one_has_it(rig, caller, legs))
            for user in lines:
                await rig.desk.set_state(user, AgentState.OFFLINE, actor=user)
            await rig.phone_available("ana")
        assert winners == {"ana", "luis"}
        await rig.nothing_left()


async def pick_up(leg: Call, after_s: float) -> None:
    """Unless it stopped ringing before."""
    await asyncio.sleep(after_s)
    if leg.state is not CallState.ENDED:
        await leg.answer()
        leg.play_tone(AGENT_TONE)


async def rung_too(rig: Rig, line: Line, contact_id: str) -> list[Call]:
    """The leg of the next agent; none when the first one was in time."""
    await rig.until(
        lambda: bool(line.calls) or rig.desk.interaction(contact_id).stage is Stage.TALKING,
        "somebody has it, or it rings on",
    )
    return [await line.rings(timeout_s=TIMEOUT_S)] if line.calls else []


async def one_has_it(rig: Rig, caller: Call, legs: list[Call]) -> str:
    """Who: all others are hung up, one acceptance is in the ledger, and both ends hear each other."""
    contact = await rig.stage(Stage.TALKING)
    await rig.until(lambda: sum(leg.state is CallState.ANSWERED for leg in legs) == 1, "one leg is left")
    winner = next(leg for leg in legs if leg.state is CallState.ANSWERED)
    await caller.hears(AGENT_TONE, within_s=5)
    await winner.hears(CALLER_TONE, within_s=5)
    assert winner.state is CallState.ANSWERED
    accepted = [entry for entry in await rig.entries(contact.id) if entry.kind is Kind.ACCEPTED]
    assert [entry.actor for entry in accepted] == [contact.agent]
    caller.hang_up()
    over = await rig.ended(contact.id)
    assert (over.end_reason, over.agent) == (EndReason.CUSTOMER_HUNG_UP, contact.agent)
    assert over.agent is not None
    return over.agent


@asynccontextmanager
async def two_phones(asterisk: AsteriskBox) -> AsyncIterator[None]:
    """The agent PAIR is known to Asterisk, with a plain phone where others have a browser."""
    file = asterisk.settings.asterisk_home / "etc" / "pjsip.conf"
    before = file.read_text()
    more = "".join(_PHONE.format(name=name, password=PASSWORD) for name in (PAIR, f"{PAIR}-sip"))
    try:
        file.write_text(before + more)
        await asterisk.process.command("module reload res_pjsip.so")
        yield
    finally:
        file.write_text(before)
        await asterisk.process.command("module reload res_pjsip.so")
