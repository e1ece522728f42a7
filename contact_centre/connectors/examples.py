"""Which example answers a request that somebody sent: the request read backwards through the description. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from contact_centre.connectors.answers import AnswerError, read_answer
from contact_centre.connectors.description import Description, Example, Operation
from contact_centre.connectors.hard_xml import BadXmlError, read_xml
from contact_centre.connectors.requests import envelope, evaluated
from ivr_flows.effects import AskSystem
from ivr_flows.inputs import Answered, NotFound, Unavailable
from ivr_flows.pieces import Name

_MARK = re.compile("⟦([^⟧]+)⟧")  # stands for an argument where the description would put its value
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def operation_at(
    description: Description, method: str, path: str, action: str
) -> tuple[Operation, dict[str, str]] | None:
    """The operation that is asked for there, and the arguments in its path. `action`: of SOAP, "" otherwise."""
    for operation in description.operations.values():
        found = re.fullmatch(_as_pattern(operation.path), path)
        if operation.method != method or found is None:
            continue
        if operation.soap is None or operation.soap.action == action:
            return operation, found.groupdict()
    return None


def arguments_in(operation: Operation, query: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The arguments that a query and a body were made from, as texts; those that cannot be told are left out."""
    marks: dict[str, Any] = {str(name): f"⟦{name}⟧" for name in operation.arguments}
    try:
        if operation.soap is not None:
            return dict(_captured(read_xml(envelope(operation.soap, marks)), read_xml(body)))
        pattern: Any = evaluated(operation.query, marks) or marks
        found = dict(_captured(pattern, dict(query)))
        if body:
            sent = marks if operation.body is None else evaluated(operation.body, marks)
            found |= dict(_captured(sent, json.loads(body)))
    except (AnswerError, BadXmlError, ValueError, RecursionError):
        return {}
    return found


def example_for(operation: Operation, arguments: Mapping[str, object]) -> Example:
    """The first whose `when` fits. What is not among the examples does not exist."""
    for example in operation.example:
        if all(_text(arguments.get(str(name))) == _text(value) for name, value in example.when.items()):
            return example
    rule = operation.not_found
    return Example(status=min(rule.statuses) if rule is not None and rule.statuses else 404)


def answer_of(operation: Operation, example: Example) -> tuple[int, bytes]:
    """Status and body, as the system itself would send them."""
    if operation.soap is None:
        return example.status, json.dumps(example.answer).encode()
    return 500 if example.status >= 400 else example.status, _soap_answer(example)


def from_examples(
    descriptions: Mapping[str, Description],
) -> Callable[[AskSystem], Answered | NotFound | Unavailable]:
    """Answers at once and without a network: for flows that are rehearsed."""

    def answer(asked: AskSystem) -> Answered | NotFound | Unavailable:
        description = descriptions.get(asked.connector)
        operation = description.operations.get(Name(asked.operation)) if description else None
        if description is None or operation is None:
            return Unavailable("unknown_connector")
        try:
            return read_answer(operation, *answer_of(operation, example_for(operation, asked.arguments)))
        except AnswerError as error:
            return Unavailable(error.reason, description.words_when_down())

    return answer


def _soap_answer(example: Example) -> bytes:
    """The example in an envelope; one that fails is a Fault."""
    if example.status >= 400:
        inside = (
            "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>simulated</faultstring></soap:Fault>"
        )
    else:
        inside = "".join(_xml("response", example.answer))
    return (
        f'<soap:Envelope xmlns:soap="{_ENVELOPE}"><soap:Body>{inside}</soap:Body></soap:Envelope>'
    ).encode()


def _as_pattern(path: str) -> str:
    pieces = re.split(r"\{(\w+)\}", path)
    named = (f"(?P<{piece}>[^/]+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    return "".join(named)


def _captured(pattern: Any, actual: Any) -> Iterator[tuple[str, str]]:
    """Where the description would have put an argument, what stands there."""
    if isinstance(pattern, dict) and isinstance(actual, dict):
        for name in pattern.keys() & actual.keys():
            yield from _captured(pattern[name], actual[name])
    elif isinstance(pattern, list) and isinstance(actual, list):
        for one, other in zip(pattern, actual, strict=False):
            yield from _captured(one, other)
    elif isinstance(pattern, str) and not isinstance(actual, dict | list):
        pieces = _MARK.split(pattern)
        expression = "".join("(.*)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
        found = re.fullmatch(expression, _text(actual), re.DOTALL)
        if found is not None:
            yield from zip(pieces[1::2], found.groups(), strict=True)


def _xml(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _xml(name, one)
        return
    yield f"<{name}>"
    if isinstance(value, dict):
        for inner, inside in value.items():
            yield from _xml(str(inner), inside)
    else:
        yield escape(_text(value))
    yield f"</{name}>"


def _text(value: object) -> str:
    if value is None:
        return ""
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
