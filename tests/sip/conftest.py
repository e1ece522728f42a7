"""One bare Asterisk for the tests of the SIP tools."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.sip.asterisk_box import Box, bare_asterisk


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    folder: Path = tmp_path_factory.mktemp("asterisk")
    async with bare_asterisk(folder) as running:
        yield running
