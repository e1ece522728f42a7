"""300 callers wait with music: hundredths of a core, whole program (Asterisk and ours) against app_queue's Asterisk.

Judged where nobody is recorded: that is what waiting costs. Recorded from the first second, as Centralita does, too: MixMonitor
costs either contender the same and more than the waiting itself.
"""

from __future__ import annotations

from contextlib import nullcontext
from statistics import median

from benchmarks.contest import NATIVE, Result, alternating
from benchmarks.processor import shares_of_a_core
from benchmarks.stage import Stage

CALLERS = 300
RATE = 50
LOOK_S = 4.0
LIMIT_S = 60.0
TIMES_NATIVE = 0.8
CASE = f"{CALLERS} waiting"
ASTERISK = "of that, Asterisk"
RECORDED = "the same, recorded"


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("waiting", f"{CALLERS} callers waiting with music, processor", "% of a core")
    for _, who in alternating(rounds):
        await stage.open_for(who, 0)
        whole, asterisk = await _share(stage, who, is_recorded=False)
        result.add(CASE, who, [whole])
        result.add(ASTERISK, who, [asterisk])
        whole, _ = await _share(stage, who, is_recorded=True)
        result.add(RECORDED, who, [whole])
    limit = TIMES_NATIVE * median(result.of(CASE, NATIVE))
    result.judge(f"median ≤ {TIMES_NATIVE} × app_queue's", median(result.of(CASE)), limit)
    return result


async def _share(stage: Stage, who: str, *, is_recorded: bool) -> tuple[float, float]:
    placed = stage.callers(stage.number(who, 0), CALLERS, rate=RATE, hold_s=120)
    async with nullcontext() if is_recorded else stage.unrecorded(), placed as crowd:
        await crowd.in_line(CALLERS, LIMIT_S)
        shares = await shares_of_a_core(stage.instance, who, LOOK_S)
        await stage.clear()
    return shares
