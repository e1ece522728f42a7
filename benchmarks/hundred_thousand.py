"""After 100 000 calls: how big the database and the programs are, and how long the panel's lists take."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.contest import OURS, Result, Verdict, at
from benchmarks.past import COPIES, QUEUE, Past
from benchmarks.processor import resident_mb
from tests.busy_centre import prepared
from tests.faults.processes import controller_of
from tests.instance import Api, Instance, running
from voice_core.store.database import open_database

PARTS = 4
LIST_LIMIT_MS = 200.0
TRIES = 8
MOST_OF_LINEAR = 1.25  # the last quarter may cost so much more than the second
MOST_MEMORY_MB = 30.0  # more than on an empty database


async def measure(folder: Path, calls: int) -> Result:
    result = Result("hundred_thousand", f"The heaviest lists after {calls:,} calls".replace(",", " "), "ms")
    empty_mb = await _memory_of_an_empty_one(folder / "empty")
    instance = prepared(folder)
    sizes_mb = await _fill(instance.home / "centralita.db", calls)
    async with running(instance, people=("admin",)):
        async with Api(instance, "admin") as admin:
            for case, path in _lists(calls):
                result.add(case, OURS, [await _time_ms(admin, path) for _ in range(TRIES)])
        full_mb = resident_mb(controller_of(instance) or 0)
    worst = max(result.samples, key=lambda case: at(result.of(case), 95))
    result.judge(
        f"heaviest list ({worst}) ≤ {LIST_LIMIT_MS:.0f} ms, p95", at(result.of(worst), 95), LIST_LIMIT_MS
    )
    second, last = sizes_mb[1] - sizes_mb[0], sizes_mb[-1] - sizes_mb[-2]
    grown = ", ".join(f"{size:.0f}" for size in sizes_mb)
    found = f"{grown} MB after each quarter; {1e6 * sizes_mb[-1] / calls:.0f} bytes a call"
    result.verdicts.append(Verdict("the database grows linearly", found, last <= MOST_OF_LINEAR * second))
    found = f"{full_mb:.0f} MB, on an empty database {empty_mb:.0f} MB"
    result.verdicts.append(
        Verdict(
            "the controller's memory does not grow with the past", found, full_mb <= empty_mb + MOST_MEMORY_MB
        )
    )
    return result


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


async def _fill(path: Path, calls: int) -> list[float]:
    """The database's size in MB after each quarter."""
    engine = await open_database(f"sqlite+aiosqlite:///{path}")
    past, sizes = Past(engine), []
    try:
        await past.begin()
        for _ in range(PARTS):
            await past.live(calls // PARTS // COPIES * COPIES)
            sizes.append(path.stat().st_size / 1e6)
        await past.close()
    finally:
        await engine.dispose()
    return sizes


async def _memory_of_an_empty_one(folder: Path) -> float:
    folder.mkdir()
    instance: Instance = prepared(folder)
    async with running(instance, people=("admin",)), Api(instance, "admin") as admin:
        await admin.get("/calls")
        return resident_mb(controller_of(instance) or 0)
