"""A flow that was read and found sound enough to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr_flows.errors import FlowNotFoundError
from ivr_flows.verbs import Verb


@dataclass(frozen=True, slots=True)
class FlowStep:
    id: str
    verb: Verb
    next: str | None  # as written, or the step below where the verb falls through; None: the flow ends


@dataclass(frozen=True, slots=True)
class Flow:
    name: str
    title: Mapping[str, str]
    languages: tuple[str, ...]
    start: str
    human: str | None  # the step that leads to a person
    arguments: tuple[str, ...]
    steps: Mapping[str, FlowStep]


class Flows(Mapping[str, Flow]):
    """All flows of an organisation by name. Immutable: an edit loads new ones."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        self._flows = dict(flows)

    def __getitem__(self, name: str) -> Flow:
        try:
            return self._flows[name]
        except KeyError:
            raise FlowNotFoundError(f"there is no flow {name!r}", flow=name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._flows)

    def __len__(self) -> int:
        return len(self._flows)
