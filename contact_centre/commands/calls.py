"""`centralita calls …`: what the ledger says of every call."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from contact_centre.commands.console import AsJson, books, carry_out, print_json, print_table
from voice_core.errors import NotFoundError
from voice_core.interaction import Interaction
from voice_core.ledger import Entry
from voice_core.store.queries import Filter

app = typer.Typer(no_args_is_help=True, help="Llamadas y su historia. (Calls and their ledger.)")


class State(StrEnum):
    LIVE = "live"
    CLOSED = "closed"


@app.command("list")
def list_calls(
    state: Annotated[State | None, typer.Option(help="live or closed; both unless given")] = None,
    agent: Annotated[str | None, typer.Option()] = None,
    queue: Annotated[str | None, typer.Option()] = None,
    text: Annotated[str, typer.Option(help="Part of a number, a name, an id")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    *,
    as_json: AsJson = False,
) -> None:
    """The newest calls."""

    async def work() -> None:
        wanted = Filter(state=state.value if state else None, agent=agent, queue=queue, text=text)
        async with books() as opened:
            page = await opened.queries.search(wanted, 1, limit)
        if as_json:
            print_json({"items": [_shown(row) for row in page.items], "total": page.total})
            return
        headings = ("ID", "ENTRÓ", "ETAPA", "DE", "A", "COLA", "AGENTE", "FINAL")
        print_table(headings, [_row(row) for row in page.items])

    carry_out(work)


@app.command()
def show(call_id: str, *, as_json: AsJson = False) -> None:
    """One call, line by line."""

    async def work() -> None:
        async with books() as opened:
            row = await opened.store.interaction(call_id)
            if row is None:
                raise NotFoundError(f"There is no call {call_id}. `centralita calls list` shows them.")
            entries = await opened.store.entries(call_id)
        if as_json:
            print_json({"interaction": _shown(row), "entries": [asdict(entry) for entry in entries]})
            return
        columns = ("ID", "ENTRÓ", "ETAPA", "DE", "A", "COLA", "AGENTE", "FINAL", "NODO")
        print_table(columns, [(*_row(row), row.node or "-")])
        typer.echo()
        headings = ("HORA UTC", "+ s", "QUÉ", "QUIÉN", "DETALLE")
        print_table(headings, [_line(entry, row.opened_at) for entry in entries])

    carry_out(work)


def _shown(row: Interaction) -> dict[str, Any]:
    shown = asdict(row)
    del shown["flow_state"]
    return shown


def _row(row: Interaction) -> tuple[str, ...]:
    return (
        row.id,
        f"{row.opened_at:%Y-%m-%d %H:%M:%S}",
        row.stage,
        row.from_address or "-",
        row.to_address,
        row.queue or "-",
        row.agent or "-",
        row.end_reason or "-",
    )


def _line(entry: Entry, begin: datetime) -> tuple[str, ...]:
    detail = " ".join(_detail(name, value) for name, value in entry.data.items())
    after_s = (entry.at - begin).total_seconds()
    return (f"{entry.at:%H:%M:%S.%f}"[:-3], f"{after_s:8.3f}", entry.kind, entry.actor, detail)


def _detail(name: str, value: object) -> str:
    """Steps of a flow in short: `demo.saludo say→said`."""
    if name != "steps" or not isinstance(value, list):
        return f"{name}={value}"
    return ", ".join(f"{step['flow']}.{step['step']} {step['verb']}→{step['outcome']}" for step in value)
