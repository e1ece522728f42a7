"""kill -9 of the controller with 50 live calls and 10 a second coming in: who is lost, and how soon all are owned again."""

from __future__ import annotations

import asyncio

from benchmarks.contest import OURS, Result, Verdict, at
from benchmarks.stage import Stage
from tests.faults.processes import kill_controller, serving_again
from tests.instance import Api

TALKING, WAITING = 25, 25
RATE, LATECOMERS = 10.0, 60
BEFORE_KILL_S = 2.0
HOLD_S = 25.0  # nobody leaves before everything has been looked at
LIMIT_S = 120.0
OWNED_LIMIT_S = 2.0
CASE = "killed with 50 live"


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("kill", "kill -9 with 50 live calls: the process starts → all owned again", "s")
    lost = 0
    for _ in range(rounds):
        took_s, gone = await one_kill(stage)
        result.add(CASE, OURS, [took_s])
        lost += gone
    result.judge(f"owned again ≤ {OWNED_LIMIT_S:g} s", at(result.of(CASE), 99), OWNED_LIMIT_S)
    callers = rounds * (TALKING + WAITING + LATECOMERS)
    result.verdicts.append(Verdict("0 lost", f"{lost} of {callers} callers", lost == 0))
    return result


async def one_kill(stage: Stage) -> tuple[float, int]:
    """(seconds, callers refused, unanswered or hung up on)."""
    await stage.open_for(OURS, TALKING)
    number, early = stage.number(OURS, TALKING), TALKING + WAITING
    async with (
        stage.phones(TALKING, talk_s=LIMIT_S),
        stage.callers(number, early, rate=20, hold_s=HOLD_S) as there,
        Api(stage.instance, "admin") as admin,
    ):
        await there.in_line(early, LIMIT_S)
        async with stage.callers(number, LATECOMERS, rate=RATE, hold_s=HOLD_S) as coming:
            await asyncio.sleep(BEFORE_KILL_S)
            dead = await kill_controller(stage.instance)
            took_s = await serving_again(stage.instance, dead)
            await coming.in_line(LATECOMERS, LIMIT_S)
            wanted = early + LATECOMERS
            await admin.until("/calls?state=live", lambda page: page["total"] >= wanted, LIMIT_S)
            calls = [*await there.over(LIMIT_S), *await coming.over(LIMIT_S)]
    await stage.clear()
    return took_s, wanted - sum(1 for call in calls if call.answered_at and not call.they_left_at)
