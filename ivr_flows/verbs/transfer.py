"""transfer: to one agent, or to a number outside (which the outbound rules still have to allow)."""

from __future__ import annotations

import re
from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from ivr_flows import effects
from ivr_flows.effects import Effect
from ivr_flows.errors import ExpressionError
from ivr_flows.inputs import Failed, Input, NoInput
from ivr_flows.pieces import Target
from ivr_flows.templates import Template
from ivr_flows.verbs.base import Frame, Go, Move, Next, Verb, Wait


class Transfer(Verb):
    verb = "transfer"
    falls_through = False
    asks = True

    agent: Template | None = None
    number: Template | None = None
    failed: Target = Target("human")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.agent is None) == (self.number is None):
            raise PydanticCustomError("one_destination", "one_destination")
        return self

    def enter(self, frame: Frame) -> Move:
        return Wait(self._effect(frame), "agent" if self.agent else "number")

    def answer(self, frame: Frame, given: Input) -> Move:
        if isinstance(given, NoInput):  # restarted before it was done
            return self.enter(frame)
        return (
            Go(self.failed, f"failed: {given.reason}") if isinstance(given, Failed) else Next("transferred")
        )

    def _effect(self, frame: Frame) -> Effect:
        if self.agent is not None:
            agent = frame.text(self.agent).strip()
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", agent):
                raise ExpressionError("transfer: not the name of an agent")
            return effects.TransferAgent(agent)
        return effects.TransferOut(dialled(frame.text(self.number) if self.number else ""))


def dialled(written: str) -> str:
    """A number as it is dialled. Raises ExpressionError."""
    number = re.sub(r"[\s().-]", "", written)
    if not re.fullmatch(r"\+?[0-9]{2,20}", number):
        raise ExpressionError("not a telephone number")
    return number
