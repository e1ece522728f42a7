"""Fault 11: 5 % of SIP lost and as much out of order, both to the callers and to the phones: no call is doubled."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.busy_centre import STRAIGHT_NUMBER, busy_centre
from tests.faults.processes import seeded
from tests.instance import TRUNK_HOST, Api, Instance
from tests.sip.lossy import LossyLine, lossy_line
from tests.sip.sipp import answering_phones, callers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
CALLERS, AGENTS = 20, 5
A_SECOND = 5.0
AGENT_TALKS_S, CALLER_TALKS_S = 0.5, 12.0
LOSES = REORDERS = 0.05
PREFIX = "0994"


async def test_no_call_is_doubled(tmp_path: Path) -> None:
    chance = seeded()
    trunk, phones = (LossyLine(random.Random(chance.random()), LOSES, REORDERS) for _ in range(2))
    phones.loses = 0.0  # until they have registered
    folders = [tmp_path / name for name in ("callers", "phones")]
    for folder in folders:
        folder.mkdir()
    async with busy_centre(tmp_path, AGENTS) as centre:
        server = centre.instance.server
        async with (
            lossy_line(TRUNK_HOST, server, trunk),
            lossy_line("127.0.0.1", server, phones),
            answering_phones(phones.near, centre.secrets, folders[1], talk_s=AGENT_TALKS_S),
        ):
            await centre.everybody("available")
            phones.loses = LOSES
            failed = await callers(
                trunk.near, folders[0], host=TRUNK_HOST, number=STRAIGHT_NUMBER, prefix=PREFIX,
                how_many=CALLERS, a_second=A_SECOND, talk_s=CALLER_TALKS_S,
            )  # fmt: skip
            phones.loses = phones.reorders = 0.0
            await centre.instance.quiet(timeout_s=60)  # SIP gives up a goodbye nobody answers after 32 s
        lines = [
            f"{line.lost} of {line.carried + line.lost} lost, {line.late} late" for line in (trunk, phones)
        ]
        print(f"callers: {lines[0]}; phones: {lines[1]}; {failed} calls failed for SIPp")
        assert min(trunk.lost, trunk.late, phones.lost, phones.late) > 0
        await each_caller_has_one_record(centre.instance)


async def each_caller_has_one_record(instance: Instance) -> None:
    async with Api(instance, "admin") as admin:
        assert (await admin.get("/calls", state="live"))["items"] == []
        records = (await admin.get("/calls", state="closed", page_size="200"))["items"]
        expected = Counter({f"{PREFIX}{number}": 1 for number in range(1, CALLERS + 1)})
        assert Counter(record["from_address"] for record in records) == expected
        for record in records:
            told = Counter(entry["kind"] for entry in (await admin.get(f"/calls/{record['id']}"))["entries"])
            assert (told["opened"], told["ended"], told["closed"]) == (1, 1, 1), (record, told)
            assert told["accepted"] <= 1, (record, told)
            assert told["offered"] == told["accepted"] + told["declined"], (record, told)
