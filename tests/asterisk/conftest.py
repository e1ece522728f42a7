"""One Asterisk for all tests of a session; whatever call a test leaves behind is hung up after it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.asterisk.box import AsteriskBox, running_asterisk


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk_session(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsteriskBox]:
    async with running_asterisk(tmp_path_factory.mktemp("home")) as box:
        yield box


@pytest_asyncio.fixture
async def asterisk(asterisk_session: AsteriskBox) -> AsyncIterator[AsteriskBox]:
    """The session's Asterisk, swept after the test."""
    yield asterisk_session
    await asterisk_session.sweep()
