"""An agent on another machine: the panel under its public name, by HTTPS, with a certificate of `run web`'s own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import aiohttp
import pytest
from playwright.async_api import Browser

from tests.browser.test_agent_in_browser import ana_at_work, talking
from tests.certificates import NAME, Authority, Issued
from tests.faults.processes import part
from tests.instance import LOOK_S, START_TIMEOUT_S, Api, Instance, free_ports
from tests.people import closed

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(150)]


@asynccontextmanager
async def web_by_https(centralita: Instance, authority: Authority, issued: Issued) -> AsyncIterator[Instance]:
    (port,) = free_ports(1)
    environment = {
        **centralita.environment,
        "CENTRALITA_HTTP_PORT": str(port),
        "CENTRALITA_PUBLIC_URL": f"https://{NAME}:{port}",
        "CENTRALITA_TLS_CERTIFICATE": str(issued.certificate),
        "CENTRALITA_TLS_KEY": str(issued.key),
    }
    web = replace(centralita, http_port=port, environment=environment, process=None)
    async with part(web, "run", "web"), aiohttp.ClientSession() as http:
        health = f"https://localhost:{port}/api/v1/health"
        async with asyncio.timeout(START_TIMEOUT_S):
            while True:
                with suppress(aiohttp.ClientError):
                    async with http.get(health, ssl=authority.client()) as answer:
                        if (await answer.json())["checks"]["controller"]:
                            break
                await asyncio.sleep(LOOK_S)
        yield web


async def test_a_call_by_https(
    browser: Browser, centralita: Instance, authority: Authority, issued: Issued
) -> None:
    """A browser gives the microphone to no page by plain HTTP, but on its own machine: this name is not that."""
    async with (
        web_by_https(centralita, authority, issued) as web,
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        ana_at_work(browser, web, centralita) as ana,
    ):
        assert await ana.page.evaluate("[location.origin, isSecureContext]") == [web.url, True]
        (cookie,) = [
            each for each in await ana.page.context.cookies() if each["name"] == "centralita_session"
        ]
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
        softphone = ana.page.expect_websocket(lambda socket: socket.url.endswith("/softphone/ws"))
        async with softphone as opened:
            await ana.page.reload()
        assert (await opened.value).url == f"wss://{NAME}:{web.http_port}/api/v1/softphone/ws"
        await ana.phone_is_ready()
        call, contact_id = await talking(ana, trunk, "0991270001")
        call.hang_up()
        await ana.shows("wrap-up-submit")
        await ana.click("wrap-up-submit")
        assert (await closed(sofia, contact_id))["interaction"]["agent"] == "ana"
