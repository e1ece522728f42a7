"""Pages nobody telephones on: what a designer and an administrator find there, in both languages."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.softphone import panel
from tests.instance import Api, Instance

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_a_designer_lands_on_the_flows(browser: Browser, centralita: Instance) -> None:
    async with panel(browser, centralita, "diego", with_phone=False) as diego:
        demo = await diego.shows("flow-demo")
        assert diego.page.url.endswith("/flows")
        for words in ("Atención al cliente", "Correcto", "101 · Reclamos técnicos"):
            await expect(demo).to_contain_text(words)
        await expect(diego.part("flow-drawing")).to_contain_text("menu_principal")
        await expect(diego.part("flow-drawing")).to_contain_text("cola: Soporte técnico")
        await diego.page.get_by_text("EN", exact=True).first.click()
        for words in ("Customer service", "Sound", "101 · Technical claims"):
            await expect(demo).to_contain_text(words)
        await diego.click("open-flow-suministro")
        await expect(diego.part("flow-suministro")).to_contain_text("ask for an answer")


async def test_an_administrator_says_how_much_a_person_carries_at_once(
    browser: Browser, centralita: Instance
) -> None:
    def capacity_of_luis(agents: list[dict[str, object]]) -> object:
        return next(agent["capacity"] for agent in agents if agent["id"] == "luis")

    async with Api(centralita, "admin") as api, panel(browser, centralita, "admin") as admin:
        await admin.click("nav-users")
        luis = await admin.shows("user-luis")
        try:
            await luis.get_by_test_id("edit-capacity").click()
            await admin.part("capacity-task").fill("3")
            await admin.click("capacity-submit")
            await expect(luis).to_contain_text("Llamadas 1 · Tareas 3")
            await api.until("/agents", lambda agents: capacity_of_luis(agents) == {"voice": 1, "task": 3})
        finally:
            await api.patch("/users/luis", capacity={"task": 1})
