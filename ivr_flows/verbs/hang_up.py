"""hang_up: the contact is over."""

from __future__ import annotations

from pydantic import Field

from ivr_flows import effects
from ivr_flows.verbs.base import Frame, Move, Verb, Wait


class HangUp(Verb):
    verb = "hang_up"
    short = "reason"
    falls_through = False

    reason: str = Field(default="flow_ended", pattern=r"^[a-z][a-z0-9_]{0,39}$")

    def enter(self, frame: Frame) -> Move:
        frame.run.ended = self.reason
        return Wait(effects.HangUp(self.reason), self.reason)
