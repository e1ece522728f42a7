"""`centralita connector …`: the institution's own systems, checked, listed, tried and simulated."""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python

from contact_centre.centre_reading import ensure_centre_file, load_centre
from contact_centre.commands.console import AsJson, Lang, Language, carry_out, print_json, print_table
from contact_centre.connectors.advice import advice
from contact_centre.connectors.answers import AnswerError
from contact_centre.connectors.description import Description
from contact_centre.connectors.reading import FOLDER, Shelf, read_beside, read_connectors
from contact_centre.connectors.service import Connectors, open_connectors, secret_of
from contact_centre.connectors.simulator import simulated
from contact_centre.logs import set_up_logs
from contact_centre.secrets_file import give_secret, load_secrets
from contact_centre.settings import load_settings
from ivr_flows import OperationView, Problem
from ivr_flows.inputs import Answered, NotFound
from ivr_flows.problems import nearest
from voice_core.errors import InvalidInputError, NotFoundError, UnavailableError

app = typer.Typer(
    no_args_is_help=True,
    help="Los sistemas propios de la institución. (The institution's own systems.)",
)

Folder = Annotated[
    Path | None, typer.Argument(help="Of flows, or of connectors; the centre's own unless given")
]


@app.command()
def check(folder: Folder = None, *, lang: Lang = Language.ES, as_json: AsJson = False) -> None:
    """Read every description and say what is wrong with it: file, line, cause, remedy. (Revisar.)"""
    place, shelf = carry_out(lambda: _shelf(folder))
    problems = shelf.problems or (() if shelf.descriptions else (_none_in(place),))
    if as_json:
        print_json([to_jsonable_python(problem) for problem in problems])
    else:
        for problem in problems:
            typer.echo(problem.line_in(lang), err=problem.severity == "error")
    missing = [] if folder is not None else carry_out(lambda: _without_secret(shelf))
    for sentence in missing:
        typer.echo(sentence[lang != "es"], err=True)
    if missing or any(problem.severity == "error" for problem in problems):
        raise typer.Exit(1)
    if not as_json:
        typer.echo("Conectores correctos." if lang == "es" else "The connectors are sound.")


@app.command("list")
def list_connectors(folder: Folder = None, *, lang: Lang = Language.ES, as_json: AsJson = False) -> None:
    """What can be asked of which system. (Qué se puede pedir.)"""
    _, shelf = carry_out(lambda: _shelf(folder))
    if as_json:
        print_json({name: _shown(description, lang) for name, description in shelf.descriptions.items()})
        return
    rows = [
        (name, operation, _verb(view), _listed(view.arguments), _listed(view.results))
        for name, description in shelf.descriptions.items()
        for operation, view in description.view().items()
    ]
    print_table(("CONECTOR", "OPERACIÓN", "VERBO", "RECIBE", "DEVUELVE"), rows)


@app.command("try")
def try_operation(
    connector: str,
    operation: str,
    arguments: Annotated[list[str] | None, typer.Argument(help="name=value …")] = None,
    folder: Annotated[Path | None, typer.Option(help="The centre's own unless given")] = None,
    *,
    simulate: Annotated[bool, typer.Option("--simulate", help="Answer from the examples")] = False,
    lang: Lang = Language.ES,
    as_json: AsJson = False,
) -> None:
    """Ask once, and print the result, or what to do. What changes something is really changed. (Probar.)"""
    set_up_logs("error", as_json=False)
    given = dict(_pair(argument) for argument in arguments or [])

    async def work() -> tuple[Answered | NotFound, float]:
        _, shelf = await _shelf(folder)
        _require_known(shelf, connector, operation, given)
        async with _opened({connector: shelf.descriptions[connector]}, simulate=simulate) as connectors:
            begun = time.monotonic()
            answer = await connectors.system(connector).ask(operation, given, key=str(uuid.uuid4()))
            return answer, time.monotonic() - begun

    try:
        answer, took_s = carry_out(work)
    except AnswerError as error:
        typer.echo(f"{error.reason}: {error.detail}. {advice(error.reason, lang)}", err=True)
        raise typer.Exit(1) from None
    values = answer.values if isinstance(answer, Answered) else {}
    if as_json:
        print_json({"found": isinstance(answer, Answered), "result": values})
    elif isinstance(answer, NotFound):
        typer.echo("No existe." if lang == "es" else "It does not exist.")
    else:
        typer.echo(f"{took_s:.3f} s")
        for name, value in values.items():
            typer.echo(f"  {name}: {value}")


@app.command()
def secret(name: str, *, lang: Lang = Language.ES) -> None:
    """Keep what a connector signs in with, read from standard input; never as an argument. (Guardar una clave.)"""
    typed = sys.stdin.isatty()
    value = str(typer.prompt(name, hide_input=True)) if typed else sys.stdin.readline().rstrip("\r\n")

    async def work() -> None:
        give_secret(load_settings().home, name, value)

    carry_out(work)
    typer.echo(
        "Guardada; vale desde el próximo arranque."
        if lang == "es"
        else "Kept; it holds from the next start on."
    )


@app.command()
def simulate(
    folder: Folder = None,
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8290,
    *,
    lang: Lang = Language.ES,
) -> None:
    """Answer for every system from its examples, on loopback, until Ctrl-C. (Simular.)"""

    async def work() -> None:
        place, shelf = await _shelf(folder)
        if not shelf.descriptions:
            raise NotFoundError(_none_in(place).line_in(lang))
        try:
            async with simulated(shelf.descriptions, port) as led:
                for name, description in led.items():
                    typer.echo(f"{name}: base: {description.base}")
                typer.echo("Ctrl-C para terminar." if lang == "es" else "Ctrl-C ends it.")
                await asyncio.Event().wait()
        except OSError as error:
            sentence = f"Port {port} cannot be used ({error.strerror}): name another with --port."
            raise UnavailableError(sentence) from error

    carry_out(work)


async def _shelf(folder: Path | None) -> tuple[Path, Shelf]:
    if folder is None:
        settings = load_settings()
        centre = load_centre(ensure_centre_file(settings))
        folder = settings.flows_folder / centre.organisation.flows
        return folder, read_beside(folder)
    if (folder / FOLDER).is_dir():
        return folder, read_beside(folder)
    return folder, read_connectors(folder)


@asynccontextmanager
async def _opened(descriptions: Mapping[str, Description], *, simulate: bool) -> AsyncIterator[Connectors]:
    if simulate:
        async with simulated(descriptions) as led, open_connectors(led, {}) as connectors:
            yield connectors
        return
    async with open_connectors(descriptions, load_secrets(load_settings().home).connectors) as connectors:
        yield connectors


def _require_known(shelf: Shelf, connector: str, operation: str, given: Mapping[str, str]) -> None:
    if (description := shelf.descriptions.get(connector)) is None:
        broken = [str(problem) for problem in shelf.errors if Path(problem.file).stem == connector]
        raise NotFoundError("\n".join(broken) or _no("connector", connector, shelf.descriptions))
    if (view := description.view().get(operation)) is None:
        raise NotFoundError(_no("operation", operation, description.view()))
    if set(given) != view.arguments:
        wanted = " ".join(f"{name}=…" for name in sorted(view.arguments))
        raise InvalidInputError(f"{operation} takes exactly: {wanted or 'nothing'}")


def _no(what: str, name: str, known: Mapping[str, Any]) -> str:
    return f"There is no {what} {name!r}; did you mean: {nearest(name, known)}?"


def _pair(argument: str) -> tuple[str, str]:
    name, equals, value = argument.partition("=")
    if not equals:
        raise typer.BadParameter(f"{argument!r} is not name=value")
    return name, value


def _verb(view: OperationView) -> str:
    return "act" if view.changes else "look_up"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "-"


def _shown(description: Description, lang: str) -> dict[str, Any]:
    operations = {
        name: {
            "verb": _verb(view),
            "with": sorted(view.arguments),
            "into": sorted(view.results),
        }
        for name, view in description.view().items()
    }
    return {"title": description.title_in(lang), "base": description.base, "operations": operations}


async def _without_secret(shelf: Shelf) -> list[tuple[str, str]]:
    """A sentence in Spanish and in English for each value that is missing."""
    known = load_secrets(load_settings().home).connectors
    return [
        (
            f"{name}: falta la clave «{wanted}». Escríbala con `centralita connector secret {wanted}`.",
            f"{name}: `{wanted}` is missing. Write it with `centralita connector secret {wanted}`.",
        )
        for name, description in shelf.descriptions.items()
        if secret_of(description, known) is None
        for wanted in [description.authentication.secret]
    ]


def _none_in(folder: Path) -> Problem:
    return Problem(str(folder), 1, 1, "no_connectors", data={"folder": str(folder)})
