"""set: keep values in variables. `language` is the one that changes what the contact hears next."""

from __future__ import annotations

from pydantic import Field

from ivr_flows.errors import ExpressionError
from ivr_flows.pieces import VariableName
from ivr_flows.templates import Value
from ivr_flows.verbs.base import Frame, Move, Next, Verb


class Set(Verb):
    verb = "set"
    short = "values"

    values: dict[VariableName, Value] = Field(min_length=1, max_length=50)

    def enter(self, frame: Frame) -> Move:
        for name, value in self.values.items():
            result = value.evaluate(frame.values_for(value))
            if name != "language":
                frame.run.store(name, result, secret=frame.is_secret(value))
            elif result in frame.languages:
                frame.run.language = str(result)
            else:
                raise ExpressionError("set language: the organisation does not speak it")
        return Next("set")
