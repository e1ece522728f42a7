"""An agent is freed while callers wait: from the BYE of the agent's phone to the next INVITE that reaches it."""

from __future__ import annotations

from statistics import median

from benchmarks.contest import NATIVE, Result, alternating, at
from benchmarks.message_log import freed_to_rung
from benchmarks.stage import Stage

AGENTS = 1
WAITING = (5, 40)  # at least so many when the last sample is taken
SAMPLES = 8  # a round
TALK_S = 0.25
SAMPLE_LIMIT_S = 3.0
FRACTION = 40


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("freed", "Agent freed → next caller rung", "ms")
    for _, who in alternating(rounds):
        for waiting in WAITING:
            result.add(f"{waiting} waiting", who, await one_round(stage, who, waiting))
    for case in result.samples:
        limit = median(result.of(case, NATIVE)) / FRACTION
        result.judge(f"{case}: p99 ≤ 1/{FRACTION} of app_queue's median", at(result.of(case), 99), limit)
    return result


async def one_round(stage: Stage, who: str, waiting: int) -> list[float]:
    """Milliseconds. Everybody waits before the agent's phone is there at all."""
    await stage.open_for(who, 0)
    number, callers = stage.number(who, AGENTS), waiting + SAMPLES + 1
    limit_s = SAMPLES * SAMPLE_LIMIT_S
    async with stage.callers(number, callers, rate=30, hold_s=120) as crowd:
        await crowd.in_line(callers, 30)
        async with stage.phones(AGENTS, talk_s=TALK_S) as log:
            await stage.open_for(who, AGENTS)
            await stage.until(
                lambda: len(freed_to_rung(log)) >= SAMPLES, limit_s, f"{SAMPLES} rings of {who}"
            )
            took = freed_to_rung(log)[:SAMPLES]
        await stage.clear()
    return [1000 * each for each in took]
