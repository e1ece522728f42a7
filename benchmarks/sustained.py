"""The full path (menu, queue, agent, recording, ledger) at rising rates: the highest at which nothing fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.contest import OURS, Result, Verdict
from benchmarks.message_log import rung
from benchmarks.stage import MOST_AGENTS, Stage
from tests.busy_centre import SPOKEN_NUMBER
from tests.instance import Api

TALK_S = 1.0  # at 25 a second, so that forty agents suffice
HOLD_S = 60.0
LEAST_RATE = 25.0


async def measure(stage: Stage, rates: Sequence[float], minutes: float) -> Result:
    """Each rate is held for `minutes`; the first that fails ends it."""
    result = Result(
        "sustained", f"Full path, {minutes:g} min at each rate: caller answered → agent's phone rings", "ms"
    )
    await stage.open_for(OURS, MOST_AGENTS)
    best = 0.0
    for rate in rates:
        problems = await hold(stage, result, rate, round(rate * minutes * 60))
        if problems:
            result.note = f"at {rate:g} calls/s: {problems}"
            break
        best = rate
    met = best >= LEAST_RATE
    found = f"{best:g} calls/s. {result.note}"
    result.verdicts.append(Verdict(f"nothing fails at ≥ {LEAST_RATE:g} calls/s", found, met))
    return result


async def hold(stage: Stage, result: Result, rate: float, calls: int) -> str:
    """What went wrong, in words; empty when nothing did."""
    async with stage.phones(MOST_AGENTS, talk_s=TALK_S) as log:
        async with stage.callers(SPOKEN_NUMBER, calls, rate=rate, hold_s=HOLD_S) as crowd:
            made = await crowd.over(calls / rate + HOLD_S + 30)
        await stage.clear()
        rings = rung(log)
    took = [1000 * (rings[call.number] - call.answered_at) for call in made if call.number in rings]
    if took:
        result.add(f"{rate:g} calls/s", OURS, took)
    served = sum(1 for call in made if call.they_left_at)
    if served != calls:
        return f"{calls - served} of {calls} callers were not served"
    numbers = Counter(call.number for call in made)
    return await _records(stage, numbers, made[0].number[:5])


async def _records(stage: Stage, numbers: Counter[str], prefix: str) -> str:
    """Each caller has exactly one closed record that an agent ended."""
    async with Api(stage.instance, "admin") as admin:
        page, found = 1, Counter[str]()
        while items := (
            await admin.get("/calls", state="closed", text=prefix, page=str(page), page_size="200")
        )["items"]:
            found.update(row["from_address"] for row in items if row["end_reason"] == "agent_hung_up")
            page += 1
    wrong = {number for number in numbers | found if numbers[number] != found[number]}
    return f"{len(wrong)} callers without exactly one record" if wrong else ""
