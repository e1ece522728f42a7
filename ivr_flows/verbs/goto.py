"""goto: on to another step."""

from __future__ import annotations

from ivr_flows.pieces import Target
from ivr_flows.verbs.base import Frame, Go, Move, Verb


class Goto(Verb):
    verb = "goto"
    short = "step"
    falls_through = False

    step: Target

    def enter(self, frame: Frame) -> Move:
        return Go(self.step, "gone")
