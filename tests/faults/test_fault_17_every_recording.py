"""Fault 17: every answered call has a recording that plays, as long as the talk was, with its hash stored."""

from __future__ import annotations

import asyncio
import hashlib
import io
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contact_centre.scripted_caller import Call, Line
from contact_centre.scripted_caller.call import CallState
from contact_centre.scripted_caller.hearing import SAMPLE_RATE, Samples, has_tone
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import Tapes, rig_on
from tests.busy_centre import busy_centre
from tests.faults.crowd import AGENT_HZ, Agent, Crowd, crowd
from tests.faults.processes import kill_controller, serving_again
from tests.instance import Api
from voice_core.interaction import Stage
from voice_core.store.memory import MemoryStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
AGENTS, TALKS = 2, 4
TALK_S = 2.0
ALLOWED_S = 0.2
CALLER_HZ = 440
WINDOW = SAMPLE_RATE // 50  # 20 ms


@dataclass(slots=True)
class Talk:
    """A conversation as its two ends lived it: for how long each heard the other, in seconds."""

    number: str
    caller_heard_s: float
    agent_heard_s: float


async def test_each_is_as_long_as_the_talk_also_across_a_kill(tmp_path: Path) -> None:
    async with (
        busy_centre(tmp_path, AGENTS) as centre,
        crowd(centre) as people,
        Api(centre.instance, "admin") as admin,
    ):
        await centre.everybody("available")
        talks: list[Talk] = []
        for number in range(0, TALKS, AGENTS):
            pairs = [await begin(people, f"09917{number + each:05d}") for each in range(AGENTS)]
            talks += await asyncio.gather(*(end(pair) for pair in pairs))
        pairs = [await begin(people, f"09918{each:05d}") for each in range(AGENTS)]
        dead = await kill_controller(centre.instance)
        await serving_again(centre.instance, dead)
        cut = await asyncio.gather(*(end(pair) for pair in pairs))
        await centre.instance.quiet()
        for talk in talks:
            assert (await judged(admin, talk))["state"] == "stored"
        for talk in cut:
            assert (await judged(admin, talk))["state"] in ("stored", "cut_off")


async def begin(people: Crowd, number: str) -> tuple[Call, Call]:
    """(caller, agent's leg) once the agent is heard; the caller is silent till then, and speaks from now on."""
    caller = await people.trunk.call("202", from_number=number)
    await caller.answered(timeout_s=20)
    await caller.hears(AGENT_HZ, within_s=20)
    leg = next(agent.call for agent in people.agents if speaks_with(agent, number))
    assert leg is not None
    caller.play_tone(CALLER_HZ)
    await leg.hears(CALLER_HZ, within_s=5)
    return caller, leg


def speaks_with(agent: Agent, number: str) -> bool:
    return agent.call is not None and agent.call.from_number == number


async def end(pair: tuple[Call, Call]) -> Talk:
    """The caller hangs up after a while."""
    caller, leg = pair
    await caller.listen(TALK_S)
    caller.hang_up()
    await leg.hung_up()
    assert leg.state is CallState.ENDED
    heard = [sounding_s(caller.stream.ear.since(0), AGENT_HZ), sounding_s(leg.stream.ear.since(0), CALLER_HZ)]
    return Talk(leg.from_number, *heard)


async def judged(admin: Api, talk: Talk) -> dict[str, Any]:
    """Its recording, found to be whole: it plays, its hash is stored, and it holds both voices for as long as they were."""
    [record] = (await admin.get("/calls", state="closed", text=talk.number))["items"]
    details = await admin.until(f"/calls/{record['id']}", all_kept, timeout_s=20)
    [recording] = details["recordings"]
    sound = await admin.get(f"/recordings/{recording['id']}/audio")
    assert hashlib.sha256(sound).hexdigest() == recording["sha256"]
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, SAMPLE_RATE)
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    assert len(frames) / SAMPLE_RATE == pytest.approx(recording["length_s"], abs=0.01)
    said, heard = sounding_s(frames[:, 0], CALLER_HZ), sounding_s(frames[:, 1], AGENT_HZ)
    print(f"{talk}: recorded {said:.2f} s of the caller, {heard:.2f} s of the agent")
    assert said == pytest.approx(talk.agent_heard_s, abs=ALLOWED_S)
    assert heard == pytest.approx(talk.caller_heard_s, abs=ALLOWED_S)
    return dict(recording)


def all_kept(details: dict[str, Any]) -> bool:
    states = [each["state"] for each in details["recordings"]]
    return bool(states) and all(state in ("stored", "cut_off") for state in states)


def sounding_s(samples: Samples, frequency: float) -> float:
    """From the first to the last moment this tone is in it."""
    starts = range(0, len(samples) - WINDOW, WINDOW)
    at = [start for start in starts if has_tone(samples[start : start + WINDOW].astype(np.int16), frequency)]
    return (at[-1] + WINDOW - at[0]) / SAMPLE_RATE if at else 0.0


class DeadTapes(Tapes):
    """The controller dies before it has noted that the call is recorded."""

    async def started(self, interaction_id: str, channel_id: str) -> None:
        await asyncio.Event().wait()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_kill_before_the_recording_is_noted_is_made_good_by_the_next_life(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    store = MemoryStore()
    async with Line("127.0.0.2", server=asterisk.server) as trunk:
        async with rig_on(asterisk, tmp_path, store=store, tapes=DeadTapes()) as rig:
            caller = await trunk.call("101", from_number="+593990917001")
            await rig.until(lambda: bool(rig.desk.live()), "the contact is open")
            contact = rig.only()
        async with rig_on(asterisk, tmp_path, store=store) as rig:
            await rig.until(lambda: bool(rig.tapes.begun), "the recording is noted")
            assert rig.tapes.begun == [(contact.id, contact.external_id)]
            await caller.answered()
            assert rig.only().stage is Stage.FLOW
            caller.hang_up()
            await rig.ended(contact.id)
            await rig.until(lambda: rig.tapes.done == [contact.id], "the recording is complete")
            await rig.nothing_left()
