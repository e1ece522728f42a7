"""`centralita user …`: people, their passwords, their desk phones. A running centre notices within a second."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from contact_centre.access.models import User
from contact_centre.access.passwords import generate_password
from contact_centre.access.privileges import Role, takes_work
from contact_centre.access.service import NewUser, UserChanges
from contact_centre.commands.console import ACTOR, AsJson, books, carry_out, print_json, print_table
from contact_centre.settings import load_settings
from voice_core.errors import InvalidInputError

app = typer.Typer(no_args_is_help=True, help="Personas: añadir, listar, contraseña, teléfono. (People.)")

FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input")]


@app.command()
def add(
    username: str,
    name: Annotated[str, typer.Option(help="Shown to colleagues; the user name unless given")] = "",
    role: Annotated[list[Role] | None, typer.Option(help="May be repeated; agent unless given")] = None,
    skill: Annotated[list[str] | None, typer.Option(help="name=level (1 to 10); may be repeated")] = None,
    capacity: Annotated[
        list[str] | None, typer.Option(help="kind=how many at once (voice=1, task=2); may be repeated")
    ] = None,
    language: Annotated[str, typer.Option(help="es or en")] = "es",
    *,
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """Add a person. Without --password-stdin a password is made up and shown once."""

    async def work() -> None:
        password, made_up = _password(from_stdin=password_stdin)
        skills, at_once = (
            _counts(skill or [], "--skill soporte=5"),
            _counts(capacity or [], "--capacity task=2"),
        )
        new = NewUser(username, name or username, tuple(role or [Role.AGENT]), skills, language, at_once)
        async with books() as opened:
            user = await opened.access.add(new, password)
            await opened.audit.record(ACTOR, "user.added", username, {"roles": list(user.roles)})
        _told(user, password if made_up else None, as_json=as_json)

    carry_out(work)


@app.command("list")
def list_users(*, as_json: AsJson = False) -> None:
    """Everybody, switched off or not."""

    async def work() -> None:
        async with books() as opened:
            users = await opened.access.users()
        if as_json:
            print_json([_shown(user) for user in users])
            return
        headings = ("USUARIO", "NOMBRE", "ROLES", "HABILIDADES", "CAPACIDAD", "ACTIVO")
        print_table(headings, [_row(user) for user in users])

    carry_out(work)


@app.command()
def password(username: str, *, password_stdin: FromStdin = False, as_json: AsJson = False) -> None:
    """Give a person a new password; their sessions end. Without --password-stdin one is made up and shown once."""

    async def work() -> None:
        secret, made_up = _password(from_stdin=password_stdin)
        async with books() as opened:
            user = await opened.access.change(username, UserChanges(password=secret))
            await opened.audit.record(ACTOR, "user.changed", username, {"fields": ["password"]})
        _told(user, secret if made_up else None, as_json=as_json)

    carry_out(work)


@app.command()
def phone(
    username: str,
    *,
    new: Annotated[
        bool, typer.Option("--new", help="Make up a new secret; the old one stops working")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a SIP phone on this person's desk signs in with."""

    async def work() -> None:
        settings = load_settings()
        async with books() as opened:
            user = await opened.access.user(username)
            if not takes_work(user.roles):
                raise InvalidInputError(f"{username} is neither agent nor supervisor, so has no telephone.")
            if new:
                user = await opened.access.change(username, UserChanges(new_phone_secret=True))
            fields = {"new": new}
            await opened.audit.record(ACTOR, "user.phone_shown", username, fields)
        shown = {
            "username": f"{username}-sip",
            "password": user.phone_secret,
            "host": settings.sip_host,
            "port": settings.sip_port,
        }
        if as_json:
            print_json(shown)
        else:
            print_table(("", ""), shown.items())

    carry_out(work)


def _password(*, from_stdin: bool) -> tuple[str, bool]:
    """(the password, whether it was made up)."""
    if not from_stdin:
        return generate_password(), True
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise InvalidInputError("No password came on standard input.")
    return given, False


def _counts(given: list[str], example: str) -> dict[str, int]:
    """`["soporte=5"]` → `{"soporte": 5}`."""
    counts = {}
    for each in given:
        name, _, count = each.partition("=")
        if not (count.isascii() and count.isdigit() and len(count) < 4):
            raise InvalidInputError(f"Write a name and a number, for example {example}, not {each[:40]!r}.")
        counts[name] = int(count)
    return counts


def _told(user: User, password: str | None, *, as_json: bool) -> None:
    if as_json:
        print_json(_shown(user) | {"password": password})
    elif password is not None:
        typer.echo(f"{user.username}: {password}")
    else:
        typer.echo(user.username)


def _shown(user: User) -> dict[str, object]:
    return {
        "username": user.username,
        "name": user.name,
        "roles": list(user.roles),
        "skills": dict(user.skills),
        "capacity": dict(user.capacity),
        "language": user.language,
        "active": user.active,
        "created_at": user.created_at,
    }


def _row(user: User) -> tuple[str, ...]:
    skills, capacity = (
        " ".join(f"{name}={count}" for name, count in counts.items())
        for counts in (user.skills, user.capacity)
    )
    return (user.username, user.name, " ".join(user.roles), skills, capacity, "sí" if user.active else "no")
