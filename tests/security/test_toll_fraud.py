"""Fault 26: whoever has stolen a password, a telephone or a flow dials nowhere abroad, and little elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ari_apps.caps import CapReachedError, Caps
from ari_apps.telephone import Target
from ari_apps.words import CAP_REACHED, NOT_ALLOWED_THERE
from contact_centre.scripted_caller import Call, Line, Sound
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, plan, rig_on
from voice_core.errors import NotAllowedError
from voice_core.interaction import EndReason, Stage
from voice_core.ledger import Kind
from voice_core.news import Subscription
from voice_core.ports import Change, Notice
from voice_core.store.memory import MemoryStore

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]
HERE, ABROAD = "0991234567", "0012025550100"
SPENT = Caps(minutes_a_day=0)


@asynccontextmanager
async def centre(
    asterisk: AsteriskBox,
    folder: Path,
    caps: Caps,
    *,
    ring_timeout_s: float = 8.0,
    store: MemoryStore | None = None,
) -> AsyncIterator[Rig]:
    ordinary = plan()
    rules = replace(ordinary.outbound, caps=caps, ring_timeout_s=ring_timeout_s)
    async with rig_on(asterisk, folder, replace(ordinary, outbound=rules), store) as rig:
        yield rig


async def cap_of(refused: Awaitable[object]) -> str:
    with pytest.raises(CapReachedError) as refusal:
        await refused
    return str(refusal.value.data["cap"])


async def notice(changes: Subscription, code: str) -> Notice:
    async with asyncio.timeout(TIMEOUT_S):
        async for change in changes:
            for told in change.notices if isinstance(change, Change) else ():
                if told.code == code:
                    return told
    raise AssertionError(code)


async def is_told(rig: Rig, own: Call, words: str) -> None:
    """The one on the telephone hears why, and the line is closed."""
    await own.answered(timeout_s=TIMEOUT_S)
    await own.hears_sound(Sound.SPEECH, within_s=15)
    assert rig.words.after(words)
    await own.hung_up(timeout_s=15)


async def test_no_telephone_of_an_agent_dials_past_the_caps(asterisk: AsteriskBox, tmp_path: Path) -> None:
    async with centre(asterisk, tmp_path, SPENT) as rig, rig.news.subscribe() as changes:
        network, ana = await rig.outside(), await rig.phone("ana")
        assert await cap_of(rig.telephone.dial("ana", HERE)) == "minutes_a_day"
        told = await notice(changes, "outbound_minutes")
        assert (told.agent, told.data["limit"], told.for_role) == ("ana", "0", "supervisor")
        await is_told(rig, await ana.call(HERE), CAP_REACHED.texts["es"])
        await is_told(rig, await ana.call(ABROAD), NOT_ALLOWED_THERE.texts["es"])
        assert not rig.desk.live()
        assert not network.calls
        cap, where = {"cap": "minutes_a_day", "limit": "0"}, "allowed_destinations"
        assert rig.audit.entries == [
            ("ana", "call.refused", HERE, cap),
            ("ana", "call.refused", HERE, cap),
            ("ana", "call.refused", ABROAD, {"cap": where, "number": ABROAD}),
        ]
        await rig.nothing_left()


async def test_no_transfer_dials_past_the_caps(asterisk: AsteriskBox, tmp_path: Path) -> None:
    async with centre(asterisk, tmp_path, SPENT) as rig:
        network = await rig.outside()
        caller, _, rung, contact = await rig.talking()
        there = Target("number", HERE)
        assert await cap_of(rig.telephone.transfer(contact.id, "ana", there)) == "minutes_a_day"
        assert await cap_of(rig.telephone.consult(contact.id, "ana", there)) == "minutes_a_day"
        with pytest.raises(NotAllowedError):
            await rig.telephone.transfer(contact.id, "ana", Target("number", ABROAD))
        for number in (HERE, ABROAD):
            rung.transfer(number)
            assert await rung.transfer_over() == 503
        await caller.hears(620, within_s=5)
        await rung.hears(440)
        failed = [entry.data for entry in rig.store.ledger if entry.kind is Kind.TRANSFER_FAILED]
        assert failed == [
            {"to": HERE, "reason": "outbound_minutes"},
            {"to": ABROAD, "reason": "destination_not_allowed"},
        ]
        assert [entry[2] for entry in rig.audit.entries] == [HERE, HERE, ABROAD, HERE, ABROAD]
        assert not network.calls


async def test_no_flow_and_no_callback_dials_past_the_caps(asterisk: AsteriskBox, tmp_path: Path) -> None:
    async with centre(asterisk, tmp_path, SPENT) as rig:
        network = await rig.outside()
        caller = await rig.caller(keys="7")  # the flow's own number
        contact = await rig.stage(Stage.QUEUED)  # it failed: to a person
        assert [entry[:3] for entry in rig.audit.entries] == [("flow", "call.refused", HERE)]
        await caller.send_digits("2")
        await caller.hung_up(timeout_s=15)
        ana = await rig.phone("ana")
        own = await ana.rings(timeout_s=TIMEOUT_S)
        await own.answer()
        await own.hears_sound(Sound.SPEECH, within_s=15)
        over = await rig.ended(contact.id)
        assert (over.end_reason, over.end_detail) == (EndReason.NOT_ANSWERED, "outbound_minutes")
        assert rig.audit.entries[-1][:2] == ("ana", "call.refused")
        assert Kind.LINE_OPENED not in [entry.kind for entry in rig.store.ledger]
        assert not network.calls


async def answered_call(rig: Rig, network: Line, user: str) -> tuple[Call, str]:
    """`user` dials and a customer answers: the customer's leg, and the contact."""
    phone = await rig.phone(user)
    contact = await rig.telephone.dial(user, HERE)
    own = await phone.rings(timeout_s=TIMEOUT_S)
    await own.answer()
    customer = await network.rings(timeout_s=TIMEOUT_S)
    await customer.answer()
    await rig.until(lambda: line_kinds(rig, contact.id) == ["line_opened", "line_answered"], "it is counted")
    return customer, contact.id


def line_kinds(rig: Rig, contact: str) -> list[str]:
    return [
        entry.kind.value
        for entry in rig.store.ledger
        if entry.interaction_id == contact and "leg" in entry.data
    ]


async def test_so_many_a_minute_and_at_once_and_no_more(asterisk: AsteriskBox, tmp_path: Path) -> None:
    caps = Caps(calls_a_minute=2, calls_a_minute_each=9, at_once_each=1, at_once=9)
    async with centre(asterisk, tmp_path, caps) as rig:
        network = await rig.outside()
        customer, first = await answered_call(rig, network, "ana")
        assert await cap_of(rig.switchboard.exchange.lines.require(HERE, "ana")) == "at_once_each"
        customer.hang_up()
        await rig.ended(first)
        await rig.until(lambda: line_kinds(rig, first)[-1] == "line_closed", "the line is free")
        customer, second = await answered_call(rig, network, "luis")
        assert await cap_of(rig.telephone.dial("ana", HERE)) == "calls_a_minute"
        customer.hang_up()
        await rig.ended(second)
        await rig.nothing_left()


async def test_asterisk_itself_ends_the_call_whose_time_is_up(asterisk: AsteriskBox, tmp_path: Path) -> None:
    """Also when nobody of ours is there to do it."""
    async with AsyncExitStack() as people:
        async with centre(asterisk, tmp_path, Caps(longest_call_s=3), ring_timeout_s=3) as rig:
            network = await rig.outside()
            customer, _ = await answered_call(rig, network, "ana")
            people.push_async_exit(await rig.killed())
        await customer.hung_up(timeout_s=8)
        assert customer.ended_by_them


async def test_calls_that_together_use_up_the_day_are_ended(asterisk: AsteriskBox, tmp_path: Path) -> None:
    """Each had a minute left when it began to ring."""
    async with centre(asterisk, tmp_path, Caps(minutes_a_day=1)) as rig, rig.news.subscribe() as changes:
        network = await rig.outside()
        rung = []
        for user in ("ana", "luis"):
            phone = await rig.phone(user)
            await rig.telephone.dial(user, HERE)
            await (await phone.rings(timeout_s=TIMEOUT_S)).answer()
            rung.append(await network.rings(timeout_s=TIMEOUT_S))
        for customer in rung:
            await customer.answer()
        for customer in rung:
            await customer.hung_up(timeout_s=TIMEOUT_S)
        assert (await notice(changes, "outbound_minutes")).data["limit"] == "1"
        assert {entry[3]["cap"] for entry in rig.audit.entries} == {"minutes_a_day"}
        await rig.nothing_left()


async def test_what_was_spent_is_known_after_a_restart(asterisk: AsteriskBox, tmp_path: Path) -> None:
    caps = Caps(at_once=1, minutes_a_day=1)
    async with AsyncExitStack() as people:
        async with centre(asterisk, tmp_path, caps) as before:
            network = await before.outside()
            customer, contact = await answered_call(before, network, "ana")
            people.push_async_exit(await before.killed())
        async with centre(asterisk, tmp_path, caps, store=before.store) as after:
            lines = after.switchboard.exchange.lines
            assert await cap_of(lines.require(HERE, "luis")) == "max_concurrent"
            people.push_async_exit(await after.killed())
        customer.hang_up()  # nobody of ours hears it
        async with centre(asterisk, tmp_path, caps, store=after.store) as at_last:
            await at_last.until(lambda: line_kinds(at_last, contact)[-1] == "line_closed", "its end is noted")
            assert await cap_of(at_last.telephone.dial("luis", HERE)) == "minutes_a_day"
            assert line_kinds(at_last, contact) == ["line_opened", "line_answered", "line_closed"]
