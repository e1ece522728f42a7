"""What a system answered, made into plain values. Nothing in an answer is believed: not its size, depth, kind or words."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from contact_centre.connectors.description import NotFoundRule, Operation
from contact_centre.connectors.hard_xml import BadXmlError, read_xml
from ivr_flows.errors import ExpressionError
from ivr_flows.inputs import Answered, NotFound
from ivr_flows.templates import MAX_NUMBER, sayable

MAX_BYTES = 256 * 1024
MAX_DEPTH = 30
MAX_VALUES = 5_000
MAX_TEXT = 500

Plain = str | int | float | bool | None


class AnswerError(Exception):
    """It cannot be used. `reason` is a short code, `detail` for whoever describes the system."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def read_answer(operation: Operation, status: int, raw: bytes) -> Answered | NotFound:
    """Raises AnswerError."""
    rule = operation.not_found
    if rule is not None and status in rule.statuses:
        return NotFound()
    if 300 <= status < 400:
        raise AnswerError(
            "redirected", f"it answers {status}, which is not followed: correct `base` or the path"
        )
    by_condition = rule is not None and rule.condition is not None
    if status >= 400 and not by_condition and operation.soap is None:
        raise AnswerError(_refusal(status), f"it answers {status}")
    try:
        body = _body(operation, raw)
    except AnswerError:
        if status >= 400:  # the status says more than what could not be read
            raise AnswerError(_refusal(status), f"it answers {status}") from None
        raise
    if rule is not None and _holds(rule, status, body):
        return NotFound()
    if status >= 400 or (operation.soap is not None and _is_fault(body)):
        raise AnswerError(_refusal(max(status, 400)), _fault_of(body) or f"it answers {status}")
    return Answered(results_of(operation, status, body))


def results_of(operation: Operation, status: int, body: Any) -> dict[str, Plain]:
    """Raises AnswerError for results that are no texts, numbers or truths."""
    values = {"answer": body, "status": status}
    results: dict[str, Plain] = {}
    for name, template in operation.result.items():
        try:
            results[str(name)] = _plain(str(name), template.evaluate(values))
        except ExpressionError as error:
            raise AnswerError("bad_answer", f"{name}: {error}") from error
    return results


def _body(operation: Operation, raw: bytes) -> Any:
    if operation.soap is not None:
        return _soap(raw)
    if not raw.strip():
        return None
    try:
        body = json.loads(raw, parse_constant=_not_a_number)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise AnswerError("bad_answer", f"it is not JSON ({type(error).__name__})") from error
    _measure(body)
    return body


def _soap(raw: bytes) -> Any:
    """What stands in the response element, whatever that is called; `{fault: …}` of a Fault."""
    try:
        read = read_xml(raw)
    except BadXmlError as error:
        raise AnswerError("bad_answer", f"it is not XML that is accepted ({error})") from error
    envelope = read.get("Envelope")
    body = envelope.get("Body") if isinstance(envelope, dict) else None
    if not isinstance(body, dict):
        raise AnswerError("bad_answer", "it is no SOAP envelope with a body")
    name, inside = next(
        ((name, inside) for name, inside in body.items() if not name.startswith("@")), ("", None)
    )
    return {"fault": inside} if name == "Fault" else inside


def _is_fault(body: Any) -> bool:
    return isinstance(body, dict) and "fault" in body


def _fault_of(body: Any) -> str:
    fault = body.get("fault") if isinstance(body, dict) else None
    words = fault.get("faultstring") if isinstance(fault, dict) else None
    return f"fault: {sayable(words)[:100]}" if isinstance(words, str) else ""


def _holds(rule: NotFoundRule, status: int, body: Any) -> bool:
    try:
        return rule.holds(status, {"answer": body, "status": status})
    except ExpressionError as error:
        raise AnswerError("bad_answer", f"not_found: {error}") from error


def _refusal(status: int) -> str:
    return "refused" if status < 500 and status != 429 else "failing"


def _plain(name: str, value: Any) -> Plain:
    if isinstance(value, str):
        return " ".join(sayable(value[: 4 * MAX_TEXT]).split())[:MAX_TEXT]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= MAX_NUMBER:
        return value
    raise AnswerError("bad_answer", f"{name}: {type(value).__name__} is no text, number or truth")


def _measure(body: Any) -> None:
    """Refuse what is too deep or too much to be worked with."""
    pending, count = [(body, 0)], 0
    while pending:
        value, depth = pending.pop()
        count += 1
        if count > MAX_VALUES or depth > MAX_DEPTH:
            raise AnswerError("bad_answer", "it holds too many values, or too deep ones")
        inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        pending.extend((each, depth + 1) for each in inside)


def _not_a_number(name: str) -> NoReturn:
    raise ValueError(name)
