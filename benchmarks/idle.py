"""An idle agent: from the caller's INVITE to the agent's phone ringing, at 1 and at 10 calls a second."""

from __future__ import annotations

from statistics import median

from benchmarks.contest import NATIVE, Result, alternating, at
from benchmarks.message_log import rung
from benchmarks.stage import Stage

AGENTS = 20
TALK_S = 0.5
RATES = ((1.0, 5), (10.0, 40))  # calls a second, calls a round
P99_LIMIT_MS = 25.0
TIMES_NATIVE = 2.5


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("idle", "Idle agent: INVITE in → INVITE to the agent", "ms")
    for _, who in alternating(rounds):
        await stage.open_for(who, AGENTS)
        for rate, calls in RATES:
            result.add(_case(rate), who, await one_round(stage, who, rate, calls))
    for rate, _ in RATES:
        ours, native = result.of(_case(rate)), result.of(_case(rate), NATIVE)
        limit = TIMES_NATIVE * median(native)
        result.judge(f"{_case(rate)}: median ≤ {TIMES_NATIVE} × app_queue's", median(ours), limit)
        result.judge(f"{_case(rate)}: p99 ≤ {P99_LIMIT_MS:.0f} ms", at(ours, 99), P99_LIMIT_MS)
    return result


async def one_round(stage: Stage, who: str, rate: float, calls: int) -> list[float]:
    """Milliseconds, one a call. A call that rang nowhere is an error: it would flatter the figure."""
    async with stage.phones(AGENTS, talk_s=TALK_S) as log:
        number = stage.number(who, AGENTS)
        async with stage.callers(number, calls, rate=rate, hold_s=20) as crowd:
            made = await crowd.over(calls / rate + 60)
        await stage.clear()
        rings = rung(log)
    missing = [call.number for call in made if call.number not in rings]
    if missing or len(made) != calls:
        raise RuntimeError(f"{who}: {len(made)} of {calls} calls made, {len(missing)} rang nowhere")
    return [1000 * (rings[call.number] - call.invited_at) for call in made]


def _case(rate: float) -> str:
    return f"{rate:g} calls/s"
