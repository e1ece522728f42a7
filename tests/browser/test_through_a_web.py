"""An agent's page through `run web`, without Redis: the softphone's socket and the events' are passed on."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser

from contact_centre.scripted_caller import Sound
from tests.apart.front import web_before
from tests.browser.softphone import MICROPHONE_TONE
from tests.browser.test_agent_in_browser import CALLER_TONE, ana_at_work, talking
from tests.instance import Api, Instance
from tests.people import closed, kinds

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(150)]


async def test_a_call_in_the_page(browser: Browser, centralita: Instance) -> None:
    async with (
        web_before(centralita) as web,
        Api(web, "sofia") as sofia,
        centralita.trunk() as trunk,
        ana_at_work(browser, web) as ana,
    ):
        call, contact_id = await talking(ana, trunk, "0991260001")
        await ana.click("hold")
        await call.hears_sound(Sound.MUSIC, Sound.SPEECH, within_s=8)
        await ana.click("resume")
        await call.hears(MICROPHONE_TONE, within_s=8)
        call.hang_up()
        await ana.shows("wrap-up-submit")
        await ana.click("wrap-up-submit")
        record = await closed(sofia, contact_id)
        assert {"held", "resumed", "accepted"} <= set(kinds(record))


async def test_a_web_that_is_killed_cuts_no_conversation(browser: Browser, centralita: Instance) -> None:
    """The sound does not pass through it; the page finds the next one at the same address, with its call and its phone."""
    async with AsyncExitStack() as first:
        web = await first.enter_async_context(web_before(centralita))
        async with (
            Api(centralita, "sofia") as sofia,
            centralita.trunk() as trunk,
            ana_at_work(browser, web, asked=centralita) as ana,
        ):
            call, contact_id = await talking(ana, trunk, "0991260002")
            assert web.process is not None
            web.process.kill()
            await web.process.wait()
            await ana.shows("connection-lost")
            await asyncio.gather(ana.hears(CALLER_TONE, 8), call.hears(MICROPHONE_TONE, within_s=8))
            async with web_before(centralita, web.http_port):
                await ana.phone_is_ready()
                card = await ana.shows("call-card")
                assert await card.get_attribute("data-interaction") == contact_id
                await asyncio.gather(ana.hears(CALLER_TONE, 8), call.hears(MICROPHONE_TONE, within_s=8))
                await ana.click("hang-up")
                await call.hung_up()
                await ana.shows("wrap-up-submit")
                await ana.click("wrap-up-submit")
                record = await closed(sofia, contact_id)
            assert record["interaction"]["end_reason"] == "agent_hung_up"
            assert "accepted" in kinds(record)
