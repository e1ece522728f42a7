"""What an agent and a supervisor do in the page beyond answering: each button by what it does to the call."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, Route, expect

from contact_centre.scripted_caller import Call
from contact_centre.scripted_caller.hearing import has_tone
from tests.browser.softphone import MICROPHONE_TONE, Panel, panel
from tests.browser.test_agent_in_browser import CALLER_TONE, LUIS_TONE, VOICE_WITHIN_S, ana_at_work, talking
from tests.instance import Api, Instance
from tests.people import at_desk, closed, dial_in, kinds, message_begins, newest_from

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(150)]

OUTSIDE_TONE = 990
LOOK_S, DIGITS_TIMEOUT_S = 0.05, 5.0


async def test_keys_mute_recording_and_a_transfer_to_a_number(browser: Browser, centralita: Instance) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        centralita.trunk(as_provider=True) as provider,
        ana_at_work(browser, centralita) as ana,
    ):
        call, contact_id = await talking(ana, trunk, "0991210021")
        await ana.click("keypad")
        for key in "5#0":
            await ana.click(f"key-{key}")
        await digits_reach(call, "5#0")
        await ana.page.keyboard.press("Escape")

        await ana.click("mute")
        await expect(ana.part("mute")).to_have_attribute("aria-pressed", "true")
        await quiet_of(call, MICROPHONE_TONE)
        await ana.click("mute")
        await call.hears(MICROPHONE_TONE, within_s=6)

        recording = ana.part("recording-state")
        await ana.click("pause-recording")
        await expect(recording).to_have_attribute("data-state", "paused")
        await ana.click("resume-recording")
        await expect(recording).to_have_attribute("data-state", "on")

        await ana.click("transfer")
        await ana.part("transfer-kind").get_by_text("Número").click()
        await ana.part("transfer-number").fill("0991210099")
        await ana.click("transfer-blind")
        leg = await provider.rings(15)
        await leg.answer()
        leg.play_tone(OUTSIDE_TONE)
        await asyncio.gather(leg.hears(CALLER_TONE, within_s=6), call.hears(OUTSIDE_TONE, within_s=6))
        await ana.click("wrap-up-submit")  # the contact is over for us; the two go on talking
        await ana.shows("idle")
        call.hang_up()
        await leg.hung_up()
        record = await closed(sofia, contact_id)
        assert record["interaction"]["end_reason"] == "transferred_out"
        told = [kind for kind in kinds(record) if kind.startswith(("recording_p", "recording_r", "transfer"))]
        assert told[:3] == ["recording_paused", "recording_resumed", "transfer_started"]
    await centralita.quiet()


async def test_a_message_left_is_a_task_that_is_played_and_finished(
    browser: Browser, centralita: Instance
) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        ana_at_work(browser, centralita) as ana,
    ):
        call = await dial_in(trunk, "4", caller="0991210022")
        call.play_tone(CALLER_TONE)
        await message_begins(centralita, (await newest_from(sofia, "0991210022"))["id"])
        await call.listen(2.0)
        await call.send_digits("#")
        call.hang_up()
        card = await ana.shows("offer-card", timeout_s=20)
        assert "0991210022" in await card.inner_text()
        task_id = str(await card.get_attribute("data-interaction"))
        await ana.click("answer")
        message = await ana.shows("voicemail")
        await message.evaluate("audio => audio.play()")
        await ana.page.wait_for_function(
            "() => document.querySelector('[data-testid=voicemail]').currentTime > 0.4", timeout=8000
        )
        await ana.click("wrap-up-disposition")
        await ana.page.get_by_role("option", name="Resuelto").click()
        await ana.click("wrap-up-submit")
        await ana.shows("idle")
        record = await closed(sofia, task_id)
        task = record["interaction"]
        assert (task["channel"], task["end_reason"], task["disposition"]) == ("task", "task_done", "resuelto")
        heard = [entry for entry in (await audit_of(centralita)) if entry["action"] == "voicemail.play"]
        assert heard[0]["actor"] == "ana"
    await centralita.quiet()


async def test_missed_offers_pause_the_agent_and_the_supervisor_sends_her_back(
    browser: Browser, centralita: Instance
) -> None:
    async with (
        Api(centralita, "sofia") as api,
        centralita.trunk() as trunk,
        ana_at_work(browser, centralita) as ana,
        panel(browser, centralita, "sofia") as sofia,
    ):
        call = await dial_in(trunk, "2", caller="0991210023")
        for _ in range(2):
            await expect(ana.part("offer-card")).to_contain_text("0991210023", timeout=20_000)
            await ana.click("decline")
            await ana.part("offer-card").wait_for(state="hidden", timeout=5000)
        await says(ana, "Quedó en pausa por llamadas sin contestar.")
        await says(sofia, "Se pausó a Ana Cevallos por llamadas sin contestar.")
        await expect(sofia.part("agent-ana")).to_contain_text("Llamadas sin contestar")
        await expect(sofia.part("day-ana")).to_have_attribute(
            "aria-label", re.compile("Hoy, Ana Cevallos: .+")
        )
        await expect(ana.part("my-day")).to_contain_text("En pausa: Llamadas sin contestar")

        await sofia.click("force-ana")
        await sofia.click("force-available")
        await ana.shows("offer-card")
        await ana.click("answer")
        call.play_tone(CALLER_TONE)
        await ana.hears(CALLER_TONE, VOICE_WITHIN_S)
        await ana.click("agent-state")
        await ana.click("state-paused-almuerzo")  # or the queue might hand the call straight back to her
        async with at_desk(centralita, "luis") as luis:
            await ana.click("transfer")
            await ana.part("transfer-kind").get_by_text("Cola").click()
            await ana.click("transfer-queue")
            await ana.page.get_by_role("option", name="Soporte técnico").click()
            await ana.click("transfer-blind")
            leg, contact = await luis.takes()
            assert (contact["queue"], contact["from_address"]) == ("soporte", "0991210023")
            await expect(ana.part("idle")).to_have_attribute("data-state", "paused")
            await leg.hears(CALLER_TONE, within_s=6)
            call.hang_up()
            await luis.finish(contact["id"])
        record = await closed(api, contact["id"])
        assert [entry["actor"] for entry in record["entries"] if entry["kind"] == "accepted"] == [
            "ana",
            "luis",
        ]
    await centralita.quiet()


async def test_a_supervisor_whispers_takes_over_and_plays_the_recording(
    browser: Browser, centralita: Instance
) -> None:
    async with (
        Api(centralita, "sofia") as api,
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
        panel(browser, centralita, "sofia") as sofia,
    ):
        call = await dial_in(trunk, "2", caller="0991210024")
        leg, contact = await ana.takes()
        call.play_tone(CALLER_TONE)
        leg.play_tone(LUIS_TONE)
        row = await sofia.shows(f"live-call-{contact['id']}")
        await row.get_by_test_id("call-actions").click()
        await sofia.click("whisper")
        await leg.hears(MICROPHONE_TONE, within_s=10)
        await sofia.hears(CALLER_TONE)
        assert not has_tone(await call.listen(0.8), MICROPHONE_TONE)

        sofia.page.once("dialog", lambda dialog: dialog.accept())
        await sofia.click("take-over")
        await leg.hung_up(timeout_s=10)
        await call.hears(MICROPHONE_TONE, within_s=10)
        await sofia.hears(CALLER_TONE)
        card = await sofia.shows("call-card")
        assert await card.get_attribute("data-interaction") == contact["id"]
        await sofia.click("hang-up")
        await call.hung_up()
        await sofia.click("wrap-up-submit")
        assert "taken_over" in kinds(await closed(api, contact["id"]))
        await plays_and_downloads(sofia, api, contact["id"], "0991210024")
    await centralita.quiet()


async def plays_and_downloads(sofia: Panel, api: Api, contact_id: str, caller: str) -> None:
    """The recordings page: found by its number alone, played until its time moves, downloaded as a WAV."""
    await api.until(
        f"/calls/{contact_id}", lambda it: [one["state"] for one in it["recordings"]] == ["stored"]
    )
    await sofia.click("nav-recordings")
    await sofia.part("filter-text").fill("no-es-nadie")
    await expect(sofia.part("recordings")).to_have_count(0)
    await sofia.part("filter-text").fill(caller)
    await expect(sofia.part("open-recording")).to_have_count(1)
    waveform = asyncio.Event()

    async def late(route: Route) -> None:
        await waveform.wait()
        await route.continue_()

    await sofia.page.route("**/peaks?*", late)
    await sofia.click("open-recording")
    await expect(sofia.part("play")).to_be_disabled()  # else a click now would be lost
    waveform.set()
    await sofia.click("play")
    await expect(sofia.part("player-time")).not_to_have_text(re.compile(r"^0:00 "), timeout=10_000)
    await sofia.click("play")
    async with sofia.page.expect_download() as started:
        await sofia.click("download")
    download = await started.value
    assert download.suggested_filename.endswith(".wav")
    assert (await download.path()).read_bytes()[:4] == b"RIFF"


async def says(window: Panel, words: str) -> None:
    """A notice with these words is shown."""
    await window.page.get_by_text(words, exact=True).first.wait_for(timeout=8000)


async def digits_reach(call: Call, digits: str) -> None:
    async with asyncio.timeout(DIGITS_TIMEOUT_S):
        while call.stream.digits_received != digits:
            await asyncio.sleep(LOOK_S)


async def quiet_of(call: Call, frequency: float) -> None:
    """Within a few seconds the tone is no longer heard here."""
    async with asyncio.timeout(DIGITS_TIMEOUT_S):
        while has_tone(await call.listen(0.8), frequency):
            pass


async def audit_of(instance: Instance) -> list[dict[str, object]]:
    async with Api(instance, "admin") as admin:
        return list((await admin.get("/audit", page="1"))["items"])
