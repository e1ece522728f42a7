"""A caller on a line made of nothing: starts a flow, answers, remembers where it stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

from ivr_flows import Context, Flows, Machine, Organisation, Turn, read_flows
from ivr_flows.effects import Effect
from ivr_flows.inputs import Input

ORGANISATION = Organisation("Servicios Públicos del Valle")
MONDAY_TEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 10:00 in Guayaquil


def flows_of(text: str = "", **others: str) -> Flows:
    """Flows from YAML; the first is named `main`. Fails when anything is wrong with them."""
    texts = {"main": dedent(text), **{name: dedent(other) for name, other in others.items()}}
    flows, problems = read_flows(texts)
    errors = [str(problem) for problem in problems if problem.severity == "error"]
    assert not errors, errors
    return flows


class Line:
    def __init__(
        self, flows: Flows, *, flow: str = "main", organisation: Organisation = ORGANISATION, **context: Any
    ) -> None:
        self.machine = Machine(flows, organisation)
        self.context = Context(**{"now": MONDAY_TEN, "caller": "0991234567", "called": "101", **context})
        self.turn: Turn = self.machine.start(flow, self.context)

    @property
    def effect(self) -> Effect:
        return self.turn.effect

    def answers(self, *inputs: Input) -> Effect:
        """Each input in turn, the state going through JSON as it does in the store."""
        for given in inputs:
            self.turn = self.machine.resume(json.loads(json.dumps(self.turn.state)), given, self.context)
        return self.turn.effect

    def heard(self) -> str:
        return " ".join(prompt.text or f"<{prompt.file}>" for prompt in getattr(self.effect, "prompts", ()))

    def outcomes(self) -> list[str]:
        return [step.outcome for step in self.turn.trace]
