"""400 INVITEs at once: from the first INVITE to the last caller answered (by music); none may be lost."""

from __future__ import annotations

from statistics import median

from benchmarks.contest import NATIVE, OURS, Result, Verdict, alternating
from benchmarks.stage import Stage

CALLERS = 400
RATE = 4000  # all within a tenth of a second
HOLD_S = 3.0
LIMIT_S = 90.0
TIMES_NATIVE = 1.2


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("burst", f"{CALLERS} INVITEs at once → all in the queue", "s")
    case, lost = f"{CALLERS} at once", {OURS: 0, NATIVE: 0}
    for _, who in alternating(rounds):
        await stage.open_for(who, 0)
        took_s, gone = await one_round(stage, who)
        result.add(case, who, [took_s])
        lost[who] += gone
    limit = TIMES_NATIVE * median(result.of(case, NATIVE))
    result.judge(f"median ≤ {TIMES_NATIVE} × app_queue's", median(result.of(case)), limit)
    found = f"{lost[OURS]} of ours, {lost[NATIVE]} of app_queue's"
    result.verdicts.append(Verdict("none lost", found, lost[OURS] == 0))
    return result


async def one_round(stage: Stage, who: str) -> tuple[float, int]:
    """(seconds, callers who were refused, not answered, or hung up on)."""
    async with stage.callers(stage.number(who, 0), CALLERS, rate=RATE, hold_s=HOLD_S) as crowd:
        calls = await crowd.over(LIMIT_S)
    await stage.clear()
    answered = [call.answered_at for call in calls if call.answered_at]
    kept = [call for call in calls if call.answered_at and not call.they_left_at]
    if not answered:
        raise RuntimeError(f"{who}: nobody was answered")
    return max(answered) - min(call.invited_at for call in calls), CALLERS - len(kept)
