"""After 100 000 calls: how big the database and the programs are, and how long the panel's lists take."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.contest import OURS, Result, Verdict, at
from benchmarks.past import COPIES, QUEUE, Past
from benchmarks.processor import resident_mb
from tests.busy_centre import prepared
from tests.faults.processes import controller_of
from tests.instance import Api, running
from voice_core.store.database import open_database

LIST_LIMIT_MS = 200.0
TRIES = 8
MOST_OF_LINEAR = 1.25  # the last step beside the first
SLACK_MB = 8.0  # pages not yet given back


async def measure(folder: Path, calls: int) -> Result:
    result = Result("hundred_thousand", f"The heaviest lists after {calls:,} calls".replace(",", " "), "ms")
    instance = prepared(folder)
    path, sizes_mb, memory_mb = instance.home / "centralita.db", [], []
    for half in range(3):
        if half:
            sizes_mb += await _fill(path, calls // 2, begun=(half - 1) * calls)
        async with running(instance, people=("admin",)), Api(instance, "admin") as admin:
            for case, asked in _lists(calls):
                took_ms = [await _time_ms(admin, asked) for _ in range(TRIES)]
                if half == 2:
                    result.add(case, OURS, took_ms)
            memory_mb.append(resident_mb(controller_of(instance) or 0))
    worst = max(result.samples, key=lambda case: at(result.of(case), 95))
    most_ms = at(result.of(worst), 95)
    result.judge(f"heaviest list ({worst}) ≤ {LIST_LIMIT_MS:.0f} ms, p95", most_ms, LIST_LIMIT_MS)
    found = f"{_listed(sizes_mb)} MB after each quarter; {1e6 * sizes_mb[-1] / calls:.0f} bytes a call"
    _judge_linear(result, "the database grows linearly", found, sizes_mb)
    found = f"{_listed(memory_mb)} MB with none, half and all of the calls, each list asked for"
    _judge_linear(result, "the controller's memory grows at most linearly", found, memory_mb)
    return result


def _judge_linear(result: Result, target: str, found: str, sizes_mb: list[float]) -> None:
    """The last step is not much larger than the first."""
    first, last = sizes_mb[1] - sizes_mb[0], sizes_mb[-1] - sizes_mb[-2]
    result.verdicts.append(Verdict(target, found, last <= MOST_OF_LINEAR * max(first, 0.0) + SLACK_MB))


def _listed(sizes_mb: list[float]) -> str:
    return ", ".join(f"{size:.0f}" for size in sizes_mb)


def _lists(calls: int) -> list[tuple[str, str]]:
    """What people ask of the panel, from light to heavy: page after page, a queue, part of a number, nothing found."""
    last = calls // 50
    return [
        ("calls, first page", "/calls?state=closed"),
        ("calls, last page", f"/calls?state=closed&page={last}"),
        ("calls of a queue", f"/calls?state=closed&queue={QUEUE}&page=40"),
        ("calls, a caller's number", "/calls?text=%2B593991234"),
        ("calls, end of a number", "/calls?state=closed&text=34567"),
        ("calls, a name", "/calls?state=closed&text=fern%C3%A1ndez"),
        ("calls, nothing found", "/calls?state=closed&text=nadie-se-llama-as%C3%AD"),
        ("calls, two letters", "/calls?text=zq"),
        ("recordings, first page", "/recordings"),
        ("recordings, part of a number", "/recordings?text=34567"),
        ("recordings, nothing found", "/recordings?text=nadie-se-llama-as%C3%AD"),
        ("audit", "/audit"),
    ]


async def _time_ms(admin: Api, path: str) -> float:
    began = time.perf_counter()
    await admin.get(path)
    return 1000 * (time.perf_counter() - began)


async def _fill(path: Path, calls: int, begun: int) -> list[float]:
    """The database's size in MB after each half of these `calls`. `begun`: a number no earlier call has reached."""
    engine = await open_database(f"sqlite+aiosqlite:///{path}")
    past, sizes = Past(engine, begun), []
    try:
        await past.begin()
        for _ in range(2):
            await past.live(calls // 2 // COPIES * COPIES)
            sizes.append(path.stat().st_size / 1e6)
        await past.close()
    finally:
        await engine.dispose()
    return sizes
