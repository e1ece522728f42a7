"""What is sent: whatever an argument holds, it stays an argument."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from contact_centre.connectors.answers import AnswerError
from contact_centre.connectors.hard_xml import read_xml
from contact_centre.connectors.requests import Outgoing, outgoing
from ivr_flows.templates import UNSAYABLE
from tests.contact_centre.systems import description_of

DESCRIPTION = description_of("""
base: https://sistema.example/api
operations:
  ruta: {get: "/a/{x}/b/{y}", arguments: [x, y], example: {}}
  consulta: {get: /q, arguments: [x, y], query: {uno: "{{ x }}", dos: "<{{ y }}>"}, example: {}}
  suelta: {delete: /q, arguments: [x, y], example: {}}
  cuerpo: {post: /c, arguments: [x, y], body: {a: [{b: "{{ x }}"}], c: "<{{ y }}>"}, example: {}}
  soap: {soap: {body: "<r a='{{ y }}'><x>{{ x }}</x></r>"}, arguments: [x, y], example: {}}
""")
HOSTILE = st.text(max_size=40) | st.sampled_from([
    "..", ".", "", "a/b", "../..", "..\\..", "?x=1", "#", "@evil.example", "//evil.example", "%2e%2e", "%00", "\r\nHost: x",
    "</x><y>", "]]>", "&lt;", "&xxe;", "<!DOCTYPE a>", "' b='1", '"', "{{ 1 }}", "{y}", "\ud800", "\x00", "ñandú ☎", "a b+c&d=e",
])  # fmt: skip


def sent(operation: str, **arguments: str) -> Outgoing | None:
    try:
        return outgoing(DESCRIPTION, DESCRIPTION.operations[operation], arguments, "", "k")  # type: ignore[index]
    except AnswerError:
        return None


@given(HOSTILE, HOSTILE)
def test_in_a_path_it_is_one_part_or_refused(x: str, y: str) -> None:
    request = sent("ruta", x=x, y=y)
    if request is None:
        return
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "sistema.example", "", "")
    empty, api, a, first, b, second = parts.path.split("/")
    assert (empty, api, a, b) == ("", "api", "a", "b")
    assert (unquote(first), unquote(second)) == (x, y)
    assert request.url.isascii()
    assert request.url.isprintable()
    assert not {".", ".."} & {step for text in (x, y) for step in text.replace("\\", "/").split("/")}


@given(HOSTILE, HOSTILE)
def test_in_a_query_it_is_one_value(x: str, y: str) -> None:
    for operation, wanted in (("consulta", {"uno": x, "dos": f"<{y}>"}), ("suelta", {"x": x, "y": y})):
        request = sent(operation, x=x, y=y)
        assert request is not None
        parts = urlsplit(request.url)
        assert (parts.netloc, parts.path, parts.fragment) == ("sistema.example", "/api/q", "")
        assert request.url.isascii()
        found = parse_qs(parts.query, keep_blank_values=True)
        assert set(found) == set(wanted)
        if not UNSAYABLE.search(x + y):
            assert {name: values[0] for name, values in found.items()} == wanted


@given(HOSTILE, HOSTILE)
def test_in_json_it_is_one_text(x: str, y: str) -> None:
    request = sent("cuerpo", x=x, y=y)
    assert request is not None
    assert request.body is not None
    body = json.loads(request.body)
    assert set(body) == {"a", "c"}
    if not UNSAYABLE.search(x + y):
        assert body == {"a": [{"b": x}], "c": f"<{y}>"}


@given(HOSTILE, HOSTILE)
def test_in_xml_it_is_one_text(x: str, y: str) -> None:
    request = sent("soap", x=x, y=y)
    assert request is not None
    assert request.body is not None
    inside = read_xml(request.body)["Envelope"]["Body"]["r"]
    assert set(inside) == {"@a", "x"}
    if not UNSAYABLE.search(x + y) and x.strip() == x and not {"\r", "\ufffe", "\uffff"} & set(x):
        assert inside["x"] == x


def test_only_what_changes_something_carries_a_key() -> None:
    for operation in DESCRIPTION.operations:
        request = sent(str(operation), x="1", y="2")
        assert request is not None
        assert ("Idempotency-Key" in request.headers) == (str(operation) in ("suelta", "cuerpo", "soap"))
