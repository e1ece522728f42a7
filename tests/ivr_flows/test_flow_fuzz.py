"""Whatever is written in a flow's file, reading it answers with problems, never with a crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

import ivr_flows
from ivr_flows import read_flows
from ivr_flows.effects import Effect, Enqueue, HangUp
from ivr_flows.errors import ExpressionError
from ivr_flows.inputs import Digits, Done, Input, NoInput, Words
from ivr_flows.problem_texts import TEXTS
from ivr_flows.templates import Expression, Template
from ivr_flows.verbs import VERBS
from tests.ivr_flows.lines import Line

DEMO = (Path(ivr_flows.__file__).parent / "flows" / "demo" / "demo.yaml").read_text(encoding="utf-8")
FIELDS = sorted(
    {name for verb in VERBS.values() for name in verb.field_names()} | {"next", "note", "es", "en", "1", "0"}
)
KINDS = ["digits", "number", "date", "money", "yes_no", "document", "phone", "text", "code"]
WORDS = st.sampled_from(
    [
        "a",
        "b",
        "human",
        "end",
        "soporte",
        "{{ a }}",
        "{{ a + 1 }}",
        "language == 'es'",
        "1",
        "lun",
        "08:00-09:00",
        "date",
        "money",
        "document",
        "yes_no",
        "hoy",
        "{{ a|dinero }}",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 200)
    | st.floats(allow_nan=False)
    | st.text(max_size=10)
    | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
STEPS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.dictionaries(st.sampled_from([*VERBS, "next"]), VALUES, min_size=1, max_size=2) | VALUES,
    min_size=1,
)
TOKENS = st.lists(
    st.sampled_from(["x", "contact.name", "'a'", "3", "99999999", "+", "*", "**", "%", "~", "(", ")", "[", "]", "{{", "}}",
                     "|upper", "|int", "|join", "|round(2)", "|default(1)", "|first", "|fecha", "|dinero",
                     "|numero('una')", "|hora", "|cifras(2)", "|spell", "if", "else", "and", "not", "in",
                     "is defined", "==", "<", ".", ",", "__class__", "{%", "%}", "#"]),
    max_size=12,
).map(" ".join)  # fmt: skip


@given(STEPS, st.sampled_from([{}, {"human": "a"}, {"languages": ["es", "en"]}]))
def test_any_structure_is_read_and_what_is_sound_can_be_run(steps: object, header: dict[str, object]) -> None:
    flows, problems = read_flows({"main": json.dumps({**header, "steps": steps})}, {"soporte"})
    for problem in problems:
        assert problem.code in TEXTS
        assert str(problem)
        assert problem.line_in("en")
    if "main" not in flows or any(problem.severity == "error" for problem in problems):
        return
    line = Line(flows)
    for given_input in (Done(), NoInput(), Digits("1"), Words("3 de mayo"), Digits("0"), Done()):
        effect: Effect = line.answers(given_input)
        assert effect is not None
        if isinstance(effect, HangUp):
            return


ASKS = st.fixed_dictionaries(
    {"prompt": st.just("x"), "into": st.just("a"), "kind": st.sampled_from(KINDS)},
    optional={
        "of": st.sampled_from(["cedula", "ruc", "dui", "nit_sv", "ci"]),
        "minimum": VALUES, "maximum": VALUES, "earliest": VALUES, "latest": VALUES, "valid": WORDS,
        "zero": st.just("answer"), "secret": st.booleans(), "max_length": st.integers(1, 40),
    },
)  # fmt: skip
CONFIRMS = st.fixed_dictionaries(
    {"value": WORDS | st.just("a")},
    optional={"as": st.sampled_from(["money", "date", "digits", "number"]), "again": WORDS},
)
ANSWERS = st.builds(Digits, st.text("0123456789*#", max_size=16)) | st.builds(
    Words,
    st.text(max_size=100)
    | st.text("0123456789.,-/ $", max_size=20)
    | st.sampled_from(["sí", "no", "3 de mayo", "$12.50", "mañana", "171430710-3"]),
)


@given(ASKS, CONFIRMS, st.lists(ANSWERS, max_size=8), st.sampled_from(["voice", "text", "form"]))
def test_any_question_and_any_answer(ask: object, confirm: object, answers: list[Input], medium: str) -> None:
    steps = {"q": {"ask": ask}, "c": {"confirm": confirm}, "p": {"queue": "soporte"}}
    flows, problems = read_flows({"main": json.dumps({"human": "p", "steps": steps})}, {"soporte"})
    assert all(str(problem) and problem.line_in("en") for problem in problems)
    if any(problem.severity == "error" for problem in problems):
        return
    line = Line(flows, medium=medium)
    for given_input in answers:
        line.answers(given_input)
        assert line.turn.error == "" or isinstance(
            line.effect, Enqueue
        )  # a bound that means nothing: a person
        assert json.loads(json.dumps(line.turn.state, allow_nan=False)) == line.turn.state


@given(st.data())
def test_the_demo_with_lines_lost_swapped_or_spoilt(data: st.DataObject) -> None:
    lines = DEMO.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        spoil = data.draw(st.sampled_from(["drop", "double", "indent", "cut"]))
        lines[at : at + 1] = {
            "drop": [], "double": [lines[at]] * 2, "indent": ["  " + lines[at]], "cut": [lines[at][: len(lines[at]) // 2]]
        }[spoil]  # fmt: skip
    problems = read_flows({"demo": "\n".join(lines)}, {"soporte", "facturacion"})[1]
    assert all(problem.line <= len(lines) + 1 and str(problem) for problem in problems)


@given(st.binary(max_size=200) | TOKENS.map(str.encode))
def test_any_bytes(raw: bytes) -> None:
    flows, problems = read_flows({"main": raw.decode("latin-1")})
    assert problems
    assert not flows


@settings(deadline=1_000)
@given(TOKENS)
def test_any_expression_is_refused_or_gives_a_plain_value(source: str) -> None:
    values = {"x": "text", "contact": {"name": "Ana"}}
    for made in (Expression, Template):
        try:
            piece = made(source)
        except PydanticCustomError:
            continue
        try:
            result = piece.evaluate(values) if isinstance(piece, Expression) else piece.render(values)
        except ExpressionError:
            continue
        assert result is None or isinstance(result, str | int | float | bool | list | tuple | dict)


def test_an_empty_expression_is_refused() -> None:
    with pytest.raises(PydanticCustomError):
        Expression("")
