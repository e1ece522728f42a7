"""What is not told: a restarted controller, a cut socket, an agent whose line breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from ari_apps import conversation
from contact_centre.scripted_caller import Line
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import CUSTOMER, TIMEOUT_S, Rig, hears_music, rig_on
from voice_core.interaction import EndReason, Stage
from voice_core.store.memory import MemoryStore

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]


@pytest_asyncio.fixture(loop_scope="session")
async def rig(asterisk: AsteriskBox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_on(asterisk, tmp_path) as running:
        yield running


async def test_who_waited_before_a_restart_still_waits(asterisk: AsteriskBox, tmp_path: Path) -> None:
    store = MemoryStore()
    async with Line("127.0.0.2", server=asterisk.server) as line:
        async with rig_on(asterisk, tmp_path, store=store) as before:
            caller = await line.call("101", from_number=CUSTOMER)
            await caller.answered(timeout_s=TIMEOUT_S)
            caller.play_tone(440)
            await caller.send_digits("1")
            contact = await before.stage(Stage.QUEUED)
            await hears_music(caller, 8)
        async with rig_on(asterisk, tmp_path, store=store) as after:
            assert after.only().queued_at == contact.queued_at
            await hears_music(caller, 8)
            ana = await after.phone("ana")
            rung = await ana.rings(timeout_s=TIMEOUT_S)
            await rung.answer()
            rung.play_tone(620)
            await caller.hears(620, within_s=5)
            caller.hang_up()
            assert (await after.ended(contact.id)).end_reason is EndReason.CUSTOMER_HUNG_UP
            await after.nothing_left()


async def test_who_talked_before_a_restart_still_talks(asterisk: AsteriskBox, tmp_path: Path) -> None:
    store = MemoryStore()
    async with AsyncExitStack() as people:
        async with rig_on(asterisk, tmp_path, store=store) as before:
            caller, _, rung, contact = await before.talking()
            await caller.hears(620)
            people.push_async_exit(before.stack.pop_all())  # the people outlive the controller
        await rung.hears(440)
        async with rig_on(asterisk, tmp_path, store=store) as after:
            await after.until(lambda: after.switchboard.call(contact.id) is not None, "the call is taken up")
            await caller.hears(620)
            await rung.hears(440)
            await after.telephone.hold(contact.id, "ana")
            rung.hang_up()
            await caller.hung_up()
            assert (await after.ended(contact.id)).end_reason is EndReason.AGENT_HUNG_UP
            await after.nothing_left()


async def test_who_hung_up_during_a_restart_is_closed(asterisk: AsteriskBox, tmp_path: Path) -> None:
    store = MemoryStore()
    async with Line("127.0.0.2", server=asterisk.server) as line:
        async with rig_on(asterisk, tmp_path, store=store) as before:
            caller = await line.call("101", from_number=CUSTOMER)
            await caller.answered(timeout_s=TIMEOUT_S)
            contact = await before.stage(Stage.FLOW)
        caller.hang_up()
        await asterisk.hang_up_all()
        async with rig_on(asterisk, tmp_path, store=store) as after:
            assert (await after.ended(contact.id)).end_reason is EndReason.LOST
            await after.nothing_left()


async def test_a_hang_up_while_the_socket_is_cut_is_recorded(rig: Rig) -> None:
    caller = await rig.caller(keys="1")
    contact = await rig.stage(Stage.QUEUED)
    connection = rig.ari._connection
    assert connection is not None
    closing = asyncio.create_task(connection.close("cut by a test"))
    caller.hang_up()
    await closing
    assert (await rig.ended(contact.id)).end_reason is EndReason.ABANDONED
    await rig.until(lambda: rig.telephone.connected, "connected again")
    await rig.nothing_left()


async def test_an_agent_whose_line_breaks_comes_back(rig: Rig) -> None:
    caller, ana, rung, contact = await rig.talking()
    await rig.ari.channel(rig.live_calls.agent_channel(contact.id)).hangup("44")  # no media: Q.850
    await rung.hung_up()
    await hears_music(caller, 8)
    assert rig.desk.interaction(contact.id).stage is Stage.TALKING
    back = asyncio.create_task(rig.telephone.reattach(contact.id, "ana"))
    again = await ana.rings(timeout_s=TIMEOUT_S)
    await again.answer()
    again.play_tone(880)
    await back
    await caller.hears(880, within_s=5)


async def test_an_agent_who_does_not_come_back_is_replaced(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "REATTACH_LIMIT_S", 0.5)
    luis = await rig.phone("luis", available=False)
    caller, ana, rung, contact = await rig.talking()
    await rig.ari.channel(rig.live_calls.agent_channel(contact.id)).hangup("44")
    await rung.hung_up()
    await ana.unregister()
    await rig.until(lambda: rig.desk.interaction(contact.id).stage is not Stage.TALKING, "it waits again")
    await rig.phone_available("luis")
    second = await luis.rings(timeout_s=TIMEOUT_S)
    await second.answer()
    second.play_tone(880)
    await caller.hears(880, within_s=5)


async def test_a_cut_socket_costs_nobody_the_call(rig: Rig) -> None:
    """In the flow, in the queue, in a conversation: once Asterisk answers again, each goes on."""
    talker, _, rung, contact = await rig.talking()
    waiting = await rig.caller(keys="1", from_number="+593990000001")
    choosing = await rig.caller(from_number="+593990000002")
    await rig.until(lambda: len(rig.desk.live()) == 3, "three calls")
    connection = rig.ari._connection
    assert connection is not None
    await connection.close("cut by a test")
    await rig.until(lambda: not rig.telephone.connected, "the cut is seen")
    await rig.until(lambda: rig.telephone.connected, "connected again")
    await rig.telephone.hold(contact.id, "ana")
    await rig.telephone.resume(contact.id, "ana")
    await talker.hears(620, within_s=5)
    await choosing.send_digits("1")
    waiters = [row.id for row in rig.desk.live() if row.id != contact.id]
    await rig.until(
        lambda: all(rig.desk.interaction(id_).stage is Stage.QUEUED for id_ in waiters), "both wait", 20
    )
    await hears_music(choosing, 8)
    for person in (talker, waiting, choosing):
        person.hang_up()
    await rung.hung_up()
    reasons = [(await rig.ended(id_)).end_reason for id_ in (contact.id, *waiters)]
    assert reasons == [EndReason.CUSTOMER_HUNG_UP, EndReason.ABANDONED, EndReason.ABANDONED]
    await rig.nothing_left()
