"""if: one of two ways."""

from __future__ import annotations

from pydantic import Field

from ivr_flows.pieces import Target
from ivr_flows.templates import Expression
from ivr_flows.verbs.base import Frame, Go, Move, Next, Verb


class If(Verb):
    """Without `else`, the next step follows."""

    verb = "if"

    condition: Expression
    then: Target
    otherwise: Target | None = Field(default=None, alias="else")

    def enter(self, frame: Frame) -> Move:
        if frame.evaluate(self.condition):
            return Go(self.then, "then")
        return Go(self.otherwise, "else") if self.otherwise else Next("else")
