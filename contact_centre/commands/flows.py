"""`centralita flow …`: conversation scripts, read, tried and tested before anybody hears them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import to_jsonable_python

from contact_centre.centre_file import Centre
from contact_centre.commands import flow_try
from contact_centre.commands.console import AsJson, Lang, Language, print_json, refuse
from contact_centre.settings import load_settings
from ivr_flows import Flows, Organisation, Problem, read_folder
from ivr_flows.rehearsal import Covered, Rehearsed, Systems, Verdict, rehearse
from voice_core.errors import CentralitaError

app = typer.Typer(no_args_is_help=True, help="Flujos de conversación. (Conversation flows.)")


Folder = Annotated[Path | None, typer.Argument(help="The centre's own flows unless given")]


@dataclass(frozen=True, slots=True)
class _Shelf:
    folder: Path
    flows: Flows
    problems: list[Problem]
    organisation: Organisation
    systems: Systems
    own: tuple[Path, Centre] | None  # the centre's file, when these are its own flows

    @property
    def numbers(self) -> dict[str, str]:
        """Which flow each leads into."""
        return {entry.number: entry.flow for entry in self.own[1].numbers} if self.own else {}


@app.command("check")
def check(folder: Folder = None, *, lang: Lang = Language.ES, as_json: AsJson = False) -> None:
    """Read every flow and say what is wrong with it: file, line, cause, remedy. (Revisar los flujos.)"""
    from contact_centre.centre_reading import require_flows

    shelf = _read(folder)
    if as_json:
        print_json([to_jsonable_python(problem) for problem in shelf.problems])
    else:
        _print_problems(shelf.problems, lang)
    if any(problem.severity == "error" for problem in shelf.problems):
        raise typer.Exit(1)
    if shelf.own is not None:  # what its numbers and queues lead to is there too
        try:
            require_flows(*shelf.own, shelf.flows)
        except CentralitaError as error:
            refuse(error)
    if not as_json:
        typer.echo("Flujos correctos." if lang is Language.ES else "The flows are sound.")


@app.command("test")
def play_tests(
    folder: Folder = None,
    *,
    only: Annotated[str, typer.Option(help="Tests whose name holds this")] = "",
    coverage: Annotated[float, typer.Option(min=0, max=100, help="Fail below so many % of the steps")] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Who says what in each test")] = False,
    lang: Lang = Language.ES,
    as_json: AsJson = False,
) -> None:
    """Play the stories in the *.test.yaml files beside the flows, in virtual time. (Probar los flujos.)

    Exit code 1: a story came otherwise, or too little was walked through; 2: a file cannot be read.
    """
    shelf = _sound(folder, lang)
    began = time.perf_counter()
    found = rehearse(shelf.folder, shelf.flows, shelf.organisation, only, shelf.systems)
    took_s = time.perf_counter() - began
    too_little = found.steps_percent < coverage and not only
    if as_json:
        print_json(_as_json(found))
    else:
        _print_problems(found.problems, lang)
        _Report(found, lang, verbose=verbose).print(took_s)
        if too_little:
            said = "Se pedía" if lang is Language.ES else "Wanted:"
            typer.echo(f"{said} {coverage:g} %.", err=True)
    if found.problems or not found.verdicts:
        if not found.problems and not as_json:
            typer.echo(_NO_TESTS[lang].format(folder=shelf.folder), err=True)
        raise typer.Exit(2)
    raise typer.Exit(1 if found.failed or too_little else 0)


@app.command("try")
def converse(
    flow: Annotated[str, typer.Argument(help="A flow's name, or a number that leads to it: 101")],
    folder: Folder = None,
    *,
    caller: Annotated[str, typer.Option(help="Who calls")] = "0991234567",
    at: Annotated[str, typer.Option(help="When, on the organisation's clocks: '2026-12-25 10:00'")] = "",
    lang: Lang = Language.ES,
) -> None:
    """Talk with a flow in the terminal: its words, your keys. (Conversar con un flujo.)"""
    shelf = _sound(folder, lang)
    try:
        name = flow_try.flow_named(flow, shelf.flows, shelf.numbers)
        situation = flow_try.given(caller, flow, at)
        flow_try.talk(shelf.flows, shelf.organisation, name, situation, shelf.systems, language=lang)
    except CentralitaError as error:
        refuse(error)


@app.command("schema")
def print_schema(
    *, tests: Annotated[bool, typer.Option("--tests", help="Of the *.test.yaml files beside them")] = False
) -> None:
    """The JSON Schema that editors complete and check flows by. (El esquema para editores.)"""
    from ivr_flows import json_schema
    from ivr_flows.rehearsal.story import json_schema as schema_of_tests

    print_json(schema_of_tests() if tests else json_schema())


_NO_TESTS = {
    Language.ES: "No hay pruebas en {folder}. Escriba la primera en <flujo>.test.yaml; vea docs/flows.md.",
    Language.EN: "There are no tests in {folder}. Write the first in <flow>.test.yaml; see docs/flows.md.",
}


class _Report:
    def __init__(self, found: Rehearsed, lang: Language, *, verbose: bool) -> None:
        self._found, self._lang, self._verbose = found, lang, verbose

    def print(self, took_s: float) -> None:
        file = ""
        for verdict in self._found.verdicts:
            if verdict.case.file != file:
                file = verdict.case.file
                typer.echo(file)
            self._verdict(verdict)
        for covered in self._found.covered:
            self._covered(covered)
        count, failed = len(self._found.verdicts), len(self._found.failed)
        percent = f"{self._found.steps_percent:.0f} %"
        if self._lang is Language.ES:
            typer.echo(f"{count} pruebas, {failed} con diferencias, {percent} de los pasos, {took_s:.2f} s")
        else:
            typer.echo(f"{count} tests, {failed} came otherwise, {percent} of the steps, {took_s:.2f} s")

    def _verdict(self, verdict: Verdict) -> None:
        problem = verdict.problem
        colour = typer.colors.GREEN if problem is None else typer.colors.RED
        typer.echo(typer.style("  ✓ " if problem is None else "  ✗ ", fg=colour) + verdict.case.name)
        if self._verbose or problem is not None:
            for line in verdict.said:
                typer.echo(f"      {line}")
        if problem is not None:
            typer.secho(f"    {problem.line_in(self._lang)}", fg=typer.colors.RED)

    def _covered(self, covered: Covered) -> None:
        steps, ways = covered.steps - len(covered.steps_left), covered.ways - len(covered.ways_left)
        words = "pasos {}/{}, caminos {}/{}" if self._lang is Language.ES else "steps {}/{}, ways {}/{}"
        typer.echo(f"  {covered.flow}: " + words.format(steps, covered.steps, ways, covered.ways))
        left = [*covered.steps_left, *(f"{here} → {there}" for here, there in covered.ways_left)]
        if left:
            typer.echo(
                ("    sin probar: " if self._lang is Language.ES else "    not tried: ") + ", ".join(left)
            )


def _as_json(found: Rehearsed) -> dict[str, object]:
    return {
        "tests": [
            {
                "file": verdict.case.file,
                "flow": verdict.case.flow,
                "name": verdict.case.name,
                "line": verdict.case.line,
                "problem": to_jsonable_python(verdict.problem),
                "said": verdict.said,
            }
            for verdict in found.verdicts
        ],
        "problems": to_jsonable_python(found.problems),
        "coverage": to_jsonable_python(found.covered),
        "steps_percent": round(found.steps_percent, 1),
    }


def _print_problems(problems: list[Problem] | tuple[Problem, ...], lang: Language) -> None:
    for problem in problems:
        typer.echo(problem.line_in(lang), err=problem.severity == "error")


def _sound(folder: Path | None, lang: Language) -> _Shelf:
    """Flows that can be run; else what is wrong with them, and exit code 2."""
    shelf = _read(folder)
    errors = [problem for problem in shelf.problems if problem.severity == "error"]
    if errors:
        _print_problems(errors, lang)
        raise typer.Exit(2)
    return shelf


def _read(folder: Path | None) -> _Shelf:
    from contact_centre.centre_reading import ensure_centre_file, load_centre
    from contact_centre.connectors.examples import from_examples
    from contact_centre.connectors.reading import read_beside
    from contact_centre.telephony import organisation_of

    own, organisation, queues = None, Organisation(folder.name if folder else ""), None
    if folder is None:
        try:
            settings = load_settings()
            path = ensure_centre_file(settings)
            centre = load_centre(path)
        except CentralitaError as error:
            refuse(error)
        own, folder = (path, centre), settings.flows_folder / centre.organisation.flows
        organisation, queues = organisation_of(centre), set(centre.queue_configs())
    described = read_beside(folder)
    flows, problems = read_folder(folder, queues, described.views())
    systems = from_examples(described.descriptions)
    return _Shelf(folder, flows, [*described.problems, *problems], organisation, systems, own)
