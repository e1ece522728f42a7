"""What is sent to a system: a method, an address, a body, made from arguments that may hold anything. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from contact_centre.connectors.answers import AnswerError
from contact_centre.connectors.description import Authentication, Description, Operation, Soap
from ivr_flows.errors import ExpressionError
from ivr_flows.templates import UNSAYABLE, Template, Value

MAX_URL = 4_000
MAX_SENT_BYTES = 64 * 1024
Plain = str | int | float | bool | None

_NOT_IN_XML = re.compile("[\ufffe\uffff]")
_ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`url` is already encoded, and is nobody's to log: it holds what the caller typed."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


def outgoing(
    description: Description, operation: Operation, arguments: Mapping[str, Plain], secret: str, key: str
) -> Outgoing:
    """`key` goes with what changes something, so that a repetition can be told. Raises AnswerError."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Centralita"}
    headers |= credentials(description.authentication, secret)
    if operation.changes:
        headers["Idempotency-Key"] = key
    rest = {name: value for name, value in arguments.items() if name not in operation.in_path}
    body: bytes | None = None
    query = {name: evaluated(value, arguments) for name, value in operation.query.items()}
    if operation.soap is not None:
        headers |= _soap_headers(operation.soap)
        body = envelope(operation.soap, arguments)
    elif operation.method in ("POST", "PUT", "PATCH"):
        headers["Content-Type"] = "application/json"
        sent = rest if operation.body is None else evaluated(operation.body, arguments)
        body = json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")
    elif not query:
        query = rest
    url = description.base + _path(operation, arguments)
    if query:
        url += "?" + urlencode({name: _text(value) for name, value in query.items()}, errors="replace")
    if len(url) > MAX_URL or len(body or b"") > MAX_SENT_BYTES:
        raise AnswerError("bad_argument", "what would be sent is too long")
    return Outgoing(operation.method, url, headers, body)


def credentials(authentication: Authentication, secret: str) -> dict[str, str]:
    match authentication.kind:
        case "bearer":
            return {"Authorization": f"Bearer {secret}"}
        case "basic":
            pair = base64.b64encode(f"{authentication.user}:{secret}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        case "header":
            return {str(authentication.header): secret}
        case _:
            return {}


def envelope(soap: Soap, arguments: Mapping[str, Plain]) -> bytes:
    """The SOAP message; in its templates, arguments are escaped. Raises AnswerError."""
    escaped = {name: _xml_text(value) for name, value in arguments.items()}
    inside = _rendered(soap.body, escaped)
    namespace = _ENVELOPES[soap.version]
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{namespace}"><soap:Body>{inside}'
        "</soap:Body></soap:Envelope>"
    ).encode("utf-8", "replace")


def _soap_headers(soap: Soap) -> dict[str, str]:
    action = soap.action
    if soap.version == "1.1":
        return {"Accept": "text/xml", "Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
    said = f'; action="{action}"' if action else ""
    return {"Accept": "application/soap+xml", "Content-Type": f"application/soap+xml; charset=utf-8{said}"}


def _path(operation: Operation, arguments: Mapping[str, Plain]) -> str:
    def put(place: re.Match[str]) -> str:
        text = _text(arguments.get(place[1]))
        steps = re.split(r"[/\\]", text)  # some servers take an encoded slash for a real one
        printable = text.strip() and text.isprintable() and len(text) <= 200
        if not printable or any(step.strip() in (".", "..") for step in steps):
            raise AnswerError("bad_argument", f"{place[1]}: cannot stand in a path")
        return quote(text, safe="", errors="replace")

    return re.sub(r"\{(\w+)\}", put, operation.path)


def evaluated(part: Any, arguments: Mapping[str, Plain]) -> Any:
    if isinstance(part, dict):
        return {name: evaluated(inside, arguments) for name, inside in part.items()}
    if isinstance(part, list):
        return [evaluated(inside, arguments) for inside in part]
    try:
        return part.evaluate(arguments) if isinstance(part, Value) else part
    except ExpressionError as error:
        raise AnswerError("bad_argument", str(error)) from error


def _rendered(template: Template, values: Mapping[str, Any]) -> str:
    try:
        return template.render(values)
    except ExpressionError as error:
        raise AnswerError("bad_argument", str(error)) from error


def _xml_text(value: Plain) -> str:
    return escape(_NOT_IN_XML.sub(" ", UNSAYABLE.sub(" ", _text(value))), {'"': "&quot;", "'": "&apos;"})


def _text(value: object) -> str:
    if value is None:
        return ""
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
