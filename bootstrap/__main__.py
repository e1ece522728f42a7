"""`python3 -m bootstrap [--tests]`: everything between a fresh clone and a start, one progress line a step."""

from __future__ import annotations

import argparse
import fcntl
import sys
from pathlib import Path

from bootstrap import asterisk, espeak, panel, python, test_tools
from bootstrap.progress import BootstrapError, say

CHECKOUT = Path(__file__).resolve().parent.parent


def main() -> int:
    options = argparse.ArgumentParser(prog="bootstrap", description=__doc__)
    options.add_argument("--tests", action="store_true", help="also what the tests need")
    options.add_argument("--python-only", action="store_true", help="only the Python packages")
    chosen = options.parse_args()
    try:
        local = CHECKOUT / ".local"
        local.mkdir(exist_ok=True)
        with (local / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two at once: the second waits, and finds it done
            _install(tests=chosen.tests, python_only=chosen.python_only)
    except (BootstrapError, OSError) as error:
        say(f"stopped: {error}")
        return 1
    except KeyboardInterrupt:
        say("stopped; the next start goes on from here")
        return 130
    return 0


def _install(*, tests: bool, python_only: bool) -> None:
    venv = python.install(CHECKOUT, tests=tests)
    if python_only:
        return
    asterisk.install(CHECKOUT)
    espeak.install(CHECKOUT)
    panel.build(CHECKOUT, venv)
    if tests:
        test_tools.install(CHECKOUT)


if __name__ == "__main__":
    sys.exit(main())
