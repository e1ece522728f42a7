"""Fault 13: kill -9 the agent's browser. What rang there rings elsewhere; who talked hears music, and gets the agent back."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Error, Playwright, async_playwright

from tests.asterisk.calls_rig import hears_music
from tests.browser.softphone import CHROMIUM, MICROPHONE_TONE, Panel, switches, write_microphone
from tests.instance import Api, Instance
from tests.people import at_desk, closed, dial_in, kinds, sign_off

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
CALLER_TONE, LUIS_TONE = 440, 700
VOICE_WITHIN_S = 12.0  # a busy machine repeats the media handshake after 1, 2 and 4 s
OFFERED_AGAIN_S = 8.0  # of the 20 s it may ring
HELD_WITHIN_S = 5.0
BACK_WITHIN_S = 10.0


@dataclass(slots=True)
class Desktop:
    """Somebody's computer: browsers are opened on it, and killed."""

    playwright: Playwright
    folder: Path
    opened: int = 0

    @asynccontextmanager
    async def browser(self, instance: Instance, user: str) -> AsyncIterator[tuple[Panel, int]]:
        """One that remembers nothing, `user` signed in with a telephone; and its process."""
        self.opened += 1
        profile = self.folder / f"profile-{self.opened}"
        microphone = write_microphone(self.folder / "tone.wav")
        context = await self.playwright.chromium.launch_persistent_context(
            str(profile), executable_path=CHROMIUM, args=switches(microphone), locale="es-EC",
            permissions=["microphone", "notifications"],
        )  # fmt: skip
        try:
            window = Panel(context.pages[0])
            await window.sign_in(instance, user)
            yield window, process_of(profile)
        finally:
            with suppress(Error):  # dead already
                await context.close()


@asynccontextmanager
async def desktop(folder: Path) -> AsyncIterator[Desktop]:
    async with async_playwright() as playwright:
        yield Desktop(playwright, folder)


def process_of(profile: Path) -> int:
    """Chromium's main process; those it has made end with it."""
    wanted = os.fsencode(f"--user-data-dir={profile}")
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if wanted in words and not any(word.startswith(b"--type=") for word in words):
                return int(path.parent.name)
    raise AssertionError("Chromium does not run")


async def test_what_rang_in_a_dead_browser_is_offered_to_another(
    centralita: Instance, tmp_path: Path
) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        Api(centralita, "ana") as ana,
        centralita.trunk() as trunk,
        desktop(tmp_path) as computer,
        at_desk(centralita, "luis", available=False) as luis,
    ):
        async with computer.browser(centralita, "ana") as (window, chromium):
            await ana.available()
            call = await dial_in(trunk, "2", caller="0991300001")
            card = await window.shows("offer-card", timeout_s=20)
            contact_id = str(await card.get_attribute("data-interaction"))
            await luis.api.available()
            killed_at = asyncio.get_running_loop().time()
            os.kill(chromium, signal.SIGKILL)
            leg = await luis.phone.rings(OFFERED_AGAIN_S)
            print(f"offered again {asyncio.get_running_loop().time() - killed_at:.2f} s after the kill")
        await leg.answer()
        leg.play_tone(LUIS_TONE)
        call.play_tone(CALLER_TONE)
        await asyncio.gather(call.hears(LUIS_TONE, within_s=6), leg.hears(CALLER_TONE, within_s=6))
        call.hang_up()
        await luis.finish(contact_id)
        record = await closed(sofia, contact_id)
        offers = [
            (entry["kind"], entry["data"].get("agent"), entry["data"].get("reason"))
            for entry in record["entries"]
            if entry["kind"] in ("offered", "declined", "accepted")
        ]
        assert offers == [
            ("offered", "ana", None),
            ("declined", "ana", "unreachable"),
            ("offered", "luis", None),
            ("accepted", "luis", None),
        ]
        await sign_off(luis.api)
        await sign_off(ana)
    await centralita.quiet()


async def test_who_talked_is_held_and_gets_the_agent_back(centralita: Instance, tmp_path: Path) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        Api(centralita, "ana") as ana,
        centralita.trunk() as trunk,
        desktop(tmp_path) as computer,
    ):
        async with computer.browser(centralita, "ana") as (window, chromium):
            await ana.available()
            call = await dial_in(trunk, "2", caller="0991300002")
            card = await window.shows("offer-card", timeout_s=20)
            contact_id = str(await card.get_attribute("data-interaction"))
            await window.click("answer")
            call.play_tone(CALLER_TONE)
            await asyncio.gather(
                window.hears(CALLER_TONE, VOICE_WITHIN_S),
                call.hears(MICROPHONE_TONE, within_s=VOICE_WITHIN_S),
            )
            killed_at = asyncio.get_running_loop().time()
            os.kill(chromium, signal.SIGKILL)
            path = f"/calls/{contact_id}"
            await sofia.until(path, lambda shown: shown["interaction"]["held"], HELD_WITHIN_S)
            print(f"held {asyncio.get_running_loop().time() - killed_at:.2f} s after the kill")
            await hears_music(call)
        async with computer.browser(centralita, "ana") as (window, _):
            await window.hears(CALLER_TONE, BACK_WITHIN_S)
            await call.hears(MICROPHONE_TONE, within_s=6)
            print(f"the agent is back {asyncio.get_running_loop().time() - killed_at:.2f} s after the kill")
            call.hang_up()
            await window.shows("wrap-up-submit")
            await window.click("wrap-up-submit")
            record = await closed(sofia, contact_id)
            assert window.complaints == []
        steps = kinds(record)
        wanted = ("offered", "accepted", "held", "resumed", "ended")
        assert [step for step in steps if step in wanted] == list(wanted)
        assert record["interaction"]["agent"] == "ana"
        assert record["interaction"]["end_reason"] == "customer_hung_up"
        await sign_off(ana)
    await centralita.quiet()
