from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contact_centre.house import CentreHouse, running_centre


@pytest.fixture
async def house(tmp_path: Path, any_url: str) -> AsyncIterator[CentreHouse]:
    """A running centre without Asterisk, one person of each role."""
    async with running_centre(tmp_path, any_url) as running:
        yield running
