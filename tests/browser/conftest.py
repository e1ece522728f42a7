"""One Chromium for the tests of the panel."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.softphone import launch, write_microphone


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    microphone = write_microphone(tmp_path_factory.mktemp("microphone") / "tone.wav")
    async with async_playwright() as playwright:
        chromium = await launch(playwright, microphone)
        yield chromium
        await chromium.close()
