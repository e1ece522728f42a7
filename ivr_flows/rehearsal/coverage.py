"""Which steps, and which ways between them, the stories went through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr_flows.checks import ways
from ivr_flows.flow import Flow
from ivr_flows.turn import Step

Way = tuple[str, str]


@dataclass(slots=True)
class Walked:
    """Of one flow."""

    steps: set[str] = field(default_factory=set)
    ways: set[Way] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Covered:
    """Of one flow: how much there is, and what nobody went through."""

    flow: str
    steps: int
    ways: int
    steps_left: tuple[str, ...]
    ways_left: tuple[Way, ...]


class Coverage:
    def __init__(self, flows: Mapping[str, Flow]) -> None:
        self._flows = flows
        self._walked = {name: Walked() for name in flows}

    def add(self, trace: Iterable[Step]) -> None:
        """One contact's steps, in their order."""
        last: dict[str, str] = {}  # in each flow: a subflow in between hides nothing
        before: Step | None = None
        for step in trace:
            walked = self._walked.get(step.flow)
            if walked is None or step.step_id not in self._flows[step.flow].steps:
                continue
            if before is not None and before.flow != step.flow and before.outcome == "called":
                last.pop(step.flow, None)  # entered anew
            walked.steps.add(step.step_id)
            if step.flow in last:
                walked.ways.add((last[step.flow], step.step_id))
            last[step.flow] = step.step_id
            before = step

    def of(self, name: str) -> Covered:
        flow, walked = self._flows[name], self._walked[name]
        there = [(step, way) for step in flow.steps for way in sorted(ways(flow, step)) if way != step]
        return Covered(
            name,
            len(flow.steps),
            len(there),
            tuple(step for step in flow.steps if step not in walked.steps),
            tuple(way for way in there if way not in walked.ways),
        )
