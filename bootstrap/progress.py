"""One line of progress a step, and the one error of the bootstrap."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class BootstrapError(Exception):
    """A step could not be done. The text says what to do about it."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done, then how long it took."""
    started = time.monotonic()
    say(f"{title} …")
    yield
    say(f"{title}: done in {time.monotonic() - started:.1f} s")


def say(line: str) -> None:
    """Print one line at once: a person is waiting."""
    print(f"[centralita] {line}", file=sys.stderr, flush=True)
