"""Waiting: music, announcements, voicemail and its task, tasks' presenter; and calls that fail alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from contact_centre.scripted_caller import Call, Sound
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import CUSTOMER, TIMEOUT_S, Rig, hears_music, hears_speech, plan, rig_on
from voice_core.agent import Agent, AgentState
from voice_core.interaction import Direction, EndReason, Stage
from voice_core.ledger import Kind
from voice_core.queue import Announcements, Overflow, OverflowWhen

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]


@pytest_asyncio.fixture(loop_scope="session")
async def rig(asterisk: AsteriskBox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_on(asterisk, tmp_path) as running:
        yield running


async def test_music_then_the_place_then_music_again(asterisk: AsteriskBox, tmp_path: Path) -> None:
    announcements = Announcements(every_s=2, comfort={"es": ("Gracias por su paciencia.",)})
    async with rig_on(asterisk, tmp_path, plan(announcements=announcements)) as rig:
        caller = await rig.caller(keys="1")
        await rig.stage(Stage.QUEUED)
        await hears_music(caller, 15)
        await hears_speech(caller, 15)
        await hears_music(caller, 15)
        ana = await rig.phone("ana")
        rung = await ana.rings(timeout_s=TIMEOUT_S)
        await rung.answer()
        rung.play_tone(620)
        await caller.hears(620, within_s=5)


PLACE_2, NEXT = "Usted es el número 2 en la fila.", "Usted es la siguiente persona en la fila."
A_MINUTE = "El tiempo de espera estimado es de un minuto."


async def test_two_wait_in_one_room_and_each_is_told_their_own_place(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    comfort = ("Gracias.", "Ya vamos.", "Un momento.")
    announcements = Announcements(every_s=1, comfort={"es": comfort})
    async with rig_on(asterisk, tmp_path, plan(announcements=announcements)) as rig:
        served, _, _, contact = await rig.talking()  # how long a call takes is known from now on
        served.hang_up()
        await rig.ended(contact.id)
        await _busy(rig, "ana")
        first, second = [await _waits(rig, f"+59399000000{number}") for number in (1, 2)]
        assert await rig.room("soporte") == {row.external_id for row in rig.desk.live() if row.queue}
        await rig.until(lambda: bool(rig.words.after(NEXT)), "the first is told", 15)
        await rig.until(lambda: bool(rig.words.after(PLACE_2)), "the second is told", 15)
        assert rig.words.after(NEXT) == [[NEXT, A_MINUTE, comfort[0]]]
        assert rig.words.after(PLACE_2) == [[PLACE_2, A_MINUTE, comfort[0]]]
        ahead = min((row for row in rig.desk.live() if row.queue), key=lambda row: row.opened_at)
        first.hang_up()
        await rig.ended(ahead.id)
        rig.words.said.clear()
        await hears_speech(second, 15)
        await rig.until(lambda: bool(rig.words.said), "the second is told again", 20)
        assert rig.words.said == [[NEXT, A_MINUTE, comfort[1]]]  # moved up; another comfort


async def _busy(rig: Rig, user: str) -> None:
    """At work in the queue, but with something else for now."""
    await rig.desk.open(
        channel="task", direction=Direction.OUTBOUND, from_address="", to_address="", agent=user
    )


async def _waits(rig: Rig, number: str) -> Call:
    """Somebody more, in the queue's room."""
    before = len(await rig.room("soporte"))
    caller = await rig.caller(keys="1", from_number=number)
    async with asyncio.timeout(TIMEOUT_S):
        while len(await rig.room("soporte")) == before:
            await asyncio.sleep(0.02)
    return caller


async def test_waiting_overflows_to_another_queue_and_its_room(asterisk: AsteriskBox, tmp_path: Path) -> None:
    said = "Ahora espera usted en la otra fila, y enseguida le atendemos."
    otra = Announcements(every_s=2, place=False, expected_wait=False, comfort={"es": (said,)})
    moves_on = plan(overflow=(Overflow(1.5, to_queue="otra"),), otra=otra)
    async with rig_on(asterisk, tmp_path, moves_on) as rig:
        caller = await _waits(rig, CUSTOMER)
        contact = rig.only()
        assert (contact.queue, contact.stage) == ("soporte", Stage.QUEUED)
        assert await rig.room("soporte") == {contact.external_id}
        await rig.until(lambda: rig.desk.interaction(contact.id).queue == "otra", "it overflows")
        async with asyncio.timeout(TIMEOUT_S):
            while await rig.room("otra") != {contact.external_id}:
                await asyncio.sleep(0.02)
        assert await rig.room("soporte") == set()
        await hears_speech(caller, 15)
        await hears_music(caller, 15)
        assert rig.words.after(said)
        assert rig.desk.interaction(contact.id).queued_at == contact.queued_at  # the place is kept
        ana = await rig.phone("ana")
        rung = await ana.rings(timeout_s=TIMEOUT_S)
        await rung.answer()
        rung.play_tone(620)
        await caller.hears(620, within_s=5)
        caller.hang_up()
        await rig.ended(contact.id)
        requeued = next(entry for entry in rig.store.ledger if entry.kind is Kind.REQUEUED)
        assert (requeued.data["queue"], requeued.data["reason"]) == ("otra", "overflow_always")
        await rig.nothing_left()


async def test_waiting_overflows_to_a_flow(asterisk: AsteriskBox, tmp_path: Path) -> None:
    gives_up = plan(overflow=(Overflow(1, OverflowWhen.NO_AGENTS, to_flow="ocupados"),))
    async with rig_on(asterisk, tmp_path, gives_up) as rig:
        await rig.desk.put_agent(Agent("luis", "Luis", capacity={"voice": 0, "chat": 2}))
        await rig.phone_available("luis")  # at work, but not on the telephone
        caller = await _waits(rig, CUSTOMER)
        contact = rig.only()
        await rig.until(lambda: rig.desk.interaction(contact.id).stage is Stage.FLOW, "it overflows")
        await hears_speech(caller, 15)
        assert rig.words.after("Agentes libres: 0. Llame más tarde, por favor.")
        assert await rig.room("soporte") == set()
        await caller.hung_up(timeout_s=15)
        over = await rig.ended(contact.id)
        assert (over.end_reason, over.end_detail) == (EndReason.FLOW_ENDED, "ocupados")
        await rig.nothing_left()


async def test_a_message_is_left_from_the_queue(rig: Rig) -> None:
    caller = await rig.caller(keys="1")
    contact = await rig.stage(Stage.QUEUED)
    await caller.send_digits("1")
    await rig.stage(Stage.FLOW)
    await caller.hears_sound(Sound.SPEECH, within_s=8)
    await rig.until(lambda: bool(_recordings(rig)), "the message is being recorded")
    await caller.listen(2.0)
    await caller.send_digits("#")
    assert (await rig.ended(contact.id)).end_reason is EndReason.VOICEMAIL_LEFT
    await _task_waits(rig, contact.id)


async def test_a_message_is_kept_when_the_caller_hangs_up(rig: Rig) -> None:
    caller = await rig.caller(keys="4")
    contact = await rig.stage(Stage.FLOW)
    await rig.until(lambda: bool(_recordings(rig)), "the message is being recorded")
    await caller.listen(3.0)
    caller.hang_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.VOICEMAIL_LEFT
    await _task_waits(rig, contact.id)


def _recordings(rig: Rig) -> list[str]:
    keys = rig.switchboard.exchange.routes.claimed()
    return [key for key in keys if ".voicemail." in key]


async def _task_waits(rig: Rig, parent: str) -> None:
    """A task of its own in the queue, its file on disk; the panel accepts it by itself."""
    task = next(row for row in rig.desk.live() if row.channel == "task")
    assert (task.parent_id, task.queue, task.stage) == (parent, "soporte", Stage.QUEUED)
    (_, name, seconds), *_ = rig.tapes.messages
    assert seconds >= 1
    await rig.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    await rig.until(lambda: rig.desk.offer_of(task.id) is not None, "the task is offered")
    offer = rig.desk.offer_of(task.id)
    assert offer is not None
    assert (await rig.desk.accept(offer.id)).stage is Stage.TALKING
    files = list(rig.box.settings.asterisk_home.rglob(f"{name}.wav"))
    assert files
    assert files[0].stat().st_size > 8000
    await rig.nothing_left()


async def test_type_ahead_skips_the_words(rig: Rig) -> None:
    caller = await rig.caller()
    await caller.send_digits("1")
    await rig.stage(Stage.QUEUED)


async def test_no_key_at_all_reaches_a_person(rig: Rig) -> None:
    await rig.caller()
    contact = await rig.stage(Stage.FLOW)
    await rig.until(lambda: rig.desk.interaction(contact.id).stage is Stage.QUEUED, "a person", 30)


async def test_a_call_that_fails_ends_alone(rig: Rig) -> None:
    first = await rig.caller(keys="1")
    contact = await rig.stage(Stage.QUEUED)
    second = await rig.caller(from_number="+593990000001")
    call = rig.switchboard.call(contact.id)
    assert call is not None
    call.errand(_broken())
    await hears_speech(first, 15)  # an apology, not a click
    await first.hung_up(timeout_s=15)
    over = await rig.ended(contact.id)
    assert over.end_reason is EndReason.FAILED
    assert "ValueError" in over.end_detail
    await second.send_digits("1")
    await rig.stage(Stage.QUEUED)
    second.hang_up()
    await rig.nothing_left()


async def _broken() -> None:
    raise ValueError("broken on purpose")
