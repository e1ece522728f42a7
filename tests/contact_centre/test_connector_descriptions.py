"""Descriptions of systems: what is wrong is told with file, line, cause and remedy; those we bring are sound."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ivr_flows
from contact_centre.connectors.answers import MAX_TEXT, AnswerError, read_answer
from contact_centre.connectors.description import Description, Operation
from contact_centre.connectors.reading import read_beside, read_connectors, read_texts
from ivr_flows.inputs import Answered
from ivr_flows.problem_texts import TEXTS
from ivr_flows.templates import UNSAYABLE
from tests.contact_centre.systems import description_of, shelf_of

FLOWS = Path(ivr_flows.__file__).parent / "flows"
READY = sorted(FLOWS.glob("*/connectors"))
GUIDE = Path(__file__).parents[2] / "docs" / "connectors.md"

SOUND = """
title: {es: Facturación, en: Billing}
base: https://facturacion.example/api
authentication: {kind: bearer, secret: facturacion}
allow: [facturacion.example]
when_down: {es: No responde., en: It is down.}
operations:
  saldo:
    get: /cuentas/{contrato}/saldo
    arguments: [contrato]
    cache_s: 60
    result: {saldo: "{{ answer.balance }}"}
    not_found: 404
    example: {when: {contrato: 1001}, answer: {balance: 12.5}}
  pagar:
    post: /pagos
    arguments: [contrato, monto]
    body: {account: "{{ contrato }}", amount: "{{ monto }}"}
    example: {answer: {}}
"""


def test_a_sound_description_has_no_problem_and_says_what_it_offers() -> None:
    view = description_of(SOUND).view()
    assert view["saldo"].arguments == {"contrato"}
    assert view["saldo"].results == {"saldo"}
    assert not view["saldo"].changes
    assert view["pagar"].changes


@pytest.mark.parametrize(
    ("right", "wrong", "code", "line"),
    [
        ("base: https://facturacion.example/api", "base: http://127.1/", "bad_base", 3),
        ("allow: [facturacion.example]", "allow: [otra.example]", "base_not_allowed", 3),
        ("allow: [facturacion.example]", "allow: [0.0.0.0/0]", "bad_allow", 5),
        ("secret: facturacion}", "}", "bad_authentication", 4),
        ("kind: bearer, secret: facturacion", "kind: none, secret: facturacion", "bad_authentication", 4),
        ("base: https:", "base: http:", "plain_http", 3),
        ("get: /cuentas/{contrato}/saldo", "get: cuentas", "bad_path", 9),
        ("get: /cuentas/{contrato}/saldo", "get: /cuentas/../saldo", "bad_path", 9),
        ("get: /cuentas/{contrato}/saldo", "get: /cuentas?x=1", "bad_path", 9),
        ("/{contrato}/", "/{contrata}/", "unknown_in_template", 9),
        ("arguments: [contrato]\n", "argumentos: [contrato]\n", "unknown_field", 10),
        ("cache_s: 60", "cache_s: siempre", "wrong_value", 11),
        ("answer.balance", "anwser.balance", "unknown_in_template", 12),
        ("{{ answer.balance }}", "{{ answer.balance.__class__ }}", "template_forbidden", 12),
        ("{{ answer.balance }}", "{{ answer.balance", "template_syntax", 12),
        ("{{ answer.balance }}", "{{ answer }}", "bad_example", 14),
        ("when: {contrato: 1001}", "when: {contrata: 1001}", "unknown_example_argument", 14),
        ("post: /pagos", "post: /pagos\n    get: /pagos", "one_method", 16),
        ("post: /pagos", "note: x", "one_method", 16),
        ("{{ monto }}", "{{ montos }}", "unknown_in_template", 18),
        ("post: /pagos", "post: /pagos\n    cache_s: 5", "cache_of_change", 17),
        ("    example: {answer: {}}\n", "", "no_example", 15),
        ("get: /cuentas/{contrato}/saldo", "get: /cuentas/{contrato}/saldo\n    body: {a: 1}", "no_body", 10),
        ("operations:", "operaciones:", "unknown_field", 7),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_is(right: str, wrong: str, code: str, line: int) -> None:
    assert right in SOUND
    problems = shelf_of(SOUND.replace(right, wrong)).problems
    found = [problem for problem in problems if problem.code == code]
    assert found, [str(problem) for problem in problems]
    assert found[0].line == line
    for language in ("es", "en"):
        cause, remedy = found[0].words(language)
        assert cause
        assert remedy
        assert not {"«?»", "`?`"} & set(cause.replace(".", " ").split())  # nothing is left to be filled in
    assert str(found[0]).startswith(f"sistema.yaml:{line}:")


def test_soap_that_is_no_xml_is_told() -> None:
    text = """
    base: https://a.example
    operations:
      a: {soap: {body: "<a>{{ x }}<b></a>"}, arguments: [x], example: {}}
    """
    (problem,) = shelf_of(text).problems
    assert (problem.code, problem.line) == ("soap_body", 4)


def test_words_of_every_problem_can_be_filled() -> None:
    for code, texts in TEXTS.items():
        for language in ("es", "en"):
            for words in texts[language]:
                assert words.format_map(dict.fromkeys(re.findall(r"\{(\w+)\}", words), "x")), code


def test_a_folder_without_connectors_is_a_centre_without_them(tmp_path: Path) -> None:
    assert read_beside(tmp_path).descriptions == {}
    assert read_beside(tmp_path).problems == ()
    assert [problem.code for problem in read_connectors(tmp_path / "nada").problems] == ["unreadable"]


@pytest.mark.parametrize("folder", READY, ids=lambda folder: folder.parent.name)
def test_the_descriptions_we_bring_are_sound_and_every_operation_has_an_example(folder: Path) -> None:
    shelf = read_connectors(folder)
    assert [str(problem) for problem in shelf.problems] == []
    assert shelf.descriptions
    for description in shelf.descriptions.values():
        assert set(description.words_when_down()) == {"es", "en"}
        assert description.base.startswith("https://")
        assert description.authentication.kind != "none"
        for operation in description.operations.values():
            assert any(example.status < 300 for example in operation.example)


def test_the_organisations_systems_are_all_there() -> None:
    named = {folder.parent.name: set(read_connectors(folder).descriptions) for folder in READY}
    assert named["comteco"] == {
        "smartflex", "gsi", "guiatel", "p_empleados", "btel2", "mio", "qbc", "naf", "gis",
    }  # fmt: skip
    assert named["etapa"] == {"facturacion", "reclamos", "ordenes"}
    assert named["cnr"] == {"tramites", "aranceles"}


def test_the_example_of_the_guide_is_sound() -> None:
    whole = [
        text
        for text in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
        if "base:" in text
    ]
    assert whole
    for text in whole:
        assert [str(problem) for problem in shelf_of(text).problems] == []


def test_the_guide_names_every_field() -> None:
    guide = GUIDE.read_text("utf-8")
    fields = {*Description.model_fields, *Operation.model_fields}
    assert sorted(name for name in fields if f"`{name}`" not in guide) == []


KEYS = st.sampled_from(
    [*Description.model_fields, *Operation.model_fields, "kind", "secret", "a", "when", "answer", "status"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["{{ a }}", "/a/{a}", "http://a"])
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(KEYS, TREES, max_size=6))
def test_whatever_is_written_reading_answers_with_problems(tree: dict[str, object]) -> None:
    for data in (tree, {"base": "https://a.example", "operations": {"a": {"get": "/", **tree}}}):
        shelf = read_texts({"a.yaml": json.dumps(data).encode()})
        for problem in shelf.problems:
            assert problem.code in TEXTS
            assert str(problem)
        assert shelf.descriptions or shelf.errors


@given(st.binary(max_size=300))
def test_whatever_bytes_are_in_the_file_reading_answers_with_problems(raw: bytes) -> None:
    shelf = read_texts({"a.yaml": raw})
    assert shelf.descriptions or shelf.errors


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=600),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "fault"]), inner, max_size=3)
    ),
    max_leaves=10,
)
ODD = description_of("""
base: https://a.example
operations:
  json:
    get: /
    result: {uno: "{{ answer.a }}", dos: "{{ answer[0].b }}", tres: "{{ answer.a + 1 }}", cuatro: "x {{ answer }}"}
    not_found: "{{ answer.b == 1 }}"
    example: {answer: {a: 1}}
  soap:
    soap: {body: <a/>}
    result: {uno: "{{ answer.a|float }}"}
    example: {answer: {a: 1}}
""")


@given(
    st.sampled_from(["json", "soap"]),
    st.integers(200, 599),
    st.binary(max_size=200) | JSON_VALUES.map(json.dumps).map(str.encode),
)
def test_whatever_a_system_answers_it_becomes_plain_bounded_values_or_a_reason(
    name: str, status: int, raw: bytes
) -> None:
    try:
        answer = read_answer(ODD.operations[name], status, raw)  # type: ignore[index]
    except AnswerError as refused:
        reason = refused.reason
    else:
        reason = ""
        for value in answer.values.values() if isinstance(answer, Answered) else ():
            assert value is None or isinstance(value, str | bool) or abs(value) <= 10**15
            assert not isinstance(value, str) or (len(value) <= MAX_TEXT and not UNSAYABLE.search(value))
    assert reason in {"", "bad_answer", "refused", "failing", "redirected"}
