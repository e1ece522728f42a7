"""Whoever called is on record, also when no controller ever took them in hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contact_centre.scripted_caller import Sound
from tests.databases import rows
from tests.faults.processes import kill_controller, part, ready
from tests.instance import STOP_TIMEOUT_S, Instance, prepare, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
RINGING, SERVED = "0993300001", "0993300002"
HASTY = 10
ON_RECORD_S = 40.0
NAMES = ("id", "from_address", "to_address", "end_reason", "opened_at", "ended_at")
CLOSED = """SELECT id, from_address, to_address, end_reason, opened_at, ended_at FROM interactions
    WHERE stage = 'closed'"""
RECORDINGS = "SELECT interaction_id, state FROM recordings"


async def test_who_calls_while_no_controller_is_there(tmp_path: Path) -> None:
    instance = prepare(tmp_path / "home")
    async with part(instance, "run", "asterisk"), instance.trunk() as trunk:
        async with part(instance, "run", "controller") as controller:
            await ready(instance)
            controller.terminate()
            async with asyncio.timeout(STOP_TIMEOUT_S):
                assert await controller.wait() == 0
        before = datetime.now(UTC)
        leaves = await trunk.call("101", from_number=RINGING)
        await leaves.ringing()
        leaves.hang_up()
        stays = await trunk.call("101", from_number=SERVED)
        await stays.answered(timeout_s=20)
        assert await stays.hears_sound(Sound.SPEECH, within_s=8) is Sound.SPEECH
        stays.hang_up()
        async with part(instance, "run", "controller"):
            await ready(instance)
            found = await on_record(instance, [RINGING, SERVED])
            assert {number: row["end_reason"] for number, row in found.items()} == {
                RINGING: "customer_left_flow",
                SERVED: "way_out",
            }
            for row in found.values():
                assert row["to_address"] == "101"
                opened, ended = (
                    datetime.fromisoformat(row[name]).replace(tzinfo=UTC)
                    for name in ("opened_at", "ended_at")
                )
                assert before - timedelta(seconds=2) < opened <= ended < datetime.now(UTC)
            served = found[SERVED]
            assert await recorded(instance, served["id"]) == "stored"
    assert len(rows(instance, "SELECT id FROM interactions")) == 2


async def test_who_gives_up_before_the_dialplan_comes_to_the_controller(tmp_path: Path) -> None:
    """On a machine that stands still; here its first step is made to take a second."""
    async with running(prepare(tmp_path / "home")) as instance, instance.trunk() as trunk:
        await instance.asterisk("dialplan remove extension s@record 1")
        await instance.asterisk("dialplan add extension s,1,Wait(1) into record")
        numbers = [f"09934{call:05}" for call in range(HASTY)]
        calls = [await trunk.call("101", from_number=number) for number in numbers]
        for call in calls:
            await call.reached()
            call.hang_up()
        await instance.quiet()
        await kill_controller(instance)  # the next one looks at once
        found = await on_record(instance, numbers)
        assert {row["end_reason"] for row in found.values()} == {"customer_left_flow"}
        assert not (await instance.asterisk("database show unserved")).count("unserved/")
    assert len(rows(instance, "SELECT id FROM interactions")) == HASTY


async def on_record(instance: Instance, numbers: list[str]) -> dict[str, dict[str, Any]]:
    """The closed contact of each, once there is one."""
    found: dict[str, dict[str, Any]] = {}
    try:
        async with asyncio.timeout(ON_RECORD_S):
            while set(numbers) - set(found):
                found = {row[1]: dict(zip(NAMES, row, strict=True)) for row in rows(instance, CLOSED)}
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"not on record: {sorted(set(numbers) - set(found))}") from None
    return found


async def recorded(instance: Instance, interaction_id: str) -> str:
    """The state of its recording, once it is final."""
    async with asyncio.timeout(ON_RECORD_S):
        while (states := dict(rows(instance, RECORDINGS))).get(interaction_id, "running") == "running":
            await asyncio.sleep(0.1)
    return str(states[interaction_id])
