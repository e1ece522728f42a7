"""The fault tests in their long form once, then all of them again and again with new seeds: `python -m tests.faults.soak
--minutes 60`. Stops at the first failure.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LONG = (
    "faults/test_fault_02_*.py",
    "faults/test_fault_06_*.py",
    "faults/test_fault_12_*.py",
    "apart/test_web_apart.py",
)  # what each does: `long_form` in it


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=60.0)
    until, rounds = time.monotonic() + options.parse_args().minutes * 60, 0
    if failed := _round({"FAULT_LONG": "1"}, [file for name in LONG for file in FOLDER.parent.glob(name)]):
        return failed
    while time.monotonic() < until:
        if failed := _round({}, [FOLDER]):
            return failed
        rounds += 1
    print(f"the long forms, and {rounds} rounds, without a failure")
    return 0


def _round(form: dict[str, str], what: list[Path]) -> int:
    """0, or pytest's exit code."""
    seed = str(random.SystemRandom().randrange(1_000_000))
    variables = form | {"FAULT_SEED": seed}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-s", *map(str, what)]
    code = subprocess.run(command, env=os.environ | variables, cwd=FOLDER.parents[1], check=False).returncode
    if code:
        replay = " ".join(f"{name}={value}" for name, value in variables.items())
        print(f"failed; replay with {replay} and the test's name")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
