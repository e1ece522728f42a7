"""Flows tried before anybody hears them: stories in YAML, played in virtual time, and what they went through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    steps_percent: float

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
    verdicts = tuple(play(case, flows, organisation, systems) for case in wanted)
    for verdict in verdicts:
        coverage.add(verdict.trace)
    covered = tuple(coverage.of(name) for name in flows)
    return Rehearsed(verdicts, tuple(found.problems), covered, coverage.share(flows))
