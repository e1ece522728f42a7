"""switch: one of several ways, by a value."""

from __future__ import annotations

from pydantic import Field

from ivr_flows.pieces import Target
from ivr_flows.templates import Expression
from ivr_flows.verbs.base import Frame, Go, Move, Next, Verb


class Switch(Verb):
    """Cases are compared as text. Without `default`, the next step follows."""

    verb = "switch"

    value: Expression
    cases: dict[str, Target] = Field(min_length=1, max_length=50)
    default: Target | None = None

    def enter(self, frame: Frame) -> Move:
        value = frame.evaluate(self.value)
        found = str(value).lower() if isinstance(value, bool) else str(value)
        if found in self.cases:
            return Go(self.cases[found], "case")
        return Go(self.default, "default") if self.default else Next("default")
