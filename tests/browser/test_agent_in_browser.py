"""An agent who has nothing but the web page: the call, heard both ways, through the panel's own buttons."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser

from contact_centre.scripted_caller import Call, Line, Sound
from contact_centre.scripted_caller.hearing import has_tone
from tests.browser.softphone import MICROPHONE_TONE, Panel, panel
from tests.instance import Api, Instance
from tests.people import at_desk, closed, dial_in, kinds, sign_off
from tests.recordings import heard_for, stereo

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(150)]

CALLER_TONE, LUIS_TONE = 440, 850
VOICE_WITHIN_S = 12.0  # a busy machine repeats the media handshake after 1, 2 and 4 s


@asynccontextmanager
async def ana_at_work(
    browser: Browser, centralita: Instance, asked: Instance | None = None
) -> AsyncIterator[Panel]:
    """`asked`: where she is signed off at the end, when that is not where her page is."""
    async with panel(browser, centralita, "ana") as window, Api(asked or centralita, "ana") as api:
        await window.click("start-work")
        try:
            yield window
        finally:
            await sign_off(api)


async def talking(window: Panel, trunk: Line, caller_number: str) -> tuple[Call, str]:
    """A caller from the menu to ana's headset, both ways heard; returns the call and the contact's id."""
    call = await dial_in(trunk, "2", caller=caller_number)
    card = await window.shows("offer-card", timeout_s=20)
    assert caller_number in await card.inner_text()
    assert "Facturación" in await card.inner_text()
    contact_id = await card.get_attribute("data-interaction")
    assert contact_id is not None
    await window.click("answer")
    call.play_tone(CALLER_TONE)
    await asyncio.gather(
        window.hears(CALLER_TONE, VOICE_WITHIN_S), call.hears(MICROPHONE_TONE, within_s=VOICE_WITHIN_S)
    )
    return call, contact_id


async def test_answers_holds_and_hands_over_to_a_desk_phone(browser: Browser, centralita: Instance) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        ana_at_work(browser, centralita) as ana,
    ):
        call, contact_id = await talking(ana, trunk, "0991210001")
        await ana.click("hold")
        await call.hears_sound(Sound.MUSIC, Sound.SPEECH, within_s=8)
        assert not has_tone(await call.listen(0.6), MICROPHONE_TONE)
        await ana.click("resume")
        await call.hears(MICROPHONE_TONE, within_s=6)
        await call.listen(2.0)  # enough of it to find it again in the recording

        async with at_desk(centralita, "luis") as luis:
            await ana.click("transfer")
            await ana.click("transfer-agent-luis")
            await ana.click("consult")
            leg = await luis.phone.rings()
            await leg.answer()
            leg.play_tone(LUIS_TONE)
            await asyncio.gather(ana.hears(LUIS_TONE), leg.hears(MICROPHONE_TONE, within_s=6))
            await ana.click("complete-consult")
            await asyncio.gather(leg.hears(CALLER_TONE), call.hears(LUIS_TONE))
            await call.listen(1.0)
            call.hang_up()
            await leg.hung_up()
            await luis.finish(contact_id, "plan_de_pagos")
            record = await closed(sofia, contact_id)

        assert record["interaction"]["disposition"] == "plan_de_pagos"
        stages = ["opened", "queued", "offered", "accepted", "held", "resumed", "transfer_completed", "ended"]
        assert list(dict.fromkeys(kind for kind in kinds(record) if kind in stages)) == stages
        customer, heard = await stereo(sofia, contact_id)
        assert heard_for(customer, CALLER_TONE) > 0.5
        assert heard_for(heard, MICROPHONE_TONE) > 0.5
        assert heard_for(heard, LUIS_TONE) > 0.5
    await centralita.quiet()


async def test_hangs_up_and_writes_the_result(browser: Browser, centralita: Instance) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        ana_at_work(browser, centralita) as ana,
    ):
        call, contact_id = await talking(ana, trunk, "0991210002")
        await ana.click("hang-up")
        await call.hung_up()
        await ana.shows("wrap-up-submit")
        await ana.click("wrap-up-disposition")
        await ana.page.get_by_role("option", name="Resuelto").click()
        await ana.part("wrap-up-note").fill("Pagó la factura de octubre.")
        await ana.click("wrap-up-submit")
        record = await closed(sofia, contact_id)
        assert record["interaction"]["disposition"] == "resuelto"
        assert record["interaction"]["end_reason"] == "agent_hung_up"
    await centralita.quiet()


async def test_the_call_survives_a_reload_of_the_page(browser: Browser, centralita: Instance) -> None:
    async with centralita.trunk() as trunk, ana_at_work(browser, centralita) as ana:
        call, contact_id = await talking(ana, trunk, "0991210003")
        await ana.page.reload()
        await ana.phone_is_ready()
        card = await ana.shows("call-card")
        assert await card.get_attribute("data-interaction") == contact_id
        await asyncio.gather(ana.hears(CALLER_TONE, within_s=15), call.hears(MICROPHONE_TONE, within_s=15))
        call.hang_up()
        await ana.shows("wrap-up-submit")
        await ana.click("wrap-up-submit")
    await centralita.quiet()


async def test_the_caller_gives_up_while_the_page_rings(browser: Browser, centralita: Instance) -> None:
    async with centralita.trunk() as trunk, ana_at_work(browser, centralita) as ana:
        call = await dial_in(trunk, "2", caller="0991210004")
        card = await ana.shows("offer-card", timeout_s=20)
        call.hang_up()
        await card.wait_for(state="hidden", timeout=5000)
        await ana.shows("idle")
    await centralita.quiet()


async def test_a_supervisor_listens_and_barges_in_from_the_page(
    browser: Browser, centralita: Instance
) -> None:
    async with (
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
        panel(browser, centralita, "sofia") as sofia,
    ):
        call = await dial_in(trunk, "2", caller="0991210005")
        leg, contact = await ana.takes()
        call.play_tone(CALLER_TONE)
        leg.play_tone(LUIS_TONE)
        row = await sofia.shows(f"live-call-{contact['id']}")
        await row.get_by_test_id("listen").click()
        await sofia.hears(CALLER_TONE, within_s=10)
        await sofia.hears(LUIS_TONE)
        assert not has_tone(await call.listen(0.8), MICROPHONE_TONE)
        await sofia.part("listen-mode").locator('input[value="barge"] + label').click()
        await call.hears(MICROPHONE_TONE, within_s=6)
        await sofia.click("stop-listening")
        call.hang_up()
        await leg.hung_up()
    await centralita.quiet()
