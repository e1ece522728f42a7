"""subflow: another flow with its own variables, and back."""

from __future__ import annotations

from pydantic import Field

from ivr_flows.pieces import FlowName, VariableName
from ivr_flows.run import Plain
from ivr_flows.templates import Value
from ivr_flows.verbs.base import Call, Frame, Move, Verb


class Subflow(Verb):
    """`with`: its variable → value. `into`: our variable → its variable, copied when it ends."""

    verb = "subflow"
    short = "flow"

    flow: FlowName
    arguments: dict[VariableName, Value] = Field(default={}, alias="with", max_length=30)
    into: dict[VariableName, VariableName] = Field(default={}, max_length=30)

    def enter(self, frame: Frame) -> Move:
        arguments: dict[str, Plain] = {}
        for name, value in self.arguments.items():
            arguments[str(name)] = value.evaluate(frame.values_for(value))
        secrets = frozenset(str(name) for name, value in self.arguments.items() if frame.is_secret(value))
        into = {str(ours): str(theirs) for ours, theirs in self.into.items()}
        return Call(self.flow, arguments, secrets, into)
