"""Recorded conversations that go on: hundredths of a core each, ours against Queue() with MixMonitor."""

from __future__ import annotations

from statistics import median

from benchmarks.contest import NATIVE, Result, alternating
from benchmarks.processor import share_of_a_core
from benchmarks.stage import Stage

PAIRS = 20
LOOK_S = 8.0
TIMES_NATIVE = 1.15
CASE = "a conversation"


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("recorded", f"Recorded conversation, processor ({PAIRS} at once)", "% of a core")
    for _, who in alternating(rounds):
        await stage.open_for(who, PAIRS)
        async with (
            stage.phones(PAIRS, talk_s=120) as log,
            stage.callers(stage.number(who, PAIRS), PAIRS, rate=10, hold_s=120) as crowd,
        ):
            await crowd.in_line(PAIRS, 30)
            await stage.until(
                lambda log=log: log.read_bytes().count(b"\nACK ") >= PAIRS, 30, "agents who answered"
            )
            result.add(CASE, who, [await share_of_a_core(stage.instance, who, LOOK_S) / PAIRS])
            await stage.clear()
    limit = TIMES_NATIVE * median(result.of(CASE, NATIVE))
    result.judge(f"median ≤ {TIMES_NATIVE} × MixMonitor with Queue()", median(result.of(CASE)), limit)
    return result
