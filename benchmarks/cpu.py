"""Processor time a whole call costs (arrive, wait, ring, talk a second, end; recorded), all programs together."""

from __future__ import annotations

from statistics import median

from benchmarks.contest import NATIVE, Result, alternating
from benchmarks.processor import processes, used_s
from benchmarks.stage import Stage

AGENTS = 20
CALLS = 40  # a round
RATE = 6.0
TALK_S = 1.0
TIMES_NATIVE = 2.0
CASE = "a call"
ASTERISK = "of that, Asterisk"


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("cpu", "Processor time a call", "ms")
    for _, who in alternating(rounds):
        await stage.open_for(who, AGENTS)
        whole, asterisk = await one_round(stage, who)
        result.add(CASE, who, [whole])
        result.add(ASTERISK, who, [asterisk])
    limit = TIMES_NATIVE * median(result.of(CASE, NATIVE))
    result.judge(f"median ≤ {TIMES_NATIVE} × native", median(result.of(CASE)), limit)
    return result


async def one_round(stage: Stage, who: str) -> tuple[float, float]:
    """Milliseconds a call, what is done after the last one included: of all programs, of Asterisk."""
    async with stage.phones(AGENTS, talk_s=TALK_S):
        counted = [processes(stage.instance, whose) for whose in (who, NATIVE)]
        before = [used_s(pids) for pids in counted]
        async with stage.callers(stage.number(who, AGENTS), CALLS, rate=RATE, hold_s=30) as crowd:
            calls = await crowd.over(CALLS / RATE + 60)
        await stage.clear()
        whole, asterisk = (used_s(pids) - then for pids, then in zip(counted, before, strict=True))
    served = [call for call in calls if call.they_left_at]
    if len(served) != CALLS:
        raise RuntimeError(f"{who}: {len(served)} of {CALLS} calls were served")
    return 1000 * whole / CALLS, 1000 * asterisk / CALLS
