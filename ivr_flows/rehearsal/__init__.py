"""Flows tried before anybody hears them: stories in YAML, played in virtual time, and what they went through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr_flows.checks import queues_of
from ivr_flows.context import Organisation
from ivr_flows.flow import Flows
from ivr_flows.problems import Problem
from ivr_flows.rehearsal.conversation import Conversation, Heard, NobodyListensError, Systems, unknown
from ivr_flows.rehearsal.coverage import Coverage, Covered
from ivr_flows.rehearsal.play import Verdict, play
from ivr_flows.rehearsal.reading import Case, read_cases

__all__ = [
    "Case",
    "Conversation",
    "Covered",
    "Heard",
    "NobodyListensError",
    "Rehearsed",
    "Systems",
    "Verdict",
    "rehearse",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """`problems` are of the tests' own files. `covered`: of every flow of the folder."""

    verdicts: tuple[Verdict, ...]
    problems: tuple[Problem, ...]
    covered: tuple[Covered, ...]

    @property
    def steps_percent(self) -> float:
        """Of the steps of all flows, how many a story went through."""
        steps = sum(one.steps for one in self.covered)
        return 100 * (1 - sum(len(one.steps_left) for one in self.covered) / steps) if steps else 100.0

    @property
    def failed(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.problem is not None]


def rehearse(
    folder: Path,
    flows: Flows,
    organisation: Organisation,
    only: str = "",
    systems: Systems = unknown,
) -> Rehearsed:
    """Play every story beside the flows in `folder`, or those whose name holds `only`."""
    coverage, found = Coverage(flows), read_cases(folder, flows)
    wanted = [case for case in found.cases if only.casefold() in case.name.casefold()]
    queues = queues_of(flows)
    verdicts = tuple(play(case, flows, queues, organisation, systems) for case in wanted)
    for verdict in verdicts:
        coverage.add(verdict.trace)
    return Rehearsed(verdicts, tuple(found.problems), tuple(coverage.of(name) for name in flows))
