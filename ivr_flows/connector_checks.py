"""Whether what flows ask of an institution's own systems is what those systems offer."""

from __future__ import annotations

from ivr_flows.connector_view import ConnectorViews, OperationView
from ivr_flows.flow import Flow, FlowStep
from ivr_flows.pieces import Path
from ivr_flows.problems import nearest
from ivr_flows.verbs.system_step import SystemStep
from ivr_flows.yaml_source import Source


def check_systems(flow: Flow, source: Source, connectors: ConnectorViews) -> None:
    for step in flow.steps.values():
        if isinstance(step.verb, SystemStep):
            _check_step(source, step, step.verb, connectors)


def _check_step(source: Source, step: FlowStep, verb: SystemStep, connectors: ConnectorViews) -> None:
    path: Path = ("steps", step.id, verb.verb)
    connector, name = str(verb.connector), str(verb.operation)
    operations = connectors.get(connector)
    if operations is None:
        near = nearest(connector, connectors)
        source.problem("unknown_connector", (*path, "connector"), name=connector, nearest=near)
        return
    operation = operations.get(name)
    if operation is None:
        near = nearest(name, operations)
        where = (*path, "operation")
        source.problem("unknown_operation", where, connector=connector, name=name, nearest=near)
        return
    if operation.changes and not verb.changes:
        source.problem("look_up_changes", path, key=True, operation=name)
    _check_arguments(source, path, verb, operation)
    for ours, theirs in verb.into.items():
        if theirs not in operation.results:
            near, where = nearest(theirs, operation.results), (*path, "into", str(ours))
            source.problem("unknown_result", where, operation=name, name=str(theirs), nearest=near)


def _check_arguments(source: Source, path: Path, verb: SystemStep, operation: OperationView) -> None:
    given, name = {str(argument) for argument in verb.arguments}, str(verb.operation)
    for argument in sorted(given - operation.arguments):
        near, where = nearest(argument, operation.arguments), (*path, "with", argument)
        source.problem("unknown_operand", where, key=True, operation=name, name=argument, nearest=near)
    for argument in sorted(operation.arguments - given):
        source.problem("missing_operand", path, key=True, operation=name, name=argument)
