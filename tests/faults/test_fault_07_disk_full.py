"""Fault 7: the disk is full. Recording fails visibly, calls go on, an alarm is raised; afterwards all is well again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from contact_centre.scripted_caller import Call, Sound
from tests.busy_centre import BusyCentre, busy_centre
from tests.faults.crowd import Agent, Crowd, crowd
from tests.faults.small_disk import small_disk
from tests.instance import LOOK_S, Api
from tests.people import Record, kinds, newest_from

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
SPOOL = Path("home/asterisk/spool/recording")
ALARM_WITHIN_S = 3.0
OVER_WITHIN_S = 15.0
WHILE_FULL, AFTER = (480, 700), (520, 760)  # Hz: of the caller, of the agent; others than before


@dataclass(slots=True)
class Screen:
    """A supervisor's page, as far as it gets notices."""

    socket: aiohttp.ClientWebSocketResponse

    async def told(self, code: str, within_s: float = ALARM_WITHIN_S) -> dict[str, str]:
        async with asyncio.timeout(within_s):
            async for message in self.socket:
                event = message.json()
                if event["type"] == "notice" and event["data"]["code"] == code:
                    return dict(event["data"]["data"])
        raise AssertionError("the page's socket was closed")


@asynccontextmanager
async def screen(centre: BusyCentre, admin: Api) -> AsyncIterator[Screen]:
    url = f"{centre.instance.url}/api/v1/events"
    async with admin.session.ws_connect(url, headers={"Origin": centre.instance.url}) as socket:
        yield Screen(socket)


async def test_recording_fails_aloud_and_the_call_goes_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / SPOOL, megabytes=4) as disk:
        async with (
            busy_centre(tmp_path, 1) as centre,
            crowd(centre) as people,
            Api(centre.instance, "admin") as admin,
            screen(centre, admin) as page,
        ):
            await centre.everybody("available")
            caller, agent = await talking(people, "0990700001")
            record = await newest_from(admin, "0990700001")
            assert record["recording"] == "on"
            await being_written(disk.folder / f"{record['external_id']}.raw")
            disk.fill()
            alarm = await page.told("disk_refuses_recordings")
            assert alarm == {"folder": str(disk.folder), "reason": "No space left on device"}
            path = f"/calls/{record['id']}"
            shown = await admin.until(path, lambda shown: "recording_failed" in kinds(shown), ALARM_WITHIN_S)
            assert shown["interaction"]["recording"] == "failed"
            assert "part of it is missing" in shown["recordings"][0]["problem"]
            assert await figure(centre, "centralita_disk_refuses") == 1.0
            await both_ways(caller, agent, WHILE_FULL)
            caller.hang_up()
            assert flagged(await over(admin, "0990700001"))
            caller, agent = await talking(people, "0990700002")  # new calls are served meanwhile
            disk.free()
            await page.told("disk_takes_again")
            assert await figure(centre, "centralita_disk_refuses") == 0.0
            await both_ways(caller, agent, AFTER)
            caller.hang_up()
            assert flagged(await over(admin, "0990700002"))
            caller, agent = await talking(people, "0990700003")
            caller.hang_up()
            whole = await over(admin, "0990700003")
            assert [(each["state"], each["problem"]) for each in whole["recordings"]] == [("stored", "")]


async def test_what_cannot_be_stored_is_refused_aloud_and_those_who_talk_talk_on(tmp_path: Path) -> None:
    """One disk for all of it, as most have it: database, recordings, log."""
    with small_disk(tmp_path / "home", megabytes=96) as disk:
        async with (
            busy_centre(tmp_path, 2, database_url="") as centre,
            crowd(centre) as people,
            Api(centre.instance, "admin") as admin,
            screen(centre, admin) as page,
        ):
            await centre.agents[0].available()
            leaving, first = await talking(people, "0990700004")
            await centre.agents[1].available()
            staying, second = await talking(people, "0990700005")
            disk.fill()
            await page.told("disk_refuses")
            with pytest.raises(AssertionError, match=r"503 .*unwritable.*free some space"):
                await centre.agents[1].put("/me/state", state="offline")
            late = await people.trunk.call("202", from_number="0990700006")
            await late.answered(timeout_s=15)
            await late.hears_sound(Sound.SPEECH, within_s=10)  # its number's way out
            await late.hung_up(timeout_s=20)
            await asyncio.gather(
                both_ways(leaving, first, WHILE_FULL), both_ways(staying, second, WHILE_FULL)
            )
            leaving.hang_up()
            assert first.call is not None
            await first.call.hung_up(timeout_s=10)
            disk.free()
            await page.told("disk_takes_again")
            gone = await over(admin, "0990700004")
            assert gone["interaction"]["end_reason"] == "customer_hung_up"
            await both_ways(staying, second, AFTER)
            staying.hang_up()
            stayed = await over(admin, "0990700005")
            assert stayed["interaction"]["end_reason"] == "customer_hung_up"
            assert flagged(stayed)
            again, _ = await talking(people, "0990700007")
            again.hang_up()
            await over(admin, "0990700007")
            assert (await admin.get("/calls", state="live"))["items"] == []
            await centre.instance.quiet()


async def talking(people: Crowd, number: str) -> tuple[Call, Agent]:
    """(caller, who answered) once each hears the other."""
    caller = await people.caller(number, straight=True)
    await caller.hears(620, within_s=15)
    agent = next(agent for agent in people.agents if agent.rung[-1:] == [number])
    assert agent.call is not None
    await agent.call.hears(440, within_s=10)
    return caller, agent


async def both_ways(caller: Call, agent: Agent, tones: tuple[int, int]) -> None:
    """What each says from now on reaches the other."""
    leg = agent.call
    assert leg is not None
    caller.play_tone(tones[0])
    leg.play_tone(tones[1])
    await asyncio.gather(caller.hears(tones[1], within_s=5), leg.hears(tones[0], within_s=5))


async def being_written(raw: Path) -> None:
    async with asyncio.timeout(10):
        while not raw.exists() or raw.stat().st_size == 0:
            await asyncio.sleep(LOOK_S)


async def over(admin: Api, number: str) -> Record:
    """The caller's record once it is closed and its recording is no longer open."""

    def is_over(shown: Record) -> bool:
        states = [each["state"] for each in shown["recordings"]]
        return shown["interaction"]["stage"] == "closed" and "running" not in states

    path = f"/calls/{(await newest_from(admin, number))['id']}"
    return dict(await admin.until(path, is_over, OVER_WITHIN_S))


def flagged(record: Record) -> bool:
    [recording] = record["recordings"]
    return recording["state"] in ("cut_off", "failed") and recording["problem"] != ""


async def figure(centre: BusyCentre, name: str) -> float:
    async with aiohttp.ClientSession() as http, http.get(f"{centre.instance.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])
