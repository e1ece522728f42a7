"""Waiting for several events at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


async def any_set(events: Iterable[asyncio.Event]) -> None:
    """Return once one of them is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
