from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.asterisk.conftest import asterisk, asterisk_session
from tests.contact_centre.house import CentreHouse, running_centre

__all__ = ["asterisk", "asterisk_session", "house"]


@pytest.fixture
async def house(tmp_path: Path, sqlite_url: str) -> AsyncIterator[CentreHouse]:
    """A running centre without Asterisk, one person of each role."""
    async with running_centre(tmp_path, sqlite_url) as running:
        yield running
