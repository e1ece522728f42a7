"""What can be told about flows without running them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ivr_flows.connector_checks import check_systems
from ivr_flows.connector_view import ConnectorViews
from ivr_flows.flow import Flow, FlowStep
from ivr_flows.graph import loops, reachable
from ivr_flows.pieces import (
    RESERVED_VARIABLES,
    FlowName,
    Path,
    Prompts,
    QueueName,
    Target,
    VariableName,
    pieces,
)
from ivr_flows.problems import nearest
from ivr_flows.spoken.filters import MANNER
from ivr_flows.templates import Template
from ivr_flows.verbs.ask import Ask
from ivr_flows.verbs.confirm import Confirm
from ivr_flows.verbs.question import Question
from ivr_flows.verbs.queue import Queue
from ivr_flows.verbs.subflow import Subflow
from ivr_flows.verbs.transfer import Transfer
from ivr_flows.yaml_source import Source

_SPOKEN = frozenset(
    {
        "prompt",
        "while_waiting",
        "no_input",
        "invalid",
        "minimum",
        "maximum",
        "earliest",
        "latest",
    }  # bounds are told
)
_SURROUNDINGS = RESERVED_VARIABLES | {"language", MANNER}


def check_flows(
    flows: Mapping[str, Flow],
    sources: Mapping[str, Source],
    queues: set[str] | None,
    connectors: ConnectorViews | None = None,
) -> None:
    """Add what is found to each flow's source."""
    called = {
        step.verb.flow
        for flow in flows.values()
        for step in flow.steps.values()
        if isinstance(step.verb, Subflow)
    }
    for name, flow in flows.items():
        source = sources[name]
        _check_names(flow, source, flows, set(sources), queues)
        if connectors is not None:
            check_systems(flow, source, connectors)
        _check_languages(flow, source)
        _check_variables(flow, source)
        if any(problem.severity == "error" for problem in source.problems):
            continue  # a graph with holes tells nothing
        onward = partial(ways, flow)
        _check_reachable(flow, source, onward)
        _check_loops(flow, source, onward, flows)
        _check_human(flow, source, onward, is_called=name in called)
    _check_recursion(flows, sources)


def queues_of(flows: Mapping[str, Flow]) -> set[str]:
    """Every queue that a flow hands contacts to."""
    found = (piece for flow in flows.values() for _, piece in _pieces(flow))
    return {str(piece) for piece in found if isinstance(piece, QueueName)}


def _check_names(
    flow: Flow, source: Source, flows: Mapping[str, Flow], files: set[str], queues: set[str] | None
) -> None:
    header: list[tuple[Path, object]] = [(("start",), Target(flow.start))]
    if flow.human:
        header.append((("human",), Target(flow.human)))
    for path, piece in [*header, *_pieces(flow)]:
        name = str(piece)
        if isinstance(piece, Target) and name not in flow.steps and name not in ("human", "end"):
            source.problem("unknown_step", path, name=name, nearest=nearest(name, flow.steps))
        elif isinstance(piece, QueueName) and queues is not None and name not in queues:
            source.problem("unknown_queue", path, name=name, nearest=nearest(name, queues))
        elif isinstance(piece, FlowName) and name not in files:
            source.problem("unknown_flow", path, name=name, nearest=nearest(name, files))
    for step in flow.steps.values():
        if isinstance(step.verb, Subflow) and step.verb.flow in flows:
            _check_arguments(source, step, step.verb, flows[step.verb.flow])


def _check_arguments(source: Source, step: FlowStep, verb: Subflow, callee: Flow) -> None:
    for name in verb.arguments:
        if name not in callee.arguments:
            path = ("steps", step.id, "subflow", "with", str(name))
            source.problem(
                "unknown_argument",
                path,
                key=True,
                flow=callee.name,
                name=name,
                nearest=nearest(name, callee.arguments),
            )


def _check_languages(flow: Flow, source: Source) -> None:
    for path, piece in _pieces(flow):
        missing = piece.missing(flow.languages) if isinstance(piece, Prompts) else set()
        if missing:
            source.problem("missing_language", path, warning=True, languages=", ".join(sorted(missing)))


def _check_variables(flow: Flow, source: Source) -> None:
    found = list(_pieces(flow))
    given = {str(name) for _, name in found if isinstance(name, VariableName)} | set(flow.arguments)
    secrets = {
        str(step.verb.into) for step in flow.steps.values() if isinstance(step.verb, Ask) and step.verb.secret
    }
    for path, piece in found:
        if not isinstance(piece, Template):
            continue
        for name in sorted(piece.names - given - _SURROUNDINGS):
            source.problem("unknown_variable", path, warning=True, name=name, nearest=nearest(name, given))
        for name in sorted(piece.names & secrets):
            if _is_shown(flow, path):
                source.problem("secret_shown", path, name=name)


def _is_shown(flow: Flow, path: Path) -> bool:
    """Spoken, or put before agents; keeping and comparing a secret is fine."""
    verb = flow.steps[str(path[1])].verb
    if isinstance(verb, Confirm) and "value" in path:
        return True
    return isinstance(verb, Queue) or not _SPOKEN.isdisjoint(path)


def _check_reachable(flow: Flow, source: Source, ways: Callable[[str], set[str]]) -> None:
    starts = {flow.start} | ({flow.human} if flow.human else set())
    seen = reachable(starts, ways)
    for step_id in flow.steps:
        if step_id not in seen:
            source.problem("unreachable", ("steps", step_id), key=True, warning=True, step=step_id)


def _check_loops(
    flow: Flow, source: Source, ways: Callable[[str], set[str]], flows: Mapping[str, Flow]
) -> None:
    silent = {step.id for step in flow.steps.values() if not _listens(step, flows)}
    for loop in loops(silent, ways):
        ordered = [step_id for step_id in flow.steps if step_id in loop]
        source.problem(
            "endless_loop", ("steps", ordered[0]), key=True, steps=" → ".join([*ordered, ordered[0]])
        )


def _listens(step: FlowStep, flows: Mapping[str, Flow]) -> bool:
    if isinstance(step.verb, Subflow):
        callee = flows.get(step.verb.flow)
        return callee is None or any(inner.verb.asks for inner in callee.steps.values())
    return step.verb.asks


def _check_human(flow: Flow, source: Source, ways: Callable[[str], set[str]], *, is_called: bool) -> None:
    def meets_people(step_ids: set[str]) -> bool:
        return any(isinstance(flow.steps[step_id].verb, Queue | Transfer) for step_id in step_ids)

    if flow.human:
        reached = reachable({flow.human}, ways)
        inner = any(isinstance(flow.steps[step_id].verb, Subflow) for step_id in reached)
        if not meets_people(reached) and not inner:
            source.problem("human_without_queue", ("human",), warning=True)
        return
    if is_called:
        return  # its caller knows the way
    asks = any(isinstance(step.verb, Question) for step in flow.steps.values())
    if asks or not meets_people(reachable({flow.start}, ways)):
        source.problem("no_human", warning=True)
    for path, piece in _pieces(flow):
        if isinstance(piece, Target) and piece == "human" and source.is_written(path):
            source.problem("no_human_here", path, warning=True)


def _check_recursion(flows: Mapping[str, Flow], sources: Mapping[str, Source]) -> None:
    def calls(name: str) -> set[str]:
        steps = flows[name].steps.values()
        return {str(step.verb.flow) for step in steps if isinstance(step.verb, Subflow)} & set(flows)

    for loop in loops(set(flows), calls):
        ordered = sorted(loop)
        sources[ordered[0]].problem("recursive_subflow", flows=" → ".join([*ordered, ordered[0]]))


def ways(flow: Flow, step_id: str) -> set[str]:
    """Where this step may lead inside its flow."""
    step = flow.steps[step_id]
    targets = {str(piece) for _, piece in pieces(step.verb) if isinstance(piece, Target)}
    if isinstance(step.verb, Question):
        targets.add("human")
    if step.next:
        targets.add(step.next)
    if "human" in targets and flow.human:
        targets.add(flow.human)
    return {way for way in targets if way in flow.steps}


def _pieces(flow: Flow) -> Iterator[tuple[Path, object]]:
    for step in flow.steps.values():
        if step.next:
            yield ("steps", step.id, "next"), Target(step.next)
        yield from pieces(step.verb, ("steps", step.id, step.verb.verb))
