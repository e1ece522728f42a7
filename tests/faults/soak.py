"""The fault tests again and again with new seeds: `python -m tests.faults.soak --minutes 60`. Stops at the first failure."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=60.0)
    minutes = options.parse_args().minutes
    until, rounds = time.monotonic() + minutes * 60, 0
    while time.monotonic() < until:
        seed = str(random.SystemRandom().randrange(1_000_000))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-s", str(FOLDER)]
        ended = subprocess.run(
            command, env=os.environ | {"FAULT_SEED": seed}, cwd=FOLDER.parents[1], check=False
        )
        rounds += 1
        if ended.returncode != 0:
            print(f"round {rounds} failed; replay with FAULT_SEED={seed}")
            return ended.returncode
    print(f"{rounds} rounds without a failure")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
