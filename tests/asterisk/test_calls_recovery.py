"""What is not told: a restarted controller, a cut socket, an agent whose line breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from ulid import ULID

from ari_apps import conversation, recovery
from ari_apps.ari import News
from ari_apps.ari.events import ChannelDestroyed, ChannelHangupRequest, StasisEnd
from ari_apps.legs import talk_bridge_id
from ari_apps.switchboard import KNOWN
from contact_centre.scripted_caller import Line
from contact_centre.scripted_caller.hearing import has_tone
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import CUSTOMER, TIMEOUT_S, Rig, hears_music, hears_speech, rig_on
from voice_core.interaction import EndReason, Stage
from voice_core.store.memory import MemoryStore

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]
COMPARE_OFTEN_S = 0.1


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


async def test_who_is_served_stays(asterisk: AsteriskBox, tmp_path: Path) -> None:
    """The dialplan takes no caller back whom a controller has, also when the one before died before it said so."""
    async with AsyncExitStack() as people:
        async with rig_on(asterisk, tmp_path) as before:
            caller = await before.caller(keys="1")
            contact = await before.stage(Stage.QUEUED)
            await _stays(before, contact.external_id)
            people.push_async_exit(await before.killed())
        async with rig_on(asterisk, tmp_path, store=before.store) as after:
            await after.ari.channel(contact.external_id).set_var("TIMEOUT(absolute)", "600")
            people.push_async_exit(await after.killed())
        async with rig_on(asterisk, tmp_path, store=after.store) as at_last:
            await _stays(at_last, contact.external_id)
            await hears_music(caller)


async def _stays(rig: Rig, channel: str) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while await rig.ari.channel(channel).get_var("TIMEOUT(absolute)") != "0":
            await asyncio.sleep(0.01)


async def test_who_talked_before_a_restart_still_talks(asterisk: AsteriskBox, tmp_path: Path) -> None:
    store = MemoryStore()
    async with AsyncExitStack() as people:
        async with rig_on(asterisk, tmp_path, store=store) as before:
            caller, _, rung, contact = await before.talking()
            await caller.hears(620)
            await before.telephone.mute(contact.id, "ana", True)
            people.push_async_exit(before.stack.pop_all())  # the people outlive the controller
        await rung.hears(440)
        async with rig_on(asterisk, tmp_path, store=store) as after:
            await after.until(lambda: after.switchboard.call(contact.id) is not None, "the call is taken up")
            assert after.telephone.view(contact.id).muted
            await rung.hears(440)
            assert not has_tone(await caller.listen(0.8), 620)
            await after.telephone.mute(contact.id, "ana", False)
            await caller.hears(620)
            await after.telephone.hold(contact.id, "ana")
            rung.hang_up()
            await caller.hung_up()
            assert (await after.ended(contact.id)).end_reason is EndReason.AGENT_HUNG_UP
            await after.nothing_left()


@pytest.mark.parametrize(
    ("asterisk_lives", "reason", "detail"),
    [
        (True, EndReason.CUSTOMER_LEFT_FLOW, "while the controller was away"),
        (False, EndReason.LOST, "Asterisk died"),
    ],
)
async def test_who_hung_up_during_a_restart_is_closed_with_the_reason(
    asterisk: AsteriskBox, tmp_path: Path, asterisk_lives: bool, reason: EndReason, detail: str
) -> None:
    async with AsyncExitStack() as people:
        async with rig_on(asterisk, tmp_path) as before:
            caller = await before.caller()
            contact = await before.stage(Stage.FLOW)
            people.push_async_exit(await before.killed())
        caller.hang_up()
        await asterisk.hang_up_all()
        if not asterisk_lives:  # one that has just been started does not know us
            await _forget(asterisk)
        async with rig_on(asterisk, tmp_path, store=before.store) as after:
            over = await after.ended(contact.id)
            assert (over.end_reason, over.end_detail) == (reason, detail)
            await after.until(lambda: after.tapes.done == [contact.id], "the recording is complete")
            await after.nothing_left()


@pytest.mark.parametrize("leaving", ["caller", "agent"])
async def test_who_ended_a_conversation_during_a_restart_is_told_apart(
    asterisk: AsteriskBox, tmp_path: Path, leaving: str
) -> None:
    async with AsyncExitStack() as people:
        async with rig_on(asterisk, tmp_path) as before:
            caller, _, rung, contact = await before.talking()
            await caller.hears(620, within_s=5)  # both are in their room
            people.push_async_exit(await before.killed())
        gone, left = (caller, rung) if leaving == "caller" else (rung, caller)
        gone.hang_up()
        await gone.hung_up()
        async with rig_on(asterisk, tmp_path, store=before.store) as after:
            await left.hung_up(timeout_s=TIMEOUT_S)
            reason = EndReason.CUSTOMER_HUNG_UP if leaving == "caller" else EndReason.AGENT_HUNG_UP
            assert (await after.ended(contact.id)).end_reason is reason
            await after.nothing_left()


async def test_a_prompt_that_outlives_its_controller_is_not_taken_for_the_next_one(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    """It still plays under its name, and one day ends under it."""
    async with AsyncExitStack() as people:
        async with rig_on(asterisk, tmp_path) as before:
            caller = await before.caller()
            await before.until(lambda: bool(_playing(before)), "a prompt plays")
            old = _playing(before)
            people.push_async_exit(await before.killed())
        async with rig_on(asterisk, tmp_path, store=before.store) as after:
            await after.until(lambda: bool(_playing(after)), "the question is asked again")
            assert not old & _playing(after)
            await hears_speech(caller)
            await caller.send_digits("1")
            await after.stage(Stage.QUEUED)


async def test_a_message_that_outlives_its_controller_is_delivered(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    async with AsyncExitStack() as people:
        async with rig_on(asterisk, tmp_path) as before:
            caller = await before.caller(keys="4")
            contact = await before.stage(Stage.FLOW)
            claimed = before.switchboard.exchange.routes.claimed
            await before.until(lambda: any(".voicemail." in key for key in claimed()), "it is recorded")
            await caller.listen(1.5)
            people.push_async_exit(await before.killed())
        async with rig_on(asterisk, tmp_path, store=before.store) as after:
            await caller.listen(0.5)
            await caller.send_digits("#")
            await after.until(lambda: bool(after.tapes.messages), "the message is delivered")
            task = next(row for row in after.desk.live() if row.channel == "task")
            assert (task.parent_id, task.queue, task.id) == (
                contact.id,
                "soporte",
                after.tapes.messages[0][0],
            )
            caller.hang_up()
            assert (await after.ended(contact.id)).end_reason is EndReason.VOICEMAIL_LEFT
            await after.nothing_left()


async def test_an_end_that_was_not_told_is_found_by_the_comparison(
    asterisk: AsteriskBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig_on(asterisk, tmp_path, compare_every_s=COMPARE_OFTEN_S) as rig:
        caller = await rig.caller(keys="1")
        contact = await rig.stage(Stage.QUEUED)
        sort = rig.switchboard.sort
        lost: list[str] = []

        def lossy(event: News) -> None:
            if isinstance(event, StasisEnd | ChannelDestroyed | ChannelHangupRequest):
                lost.append(type(event).__name__)
            else:
                sort(event)

        monkeypatch.setattr(rig.switchboard, "sort", lossy)
        caller.hang_up()
        assert (await rig.ended(contact.id)).end_reason is EndReason.ABANDONED
        assert "StasisEnd" in lost
        await rig.nothing_left()


async def test_what_nobody_owns_is_ended_and_nothing_else(asterisk: AsteriskBox, tmp_path: Path) -> None:
    """A leg under our names that nobody waits for, an empty room of a contact nobody lives; a conversation stays."""
    async with rig_on(asterisk, tmp_path, compare_every_s=COMPARE_OFTEN_S) as rig:
        caller, _, rung, contact = await rig.talking()
        luis = await rig.phone("luis", available=False)
        old = str(ULID()).lower()
        await rig.ari.create_bridge(talk_bridge_id(old))
        await rig.ari.originate("PJSIP/luis-sip", f"{old}.luis.o1-sip", app_args=f"agent,{old},{old}.o1")
        await (await luis.rings(timeout_s=TIMEOUT_S)).hung_up(timeout_s=TIMEOUT_S)
        await rig.until_asterisk(
            lambda seen: talk_bridge_id(old) not in {bridge.id for bridge in seen.bridges}, "it is reaped"
        )
        await caller.hears(620, within_s=5)
        await rung.hears(440)
        assert rig.desk.interaction(contact.id).stage is Stage.TALKING
        caller.hang_up()
        await rig.ended(contact.id)
        await rig.nothing_left()


@pytest.mark.parametrize("caller_stays", [True, False])
async def test_a_live_contact_that_nobody_lives_is_taken_up_or_ended(
    asterisk: AsteriskBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caller_stays: bool
) -> None:
    """Its task is gone, whatever the cause: the agent is not held until the next restart."""
    monkeypatch.setattr(recovery, "UNLIVED_AFTER", timedelta(0))
    async with rig_on(asterisk, tmp_path, compare_every_s=COMPARE_OFTEN_S) as rig:
        caller, _, rung, contact = await rig.talking()
        await caller.hears(620, within_s=5)
        dead = rig.switchboard._calls.pop(contact.id)
        if not caller_stays:
            rig.switchboard.exchange.routes.release(caller_channel := contact.external_id)
            await rig.ari.channel(caller_channel).hangup()
        for leg in dead.legs():
            rig.switchboard.exchange.routes.release(leg.id)
        if caller_stays:
            await rig.until(lambda: rig.switchboard.call(contact.id) is not None, "it is taken up")
            await caller.hears(620, within_s=5)
            await rung.hears(440)
            await rig.telephone.hang_up(contact.id, "ana")
            await caller.hung_up()
        row = await rig.ended(contact.id)
        expected = EndReason.AGENT_HUNG_UP if caller_stays else EndReason.CUSTOMER_HUNG_UP
        assert row.end_reason is expected
        await rung.hung_up()


async def _forget(asterisk: AsteriskBox) -> None:
    """As after its restart: what lives in its memory is gone."""
    await asterisk.process.command(f'dialplan set global {KNOWN} ""')


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


def _playing(rig: Rig) -> set[str]:
    return {key for key in rig.switchboard.exchange.routes.claimed() if ".play." in key}
