"""The centre's flows as their files are now, checked, and which numbers lead into them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contact_centre.centre_file import Centre, DialledNumber
from ivr_flows import ConnectorViews, Flow, Problem, read_folder

Systems = Callable[[], tuple[ConnectorViews, Sequence[Problem]]]
"""The institution's own systems as they are described now, and what is wrong with that."""


@dataclass(frozen=True, slots=True)
class Listed:
    """`flow` is None when its file cannot be used at all, or is missing."""

    name: str
    flow: Flow | None
    numbers: Sequence[DialledNumber]
    problems: Sequence[Problem]  # of its file, errors first


@dataclass(frozen=True, slots=True)
class Shelf:
    listed: Sequence[Listed]  # those that numbers lead into first
    problems: Sequence[Problem]  # of the folder itself, and of the connectors described in it


class FlowFolder:
    """Read anew each time it is asked: a designer looks here right after saving."""

    def __init__(self, folder: Path, centre: Centre, systems: Systems) -> None:
        self._folder = folder
        self._systems = systems
        self._numbers = centre.numbers
        self._queues = {queue.name for queue in centre.queues}

    async def shelf(self) -> Shelf:
        return await asyncio.to_thread(self._read)

    def _read(self) -> Shelf:
        connectors, of_connectors = self._systems()
        flows, problems = read_folder(self._folder, self._queues, connectors)
        of_folder = [problem for problem in problems if Path(problem.file) == self._folder]
        by_name: dict[str, list[Problem]] = {}
        for problem in problems:
            if problem not in of_folder:
                by_name.setdefault(Path(problem.file).stem, []).append(problem)
        dialled = {entry.flow for entry in self._numbers}
        names = sorted({*flows, *by_name, *dialled}, key=lambda name: (name not in dialled, name))
        return Shelf(
            [self._listed(name, flows.get(name), by_name.get(name, [])) for name in names],
            [*of_folder, *of_connectors],
        )

    def _listed(self, name: str, flow: Flow | None, problems: list[Problem]) -> Listed:
        numbers = [entry for entry in self._numbers if entry.flow == name]
        return Listed(name, flow, numbers, problems)
