"""Fifty callers, ten SIPp telephones: each call is answered, heard, and ends in exactly one closed record."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from contact_centre.scripted_caller import Line
from tests.busy_centre import MENU_NUMBER, BusyCentre, busy_centre
from tests.instance import Api
from tests.sip.sipp import answering_phones

CALLERS, AGENTS = 50, 10
TALK_S = 2.0
BETWEEN_CALLS_S = 0.1
WAIT_LIMIT_S = 90.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


async def test_fifty_callers_and_ten_agents(tmp_path: Path) -> None:
    async with busy_centre(tmp_path, AGENTS) as centre:
        sipp_folder = tmp_path / "sipp"
        sipp_folder.mkdir()
        phones = answering_phones(centre.instance.server, centre.secrets, sipp_folder, talk_s=TALK_S)
        async with phones, centre.instance.trunk() as trunk:
            await centre.everybody("available")
            async with asyncio.TaskGroup() as callers:
                for number in range(CALLERS):
                    callers.create_task(one_caller(trunk, f"09900{number:05d}"))
                    await asyncio.sleep(BETWEEN_CALLS_S)
            await centre.instance.quiet()
            await centre.everybody("offline")
        await check_records(centre)


async def one_caller(trunk: Line, caller: str) -> None:
    """Press 1 at once (the menu may be interrupted), then hear one's own tone come back from the agent."""
    call = await trunk.call(MENU_NUMBER, from_number=caller)
    await call.answered(timeout_s=20)
    await call.send_digits("1")
    call.play_tone(620)
    await call.hears(620, within_s=WAIT_LIMIT_S)
    await call.hung_up(timeout_s=TALK_S + 10)
    assert call.ended_by_them


async def check_records(centre: BusyCentre) -> None:
    async with Api(centre.instance, "admin") as admin:
        assert (await admin.get("/calls", state="live"))["items"] == []
        records = (await admin.get("/calls", state="closed", page_size="200"))["items"]
        from_numbers = Counter(record["from_address"] for record in records)
        assert from_numbers == Counter({f"09900{number:05d}": 1 for number in range(CALLERS)})
        assert Counter(record["end_reason"] for record in records) == {"agent_hung_up": CALLERS}
        ledgers = [await admin.get(f"/calls/{record['id']}") for record in records]
        for ledger in ledgers:
            counted = Counter(entry["kind"] for entry in ledger["entries"])
            assert (counted["closed"], counted["accepted"], counted["ended"]) == (1, 1, 1), counted
