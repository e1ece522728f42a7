"""`make bench`: how fast a free agent's phone rings, beside app_queue. Exit code 1 when the target is missed."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys

from benchmarks.rings import measure, table, worst_percentile

TARGET_P99_MS = 50.0


def main() -> int:
    options = _options()
    print(f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}; loopback")
    times = asyncio.run(measure(options.rounds, options.idle))
    print(table(times))
    p99 = worst_percentile(times)
    verdict = "met" if p99 <= TARGET_P99_MS else "MISSED"
    print(f"target: freed → next ring p99 ≤ {TARGET_P99_MS:.0f} ms: {p99:.1f} ms, {verdict}")
    return 0 if p99 <= TARGET_P99_MS else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=5, help="alternating rounds of each contender (19 samples each)"
    )
    parser.add_argument("--idle", type=int, default=10, help="idle → ring samples a round")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
