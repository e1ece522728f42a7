"""Every mistake names its file, its line and what to do about it."""

from __future__ import annotations

import string
from pathlib import Path
from textwrap import dedent

import pytest

from ivr_flows import FlowErrors, Problem, check, load_flows, read_flows
from ivr_flows.problem_texts import TEXTS

GOOD = """\
steps:
  hola:
    say: Hola
  cola:
    queue: soporte
"""

SECRET = "  p:\n    ask: {prompt: x, into: pin, secret: true}\n"
ASK = "steps:\n  p:\n    ask:\n      prompt: x\n      into: y\n      "

# name → (YAML, code, line, a word of the remedy)
MISTAKES = {
    "verb": ("steps:\n  a:\n    sya: hola\n", "unknown_verb", 3, "say"),
    "no verb": ("steps:\n  a:\n    note: nada\n", "no_verb", 2, "queue"),
    "two verbs": ("steps:\n  a:\n    say: hola\n    goto: a\n", "two_verbs", 4, ""),
    "step": ("steps:\n  inicio:\n    say: hola\n    next: inico\n", "unknown_step", 4, "inicio"),
    "goto": ("steps:\n  fin:\n    goto: fni\n", "unknown_step", 3, "fin"),
    "option": ("steps:\n  m:\n    menu:\n      prompt: x\n      options:\n        1: nada\n", "unknown_step", 6, ""),
    "human": ("human: persna\nsteps:\n  persona:\n    queue: soporte\n", "unknown_step", 1, "persona"),
    "queue": ("steps:\n  a:\n    queue: soprte\n", "unknown_queue", 3, "soporte"),
    "subflow": ("steps:\n  a:\n    subflow: otro\n", "unknown_flow", 3, ""),
    "field": ("steps:\n  a:\n    queue:\n      name: soporte\n      prioridad: 3\n", "unknown_field", 5, "priority"),
    "header": ("titel: x\nsteps:\n  a:\n    say: hola\n", "unknown_field", 1, "title"),
    "missing": ("steps:\n  a:\n    ask:\n      prompt: x\n", "missing_field", 3, ""),
    "no steps": ("title: x\n", "missing_field", 1, ""),
    "duplicate": ("steps:\n  a:\n    say: x\n  a:\n    say: y\n", "duplicate_key", 4, ""),
    "alias": ("steps:\n  a: &x\n    say: x\n  b: *x\n", "yaml_alias", 2, ""),
    "syntax": ("steps:\n  a:\n    say: [x\n", "yaml_syntax", 4, ""),
    "loop": ("steps:\n  a:\n    say: x\n  b:\n    goto: a\n", "endless_loop", 2, "menu"),
    "reserved": ("steps:\n  human:\n    say: x\n", "reserved_name", 2, ""),
    "variable": ("steps:\n  a:\n    set: {now: 1}\n", "reserved_name", 3, ""),
    "template": ("steps:\n  a:\n    say: '{{ x'\n", "template_syntax", 3, "llaves"),
    "call": ("steps:\n  a:\n    say: '{{ range(9) }}'\n", "template_forbidden", 3, "filtros"),
    "key": ("steps:\n  m:\n    menu:\n      prompt: x\n      options: {A: end}\n", "bad_key", 5, ""),
    "lengths": (
        "steps:\n  p:\n    ask: {prompt: x, into: y, min_length: 9, max_length: 2}\n", "bad_lengths", 3, ""
    ),
    "hours": ("steps:\n  h:\n    hours:\n      schedule: {lun: '25:00-26:00'}\n", "bad_hours", 4, "lun-vie"),
    "zone": (
        "steps:\n  h:\n    hours:\n      schedule: {lun: '8:00-9:00'}\n      timezone: Marte\n", "unknown_timezone", 5, ""
    ),
    "file": ("steps:\n  a:\n    play: ../../etc/passwd\n", "bad_file", 3, ""),
    "secret": (
        "steps:\n  p:\n    ask: {prompt: x, into: pin, secret: true}\n  d:\n    say: '{{ pin }}'\n",
        "secret_shown", 5, "",
    ),
    "destination": ("steps:\n  t:\n    transfer: {}\n", "one_destination", 3, "agent"),
    "attempts": ("steps:\n  p:\n    ask: {prompt: x, into: y, attempts: 99}\n", "wrong_value", 3, ""),
    "character": ('steps:\n  a:\n    say: "a\\0b"\n', "bad_character", 3, ""),
    "half a character": ('steps:\n  a:\n    say: "\\ud800"\n', "bad_character", 3, ""),
    "kind": (ASK + "kind: fceha\n", "unknown_choice", 6, "digits"),
    "kind like another": (ASK + "kind: dates\n", "unknown_choice", 6, "date"),
    "document": (ASK + "kind: document\n      of: cedla\n", "unknown_choice", 7, "cedula"),
    "bound of another kind": (ASK + "kind: date\n      maximum: 3\n", "not_for_kind", 7, "money"),
    "day of another kind": (ASK + "earliest: hoy\n", "not_for_kind", 6, "date"),
    "length of a date": (ASK + "kind: date\n      max_length: 3\n", "not_for_kind", 7, "code"),
    "star for two things": (ASK + "kind: money\n      terminator: '*'\n", "not_for_kind", 7, ""),
    "bound that is none": (ASK + "kind: number\n      minimum: \"'x'\"\n", "bad_bound", 7, "2026-12-31"),
    "day that is none": (ASK + "kind: date\n      latest: 2026-02-31\n", "bad_bound", 7, "hoy"),
    "numbers swapped": (ASK + "kind: number\n      minimum: 9\n      maximum: 2\n", "bad_bounds", 7, ""),
    "days swapped": (ASK + "kind: date\n      earliest: hoy\n      latest: -3\n", "bad_bounds", 7, ""),
    "expression": (ASK + "kind: number\n      maximum: 'range(3)'\n", "template_forbidden", 7, ""),
    "confirm nothing": ("steps:\n  c:\n    confirm: {again: c}\n", "confirm_what", 3, "value"),
    "confirm twice": (
        "steps:\n  c:\n    confirm: {value: '1', prompt: x, again: c}\n", "confirm_what", 3, "prompt"
    ),
    "confirm without ask": ("steps:\n  c:\n    confirm: {value: '1'}\n", "confirm_without_ask", 3, "again"),
    "confirm as": ("steps:\n  c:\n    confirm: {value: '1', again: c, as: dijits}\n", "unknown_choice", 3, "digits"),
    "confirm again": ("steps:\n  c:\n    confirm: {value: '1', again: pide}\n", "unknown_step", 3, ""),
    "confirm a secret": (
        "steps:\n  p:\n    ask: {prompt: x, into: pin, secret: true}\n  c:\n    confirm:\n      value: pin\n",
        "secret_shown", 6, "",
    ),
    "bound by a secret": (
        "steps:\n  q:\n    ask:\n      {prompt: x, into: y, kind: number, maximum: pin}\n" + SECRET, "secret_shown", 4, "",
    ),
    "zero of a date": (ASK + "kind: date\n      zero: answer\n", "not_for_kind", 7, "money"),
    "reserved medium": ("steps:\n  a:\n    set: {medium: 1}\n", "reserved_name", 3, ""),
    "empty": ("# nada\n", "file_empty", 1, "steps"),
}  # fmt: skip
WARNINGS = {
    "unreachable": ("steps:\n  a:\n    queue: soporte\n  b:\n    queue: soporte\n", "unreachable", 4),
    "no human": ("steps:\n  a:\n    say: x\n", "no_human", 1),
    "menu without human": (
        "steps:\n  m:\n    menu: {prompt: x, options: {1: c}}\n  c:\n    queue: soporte\n",
        "no_human",
        1,
    ),
    "human without queue": ("human: h\nsteps:\n  a:\n    goto: human\n  h:\n    say: x\n", "human_without_queue", 1),
    "language": (
        "languages: [es, en]\nsteps:\n  a:\n    say: {es: hola}\n  b:\n    queue: soporte\n", "missing_language", 4
    ),
    "unknown variable": ("steps:\n  a:\n    say: '{{ nmbre }}'\n  b:\n    queue: soporte\n", "unknown_variable", 3),
}  # fmt: skip


def problems_of(text: str) -> list[Problem]:
    return read_flows({"main": text}, {"soporte", "facturacion"})[1]


def test_a_sound_flow_has_no_problem() -> None:
    assert problems_of(GOOD) == []


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_names_its_line_and_its_remedy(name: str) -> None:
    text, code, line, remedy = MISTAKES[name]
    errors = [problem for problem in problems_of(text) if problem.severity == "error"]
    assert [(problem.code, problem.line) for problem in errors] == [(code, line)]
    assert remedy in errors[0].remedy
    assert str(errors[0]).startswith(f"main.yaml:{line}:")


@pytest.mark.parametrize("name", WARNINGS)
def test_a_warning_does_not_stop_the_flow(name: str) -> None:
    text, code, line = WARNINGS[name]
    flows, problems = read_flows({"main": text})
    assert [(problem.code, problem.line, problem.severity) for problem in problems] == [
        (code, line, "warning")
    ]
    assert "main" in flows


def test_several_mistakes_are_told_at_once() -> None:
    text = "steps:\n  a:\n    sya: x\n  b:\n    queue: nada\n  c:\n    goto: 5x\n"
    assert {problem.line for problem in problems_of(text)} >= {3, 7}


def test_a_flow_that_calls_itself_through_another() -> None:
    texts = {"a": "steps:\n  x:\n    subflow: b\n", "b": "steps:\n  x:\n    subflow: a\n"}
    assert "recursive_subflow" in [problem.code for problem in read_flows(texts)[1]]


def test_an_argument_the_subflow_does_not_take() -> None:
    texts = {
        "a": "steps:\n  x:\n    subflow:\n      flow: b\n      with:\n        numro: 1\n  y:\n    queue: soporte\n",
        "b": "arguments: [numero]\nsteps:\n  x:\n    say: '{{ numero }}'\n",
    }
    [problem] = [one for one in read_flows(texts)[1] if one.severity == "error"]
    assert (problem.file, problem.line, problem.code) == ("a.yaml", 6, "unknown_argument")


def test_every_problem_is_worded_in_both_languages_with_the_same_fields() -> None:
    for code, words in TEXTS.items():
        fields = {
            language: {
                name for text in words[language] for _, name, _, _ in string.Formatter().parse(text) if name
            }
            for language in ("es", "en")
        }
        assert fields["es"] == fields["en"], code
        assert all(words["es"]), code
    assert Problem("f", 1, 1, "missing_language", data={"languages": "en"}).remedy.endswith("{es: …, en: …}.")


def test_a_folder_is_loaded_or_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "bueno.yaml").write_text(GOOD)
    assert list(load_flows(tmp_path)) == ["bueno"]
    (tmp_path / "malo.yaml").write_text(MISTAKES["verb"][0])
    with pytest.raises(FlowErrors) as refused:
        load_flows(tmp_path)
    assert f"{tmp_path / 'malo.yaml'}:3:5" in str(refused.value)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    assert [problem.code for problem in check(tmp_path / "nada")] == ["unreadable"]
    assert [problem.code for problem in check(tmp_path)] == ["no_flows"]
    (tmp_path / "latin.yaml").write_bytes("# uno\n# avería\n".encode("latin-1"))
    assert [(problem.code, problem.line) for problem in check(tmp_path)] == [("not_utf8", 2)]


def test_two_files_with_the_name_of_one_flow(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "a.yml").write_text(GOOD)
    assert [problem.code for problem in check(tmp_path, {"soporte"})] == ["duplicate_flow"]


def test_columns_point_at_the_word() -> None:
    [problem] = problems_of(
        dedent("""\
        steps:
          a:
            if: {condition: "1 == 1", then: nada}
          b:
            queue: soporte
        """)
    )
    assert (problem.line, problem.column) == (3, 37)
