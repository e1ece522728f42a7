"""Moments an agent's page must get right: a reload while it rings, a call out, a contact given away."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.softphone import MICROPHONE_TONE
from tests.browser.test_agent_in_browser import CALLER_TONE, LUIS_TONE, ana_at_work, talking
from tests.instance import Api, Instance
from tests.people import at_desk, closed, dial_in, kinds

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(150)]


async def test_a_page_reloaded_while_it_rings_is_rung_again(browser: Browser, centralita: Instance) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        ana_at_work(browser, centralita) as ana,
    ):
        call = await dial_in(trunk, "2", caller="0991210011")
        card = await ana.shows("offer-card", timeout_s=20)
        contact_id = str(await card.get_attribute("data-interaction"))
        await ana.page.reload()
        await ana.phone_is_ready()
        await expect(ana.part("answer")).to_be_enabled(timeout=5000)
        await ana.click("answer")
        call.play_tone(CALLER_TONE)
        await ana.hears(CALLER_TONE)
        await call.hears(MICROPHONE_TONE, within_s=6)
        call.hang_up()
        await ana.shows("wrap-up-submit")
        await ana.click("wrap-up-submit")
        steps = kinds(await closed(sofia, contact_id))
        assert (steps.count("offered"), steps.count("declined"), steps.count("accepted")) == (1, 0, 1)
    await centralita.quiet()


async def test_a_call_out_is_no_conversation_before_it_is_answered(
    browser: Browser, centralita: Instance
) -> None:
    async with centralita.trunk(as_provider=True) as provider, ana_at_work(browser, centralita) as ana:
        await ana.part("dial-number").fill("0991210012")
        await ana.click("dial")
        leg = await provider.rings(15)
        await expect(ana.part("call-state")).to_have_text("Llamando…")
        await expect(ana.part("hold")).to_be_disabled()
        await leg.answer()
        leg.play_tone(CALLER_TONE)
        await expect(ana.part("call-state")).to_have_text("En conversación")
        await ana.hears(CALLER_TONE)
        await leg.hears(MICROPHONE_TONE, within_s=6)
        await ana.click("hang-up")
        await leg.hung_up()
        await ana.click("wrap-up-submit")
    await centralita.quiet()


async def test_a_note_survives_giving_the_contact_away_from_a_conference(
    browser: Browser, centralita: Instance
) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        ana_at_work(browser, centralita) as ana,
    ):
        call, contact_id = await talking(ana, trunk, "0991210013")
        await ana.part("wrap-up-note").fill("Pide revisar el medidor.")
        async with at_desk(centralita, "luis") as luis:
            await ana.click("transfer")
            await ana.click("transfer-agent-luis")
            await ana.click("consult")
            leg = await luis.phone.rings()
            await leg.answer()
            leg.play_tone(LUIS_TONE)
            await ana.hears(LUIS_TONE)
            await ana.click("conference")
            await call.hears(LUIS_TONE, within_s=6)
            await ana.hears(CALLER_TONE)
            await ana.click("complete-consult")
            await ana.shows("idle")
            await leg.hears(CALLER_TONE, within_s=6)
            call.hang_up()
            await luis.finish(contact_id)
        record = await closed(sofia, contact_id)
        notes = [
            (one["actor"], one["data"].get("note")) for one in record["entries"] if one["kind"] == "disposed"
        ]
        assert notes[0] == ("ana", "Pide revisar el medidor.")
        assert record["interaction"]["agent"] == "luis"
    await centralita.quiet()
