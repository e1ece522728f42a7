"""When keys typed so far are an answer: the same on a telephone and in a rehearsal."""

from __future__ import annotations

from collections import deque

from ivr_flows.effects import Gather
from ivr_flows.inputs import Digits, NoInput


def take(typed: deque[str], keys: str, wanted: Gather) -> tuple[str, Digits | NoInput | None]:
    """Move keys from `typed` behind `keys` until they answer; the answer, or None while more may come."""
    while typed:
        key = typed.popleft()
        if wanted.terminator and key == wanted.terminator:
            return "", when_quiet(keys)
        keys += key
        if _complete(keys, wanted):
            return "", Digits(keys)
    return keys, None


def when_quiet(keys: str) -> Digits | NoInput:
    """Nothing more came in time."""
    return Digits(keys) if keys else NoInput()


def _complete(keys: str, wanted: Gather) -> bool:
    """Nothing longer could still be meant. Without a terminator or a choice, a full number is enough."""
    if wanted.choices is not None:
        return not any(choice != keys and choice.startswith(keys) for choice in wanted.choices)
    return len(keys) >= wanted.max_digits
