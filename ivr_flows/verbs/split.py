"""split: a share of the contacts goes each way. The same contact always goes the same one, after a restart too."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from ivr_flows.pieces import Target
from ivr_flows.verbs.base import Frame, Go, Move, Verb

_PARTS = 1_000_000


class Split(Verb):
    """`{new: 10, old: 90}`: parts of whatever they add up to."""

    verb = "split"
    short = "ways"
    falls_through = False

    ways: dict[Target, Annotated[float, Field(ge=0, le=1_000)]] = Field(min_length=2, max_length=10)

    @field_validator("ways")
    @classmethod
    def _some(cls, ways: dict[Target, float]) -> dict[Target, float]:
        if sum(ways.values()) <= 0:
            raise PydanticCustomError("no_share", "no_share")
        return ways

    def enter(self, frame: Frame) -> Move:
        run, context = frame.run, frame.context
        wanted = context.splits.get(run.step)
        if wanted in self.ways:
            return Go(wanted, "split")
        of_contact = sha256(f"{context.id} {run.flow} {run.step}".encode()).digest()
        left = int.from_bytes(of_contact[:8]) % _PARTS / _PARTS * sum(self.ways.values())
        for target, part in self.ways.items():
            left -= part
            if left < 0:
                return Go(target, "split")
        return Go(next(reversed(self.ways)), "split")
