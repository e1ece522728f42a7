"""What all commands share: settings, running a coroutine, printing lists, one sentence for an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic_core import to_json

from contact_centre.books import Books, open_books
from contact_centre.centre_reading import ensure_centre_file, load_centre
from contact_centre.sentences import sentence
from contact_centre.settings import load_settings
from voice_core.errors import CentralitaError

T = TypeVar("T")


class Language(StrEnum):
    ES = "es"
    EN = "en"


Lang = Annotated[Language, typer.Option("--lang", help="es or en")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs")]
# Codes whose Spanish sentence says less than the error's own.
_VAGUE = frozenset({"unavailable", "invalid_input", "not_found"})
ACTOR = "console"  # in the audit log: whoever has the installation's files


@asynccontextmanager
async def books() -> AsyncIterator[Books]:
    """The database of the installation the environment names, whether it runs or not."""
    settings = load_settings()
    async with open_books(settings, load_centre(ensure_centre_file(settings))) as opened:
        yield opened


def carry_out(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it to its end. A refusal becomes one sentence and exit code 1."""
    try:
        return asyncio.run(work())
    except CentralitaError as error:
        refuse(error)
    except ExceptionGroup as errors:
        known = first_refusal(errors)
        if known is None:
            raise
        refuse(known)


def first_refusal(errors: BaseExceptionGroup[BaseException]) -> CentralitaError | None:
    """The first error with a sentence of its own, however deep."""
    for error in errors.exceptions:
        if isinstance(error, CentralitaError):
            return error
        if isinstance(error, BaseExceptionGroup) and (found := first_refusal(error)) is not None:
            return found
    return None


def refuse(error: CentralitaError) -> NoReturn:
    """Say it, in Spanish too where there are words for it, and leave with exit code 1."""
    english = str(error)
    spanish = english if error.code in _VAGUE else sentence(error, "es")
    typer.echo(f"centralita: {spanish}" + (f" ({english})" if spanish != english else ""), err=True)
    raise typer.Exit(1)


def print_json(value: object) -> None:
    typer.echo(to_json(value, indent=2).decode())


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as they must be."""
    lines = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
