"""`make bench`: the measures of docs/benchmarks.md, ours beside app_queue. Exit code 1 when a target is missed.

All of them:      python -m benchmarks
Some, at length:  python -m benchmarks idle freed --rounds 20
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.contest import RESULTS, Result, save, surroundings, table
from benchmarks.measures import ALONE, ON_STAGE
from benchmarks.stage import MOST_AGENTS, stage

ROUNDS = 5


def main() -> int:
    options = _options()
    wanted = options.measures or [*ON_STAGE, *ALONE]
    results = asyncio.run(_run(wanted, options))
    report.write(Path(options.out))
    missed = [result.measure for result in results if not result.met]
    failed = sorted(set(wanted) - {result.measure for result in results})
    print(
        f"\n{len(results)} measured; missed: {', '.join(missed) or 'none'}; failed: {', '.join(failed) or 'none'}"
    )
    return 1 if missed or failed else 0


async def _run(wanted: Sequence[str], options: argparse.Namespace) -> list[Result]:
    """Those that share a stage first. A measure that fails does not keep the others from being made."""
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="c") as folder:
        if on_stage := [name for name in wanted if name in ON_STAGE]:
            async with stage(Path(folder) / "stage", MOST_AGENTS) as place:
                for name in on_stage:
                    results += await _one(name, ON_STAGE[name](place, options), options)
                    await place.clear()
        for name in (name for name in wanted if name in ALONE):
            own = Path(folder) / name
            own.mkdir()
            results += await _one(name, ALONE[name](own, options), options)
    return results


async def _one(name: str, running: Awaitable[Result], options: argparse.Namespace) -> list[Result]:
    before = surroundings()
    print(f"\n{name}: {before['cores']} cores, {before['processor']}, load {before['load']}", flush=True)
    try:
        result = await running
    except Exception:  # noqa: BLE001  # reported, and counted as failed: figures of the others are still wanted
        traceback.print_exc()
        return []
    save(result, before, options.rounds, Path(options.out) / RESULTS.name)
    print(table(result.samples, result.unit), *result.verdicts, sep="\n", flush=True)
    return [result]


def _options() -> argparse.Namespace:
    known = [*ON_STAGE, *ALONE]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "measures", nargs="*", metavar="measure", help=f"of: {', '.join(known)}; all when none is named"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="alternating rounds of each contender")
    parser.add_argument("--minutes", type=float, default=0.25, help="sustained: how long each rate is held")
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[5, 10, 15, 20, 25], help="sustained: calls a second"
    )
    parser.add_argument("--calls", type=int, default=100_000, help="hundred_thousand: how many")
    parser.add_argument("--out", default=str(RESULTS.parent), help="folder of benchmarks.md and its figures")
    options = parser.parse_args()
    if unknown := set(options.measures) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
