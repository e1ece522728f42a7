"""What the tables can hold, checked before a change is journalled: later it would be too late to say no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Integer, String, Table

from voice_core.errors import InvalidInputError
from voice_core.ports import Change
from voice_core.store import rows
from voice_core.store.sql import AGENTS, INTERACTIONS, LEDGER, OFFERS, SPANS

_MOST = 2**31  # PostgreSQL's integer


def check_storable(change: Change) -> None:
    """Raises InvalidInputError for a value no database of ours takes."""
    for table, values in _written(change):
        for column in table.c:
            value = values.get(column.name)
            if isinstance(value, str) and isinstance(column.type, String):
                _check_text(f"{table.name}.{column.name}", value, column.type.length)
            elif isinstance(value, int) and type(column.type) is Integer and not -_MOST <= value < _MOST:
                raise InvalidInputError(
                    f"This cannot be stored: {table.name}.{column.name} is too large a number."
                )


def _written(change: Change) -> Iterator[tuple[Table, dict[str, Any]]]:
    yield from ((INTERACTIONS, rows.from_interaction(row)) for row in change.interactions)
    yield from ((AGENTS, rows.from_agent(agent)) for agent in change.agents)
    yield from ((LEDGER, rows.from_entry(entry)) for entry in change.entries)
    yield from ((SPANS, rows.from_span(span)) for span in change.spans)
    yield from ((OFFERS, rows.from_offer(offer)) for offer in change.offers)


def _check_text(where: str, value: str, longest: int | None) -> None:
    if "\x00" in value or (longest is not None and len(value) > longest):
        raise InvalidInputError(f"This cannot be stored: {where} is too long or holds a NUL.")
