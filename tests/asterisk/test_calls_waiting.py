"""Waiting: music, announcements, voicemail and its task, tasks' presenter; and calls that fail alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from contact_centre.scripted_caller import Sound
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, hears_music, hears_speech, plan, rig_on
from voice_core.agent import AgentState
from voice_core.interaction import EndReason, Stage
from voice_core.queue import Announcements

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
        await hears_music(caller, 8)
        await hears_speech(caller, 8)
        await hears_music(caller, 8)
        ana = await rig.phone("ana")
        rung = await ana.rings(timeout_s=TIMEOUT_S)
        await rung.answer()
        rung.play_tone(620)
        await caller.hears(620, within_s=5)


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
    await hears_speech(first, 8)  # an apology, not a click
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
