"""Recorded conversations that go on: hundredths of a core each, ours against Queue() with MixMonitor."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.contest import NATIVE, Result, alternating
from benchmarks.processor import shares_of_a_core
from benchmarks.stage import Stage

PAIRS = 20
LOOK_S = 5.0
TIMES_NATIVE = 1.15
CASE = "a conversation"
ASTERISK = "of that, Asterisk"


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("recorded", f"Recorded conversation, processor ({PAIRS} at once)", "% of a core")
    for _, who in alternating(rounds):
        await stage.open_for(who, PAIRS)
        async with (
            stage.phones(PAIRS, talk_s=120) as log,
            stage.callers(stage.number(who, PAIRS), PAIRS, rate=10, hold_s=120) as crowd,
        ):
            await crowd.in_line(PAIRS, 30)
            await stage.until(partial(_all_talk, log), 30, "agents who answered")
            whole, asterisk = await shares_of_a_core(stage.instance, who, LOOK_S)
            result.add(CASE, who, [whole / PAIRS])
            result.add(ASTERISK, who, [asterisk / PAIRS])
            await stage.clear()
    limit = TIMES_NATIVE * median(result.of(CASE, NATIVE))
    result.judge(f"median ≤ {TIMES_NATIVE} × MixMonitor with Queue()", median(result.of(CASE)), limit)
    return result


def _all_talk(log: Path) -> bool:
    return log.read_bytes().count(b"\nACK ") >= PAIRS
