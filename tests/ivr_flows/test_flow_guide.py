"""The designers' page says nothing that does not work."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

from ivr_flows import read_flows
from ivr_flows.rehearsal.story import Line, Stories
from ivr_flows.templates import _ENVIRONMENT
from ivr_flows.verbs import VERBS
from ivr_flows.yaml_source import read_source

GUIDE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")


def test_its_complete_flow_has_no_problem() -> None:
    whole = next(text for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL) if "steps:" in text)
    assert read_flows({"ejemplo": whole}, {"soporte", "facturacion"})[1] == []


def test_its_pieces_are_read() -> None:
    for piece in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL):
        if "steps:" not in piece and "tests:" not in piece:
            problems = read_flows({"trozo": "steps:\n" + indent(piece, "  ")})[1]
            assert {problem.code for problem in problems} <= {"unknown_step", "unknown_variable", "no_human"}


def test_it_names_every_verb_and_filter() -> None:
    assert [word for word in VERBS if f"| `{word}` |" not in GUIDE] == []
    assert [name for name in _ENVIRONMENT.filters if name != "d" and f"`{name}`" not in GUIDE] == []


def test_its_stories_are_read_and_its_words_are_all_there_are() -> None:
    whole = next(text for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL) if "tests:" in text)
    Stories.model_validate(read_source("guide", whole.encode()).data)
    told = set(re.findall(r"^\| `([a-z_]+)", GUIDE, re.MULTILINE))
    assert set(Line.model_fields) - told == set()
