"""A message left by a caller who would not wait: recorded, a task of the queue, heard by the agent who takes it."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from contact_centre.scripted_caller import Sound
from contact_centre.scripted_caller.hearing import SAMPLE_RATE, Samples
from tests.instance import Api, Instance
from tests.people import closed, dial_in, message_begins, newest_from, sign_off
from tests.recordings import heard_for

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

MESSAGE_TONE, CALLER = 850, "0991110031"
MESSAGE_S = 2.0


async def test_a_message_left_in_a_queue_is_a_task_whose_sound_its_agent_hears(centralita: Instance) -> None:
    async with Api(centralita, "sofia") as sofia, Api(centralita, "ana") as ana, centralita.trunk() as trunk:
        call = await dial_in(trunk, "2", caller=CALLER)
        await call.hears_sound(Sound.MUSIC, within_s=20)
        contact = await newest_from(sofia, CALLER)
        assert (contact["stage"], contact["queue"]) == ("queued", "facturacion")
        await call.send_digits("1")
        call.play_tone(MESSAGE_TONE)
        await message_begins(centralita, contact["id"])
        await call.listen(MESSAGE_S)
        await call.send_digits("#")
        call.fall_silent()
        await call.hears_sound(Sound.SPEECH, within_s=10)  # thanks
        await call.hung_up(timeout_s=20)
        left = await closed(sofia, contact["id"])
        assert left["interaction"]["end_reason"] == "voicemail_left"

        await ana.available()
        work = await ana.until("/me/work", lambda work: work["offer"], 15)
        task = work["interactions"][0]
        assert (task["channel"], task["queue"], task["parent_id"]) == ("task", "facturacion", contact["id"])
        await ana.post(f"/offers/{work['offer']['id']}/accept")
        await ana.until("/me/work", lambda work: work["interactions"][0]["stage"] == "talking")
        message = await ana.get(f"/calls/{task['id']}/voicemail")
        assert heard_for(_mono(message), MESSAGE_TONE) >= MESSAGE_S - 0.5
        await ana.post(f"/calls/{task['id']}/hang-up")
        await sign_off(ana)

        path = f"/calls/{task['id']}"
        record = await sofia.until(
            path, lambda it: it["recordings"][0]["end_reason"], 15
        )  # known once closed
        assert record["interaction"]["end_reason"] == "task_done"
        (row,) = record["recordings"]
        assert (row["state"], row["queue"], row["from_address"]) == ("stored", "facturacion", CALLER)
        assert row["length_s"] >= MESSAGE_S - 0.5
        stored = next(entry for entry in record["entries"] if entry["kind"] == "recording_stored")
        assert len(row["sha256"]) == 64
        assert stored["data"]["sha256"] == row["sha256"]
        assert (
            await sofia.get(f"/recordings/{row['id']}/audio") == message
        )  # served only if it matches the hash
    await centralita.quiet()


def _mono(content: bytes) -> Samples:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)
