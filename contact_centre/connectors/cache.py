"""Answers that may be given again for a while. Bounded: the one that was kept first goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from ivr_flows.inputs import Answered

MAX_KEPT = 1_000  # of one system
Key = tuple[str, tuple[tuple[str, str, object], ...]]


class Cache:
    def __init__(self, limit: int = MAX_KEPT) -> None:
        self._kept: OrderedDict[Key, tuple[float, Answered]] = OrderedDict()
        self._limit = limit

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key, now: float) -> Answered | None:
        until, answer = self._kept.get(key, (0.0, None))
        if answer is not None and now >= until:
            del self._kept[key]
            return None
        return answer

    def put(self, key: Key, answer: Answered, until: float) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (until, answer)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)


def key_of(operation: str, arguments: Mapping[str, object]) -> Key:
    """`1` and `"1"` are different arguments, and so are `1` and `true`."""
    return operation, tuple(sorted((name, type(value).__name__, value) for name, value in arguments.items()))
