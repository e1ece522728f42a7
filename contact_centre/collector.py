"""Python's cyclic collector, kept away from what stays for good: 150 000 objects of imported code cost 90 ms a look,
in which no call is served (https://docs.python.org/3/library/gc.html#gc.freeze)."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imports() -> Iterator[None]:
    """Around the imports of a program that serves: none of it is looked at while it grows, nor ever after."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settled() -> None:
    """What a started centre holds, it holds until it ends."""
    gc.collect()
    gc.freeze()
