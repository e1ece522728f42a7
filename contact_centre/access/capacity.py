"""How much of each kind of channel one person carries at once."""

from __future__ import annotations

from collections.abc import Mapping

from voice_core.errors import InvalidInputError

# A person has one voice; the rest is bounded so that a slip of the finger does not swamp somebody.
MOST: Mapping[str, int] = {"voice": 1, "task": 20}
USUAL: Mapping[str, int] = {"voice": 1, "task": 1}


def whole(chosen: Mapping[str, int]) -> dict[str, int]:
    """Every kind of channel: what was chosen for this person, for the rest the usual."""
    return {**USUAL, **chosen}


def check_capacity(chosen: Mapping[str, int]) -> None:
    """Raises InvalidInputError. 0 of a kind means: none of it for this person."""
    for kind, count in chosen.items():
        if kind not in MOST:
            raise InvalidInputError(
                f"A capacity is for one of {', '.join(MOST)}, not for {kind[:32]!r}.", field="capacity"
            )
        if not 0 <= count <= MOST[kind]:
            raise InvalidInputError(f"A capacity of {kind} goes from 0 to {MOST[kind]}.", field="capacity")
