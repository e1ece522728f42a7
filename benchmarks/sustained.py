"""The full path (menu, queue, agent, recording, ledger) at rising rates: the highest at which nothing fails and the p99 holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from math import ceil

from benchmarks.contest import OURS, Result, Verdict, at
from benchmarks.message_log import rung
from benchmarks.stage import MOST_AGENTS, Stage
from tests.busy_centre import SPOKEN_NUMBER
from tests.instance import Api

TALK_S = 1.0  # at 25 a second, so that forty agents suffice
HOLD_S = 60.0
LEAST_RATE = 25.0
P99_LIMIT_MS = 25.0  # queued → rung, as for an idle agent
CLOSING_LIMIT_S = 30.0
MOST_MINUTES = 3.5


async def measure(stage: Stage, rates: Sequence[float], minutes: float) -> Result:
    """Each rate is held for `minutes` (in parts, see `_hold`); the first that fails ends it."""
    result = Result(
        "sustained", f"Full path, {minutes:g} min at each rate: queued → the agent's phone rings", "ms"
    )
    await stage.open_for(OURS, MOST_AGENTS)
    best = 0.0
    for rate in rates:
        problems = await _hold(stage, result, rate, minutes)
        if problems:
            result.note = f"at {rate:g} calls/s: {problems}"
            break
        best = rate
    met = best >= LEAST_RATE
    found = f"{best:g} calls/s. {result.note}"
    result.verdicts.append(Verdict(f"nothing fails at ≥ {LEAST_RATE:g} calls/s", found, met))
    return result


async def _hold(stage: Stage, result: Result, rate: float, minutes: float) -> str:
    """In equal parts, each with phones that have just signed in: SIPp does so once, for five minutes."""
    parts = ceil(minutes / MOST_MINUTES)
    for _ in range(parts):
        if problems := await hold(stage, result, rate, round(rate * minutes / parts * 60)):
            return problems
    return ""


async def hold(stage: Stage, result: Result, rate: float, calls: int) -> str:
    """What went wrong, in words; empty when nothing did."""
    async with stage.phones(MOST_AGENTS, talk_s=TALK_S) as log:
        async with stage.callers(SPOKEN_NUMBER, calls, rate=rate, hold_s=HOLD_S) as crowd:
            made = await crowd.over(calls / rate + HOLD_S + 30)
        await stage.clear()
        rings = rung(log)
    if unserved := calls - sum(1 for call in made if call.they_left_at):
        return f"{unserved} of {calls} callers were not served"
    records = await _records(stage, made[0].number[:5])
    numbers = {call.number for call in made}
    if wrong := [number for number in numbers if len(records[number]) != 1]:
        return f"{len(wrong)} callers without exactly one record that an agent ended"
    took = [1000 * (rings[number] - records[number][0]) for number in numbers]
    result.add(f"{rate:g} calls/s", OURS, took)
    late_ms = at(took, 99)
    return f"p99 {late_ms:.1f} ms of at most {P99_LIMIT_MS:g}" if late_ms > P99_LIMIT_MS else ""


async def _records(stage: Stage, prefix: str) -> dict[str, list[float]]:
    """Caller's number → when each of their contacts that an agent ended was queued, seconds."""
    queued: dict[str, list[float]] = defaultdict(list)
    async with Api(stage.instance, "admin") as admin:
        await admin.until("/calls?state=live", lambda page: page["total"] == 0, CLOSING_LIMIT_S)
        page = 1
        while items := (
            await admin.get("/calls", state="closed", text=prefix, page=str(page), page_size="200")
        )["items"]:
            for row in items:
                if row["end_reason"] == "agent_hung_up":
                    queued[row["from_address"]].append(datetime.fromisoformat(row["queued_at"]).timestamp())
            page += 1
    return queued
