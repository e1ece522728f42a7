"""The designers' page says nothing that does not work."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent
from typing import get_args

import jsonschema_rs

from ivr_flows import json_schema, read_flows
from ivr_flows.answers.documents import DOCUMENTS
from ivr_flows.rehearsal.story import Line, Stories
from ivr_flows.spoken.filters import MANNER
from ivr_flows.spoken.manner import Manner
from ivr_flows.templates import _ENVIRONMENT, Template
from ivr_flows.verbs import VERBS
from ivr_flows.verbs.ask import DocumentName, KindName
from ivr_flows.yaml_source import read_source

GUIDE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")

SCHEMA = jsonschema_rs.Draft202012Validator(json_schema())


def test_its_complete_flow_has_no_problem() -> None:
    whole = next(text for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL) if "steps:" in text)
    assert read_flows({"ejemplo": whole}, {"soporte", "facturacion"})[1] == []


def test_its_pieces_are_read() -> None:
    for piece in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL):
        if "steps:" not in piece and "tests:" not in piece:
            problems = read_flows({"trozo": "steps:\n" + indent(piece, "  ")})[1]
            data = read_source("trozo", ("steps:\n" + indent(piece, "  ")).encode()).data
            assert SCHEMA.is_valid(data), piece
            assert {problem.code for problem in problems} <= {"unknown_step", "unknown_variable", "no_human"}


def test_it_names_every_verb_and_filter() -> None:
    assert [word for word in VERBS if f"| `{word}` |" not in GUIDE] == []
    assert [name for name in _ENVIRONMENT.filters if name != "d" and f"`{name}`" not in GUIDE] == []


def test_its_stories_are_read_and_its_words_are_all_there_are() -> None:
    whole = next(text for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL) if "tests:" in text)
    Stories.model_validate(read_source("guide", whole.encode()).data)
    told = set(re.findall(r"^\| `([a-z_]+)", GUIDE, re.MULTILINE))
    assert set(Line.model_fields) - told == set()


def test_the_schema_refuses_what_the_language_refuses() -> None:
    def flow(ask: dict[str, object]) -> dict[str, object]:
        return {"steps": {"a": {"ask": {"prompt": "x", "into": "y", **ask}}}}

    assert SCHEMA.is_valid(flow({"kind": "document", "of": "dui"}))
    assert not SCHEMA.is_valid(flow({"kind": "fecha"}))
    assert not SCHEMA.is_valid(flow({"kind": "document", "of": "pasaporte"}))
    assert SCHEMA.is_valid({"steps": {"a": {"confirm": {"value": "y", "as": "money", "again": "b"}}}})
    assert not SCHEMA.is_valid({"steps": {"a": {"confirm": {"value": "y", "as": "dinero"}}}})


def test_it_names_every_kind_and_document() -> None:
    assert [kind for kind in get_args(KindName) if f"| `{kind}` |" not in GUIDE] == []
    assert [name for name in DOCUMENTS if f"`{name}`" not in GUIDE] == []
    assert set(get_args(DocumentName)) == set(DOCUMENTS)


def test_what_it_says_is_heard_and_read() -> None:
    rows = re.findall(r"\| `\{\{ ([^}]*?) \}\}( \w+)?` \| ([^|]+) \| ([^|]+) \|", GUIDE)
    assert len(rows) >= 7
    for expression, noun, heard, read in rows:
        template = Template("{{ " + expression.replace("\\|", "|") + " }}" + noun)
        values = {"now": {"time": "15:15"}, "telefono": "0991234567"}
        for manner, said in ((Manner(), heard), (Manner(medium="text"), read)):
            assert template.render({**values, MANNER: manner}).startswith(said.strip().removesuffix("…"))
