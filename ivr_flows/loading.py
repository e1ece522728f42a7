"""The door of the language: read a folder of flows, and say all that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from ivr_flows.checks import check_flows
from ivr_flows.connector_view import ConnectorViews
from ivr_flows.errors import FlowErrors
from ivr_flows.flow import Flow, Flows
from ivr_flows.pieces import Name
from ivr_flows.problems import Problem
from ivr_flows.reading import read_flow
from ivr_flows.schedule import warm_up
from ivr_flows.yaml_source import MAX_BYTES, Source, read_source

MAX_FILES = 300
TESTS = ".test.yaml"  # what stands beside the flows and tests them


def load_flows(
    folder: Path, queues: set[str] | None = None, connectors: ConnectorViews | None = None
) -> Flows:
    """The flows in `folder` (`*.yaml`, named after their files); `queues`, `connectors`: when they are known.

    Raises FlowErrors; warnings pass.
    """
    warm_up()
    flows, problems = read_folder(folder, queues, connectors)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise FlowErrors(errors)
    return Flows(flows)


def check(folder: Path, queues: set[str] | None = None) -> list[Problem]:
    """Everything wrong with the folder, errors first in each file. `queues`: the names, when known."""
    return read_folder(folder, queues)[1]


def read_flows(
    texts: dict[str, str], queues: set[str] | None = None, connectors: ConnectorViews | None = None
) -> tuple[Flows, list[Problem]]:
    """The same from memory: flow name → YAML. For editors and tests."""
    return _read({f"{name}.yaml": text.encode() for name, text in texts.items()}, queues, connectors)


def read_folder(
    folder: Path, queues: set[str] | None, connectors: ConnectorViews | None = None
) -> tuple[Flows, list[Problem]]:
    """The usable flows, and everything wrong with the folder; whoever runs them wants `load_flows`."""
    try:
        files = sorted(
            path
            for path in folder.iterdir()
            if path.suffix in (".yaml", ".yml") and not path.name.endswith(TESTS)
        )
    except OSError as error:
        return Flows({}), [Problem(str(folder), 1, 1, "unreadable", data={"detail": error.strerror or "?"})]
    contents: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path in files[:MAX_FILES]:
        try:
            with path.open("rb") as opened:
                contents[str(path)] = opened.read(MAX_BYTES + 1)
        except OSError as error:
            problems.append(Problem(str(path), 1, 1, "unreadable", data={"detail": error.strerror or "?"}))
    if not contents and not problems:
        problems.append(Problem(str(folder), 1, 1, "no_flows", data={"folder": str(folder)}))
    flows, found = _read(contents, queues, connectors)
    return flows, problems + found


def _read(
    contents: dict[str, bytes], queues: set[str] | None, connectors: ConnectorViews | None
) -> tuple[Flows, list[Problem]]:
    flows: dict[str, Flow] = {}
    sources: dict[str, Source] = {}
    unusable: list[Source] = []
    for file, raw in contents.items():
        source, name = read_source(file, raw), Path(file).stem
        if name in sources:
            source.problem("duplicate_flow", name=name, first=sources[name].file)
        try:
            Name.read(name)
        except ValueError:
            source.problem("bad_flow_name", name=name[:80])
        flow = read_flow(name, source)
        if flow is None:
            unusable.append(source)
        if name not in sources:
            sources[name] = source
        if flow is not None:
            flows[name] = flow
    check_flows(flows, sources, queues, connectors)
    problems = [problem for source in [*sources.values(), *unusable] for problem in source.problems]
    ordered = sorted(dict.fromkeys(map(_Once, problems)), key=lambda one: one.order)
    return Flows(flows), [one.problem for one in ordered]


class _Once:
    """A problem counted once, though its file may be listed twice."""

    __slots__ = ("order", "problem")

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.order = (problem.file, problem.severity, problem.line, problem.column, problem.code)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Once) and self.order == other.order and self.problem.data == other.problem.data
        )

    def __hash__(self) -> int:
        return hash(self.order)
