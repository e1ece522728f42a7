"""Reading the past: lists of contacts, ledgers, time lines. Never used to decide anything live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from voice_core.agent import StatusSpan
from voice_core.interaction import Interaction, Stage
from voice_core.store import rows
from voice_core.store.errors import translated
from voice_core.store.sql import INTERACTIONS, SPANS
from voice_core.store.transactions import read

MOST_A_PAGE = 500
_EXACT = ("agent", "queue", "channel", "contact_id", "parent_id")
_SEARCHED = ("id", "from_address", "to_address", "contact_name", "disposition", "end_detail")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which contacts; None means any. `since` is inclusive, `until` is not; both look at `opened_at`."""

    state: Literal["live", "closed"] | None = None
    agent: str | None = None
    queue: str | None = None
    channel: str | None = None
    contact_id: str | None = None
    parent_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""  # in the id, the addresses, the contact's name, the disposition


@dataclass(frozen=True, slots=True)
class Page:
    items: Sequence[Interaction]
    total: int
    page: int  # from 1
    page_size: int


class Queries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def search(self, wanted: Filter, page: int = 1, page_size: int = 50) -> Page:
        """Newest first."""
        page, page_size = max(1, page), min(max(1, page_size), MOST_A_PAGE)
        conditions = _conditions(wanted)
        order = (INTERACTIONS.c.opened_at.desc(), INTERACTIONS.c.id.desc())
        items = select(INTERACTIONS).where(*conditions).order_by(*order)
        count = select(func.count()).select_from(INTERACTIONS).where(*conditions)
        async with translated(), self._engine.connect() as connection:
            found = await connection.execute(items.limit(page_size).offset((page - 1) * page_size))
            listed = [rows.to_interaction(row) for row in found.mappings()]
            total = (await connection.execute(count)).scalar_one()
        return Page(listed, total, page, page_size)

    async def opened_since(self, since: datetime) -> Sequence[Interaction]:
        """All of them, oldest first: for what is counted anew at a start."""
        wanted = (
            select(INTERACTIONS).where(INTERACTIONS.c.opened_at >= since).order_by(INTERACTIONS.c.opened_at)
        )
        async with translated():
            found = await read(self._engine, lambda connection: connection.execute(wanted).mappings().all())
        return [rows.to_interaction(row) for row in found]

    async def spans(self, agent: str, since: datetime, until: datetime) -> Sequence[StatusSpan]:
        """The time line that touches [since, until), oldest first; not cut at its ends."""
        touching = (SPANS.c.since < until) & or_(SPANS.c.until.is_(None), SPANS.c.until > since)
        wanted = select(SPANS).where(SPANS.c.agent == agent, touching).order_by(SPANS.c.since, SPANS.c.id)
        async with translated(), self._engine.connect() as connection:
            return [rows.to_span(row) for row in (await connection.execute(wanted)).mappings()]


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    column = INTERACTIONS.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        closed = column.stage == Stage.CLOSED.value
        conditions.append(closed if wanted.state == "closed" else column.stage != Stage.CLOSED.value)
    exact = ((name, getattr(wanted, name)) for name in _EXACT)
    conditions += [column[name] == value for name, value in exact if value is not None]
    if wanted.since is not None:
        conditions.append(column.opened_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(column.opened_at < wanted.until)
    if words := wanted.text.strip():
        conditions.append(or_(*(column[name].icontains(words, autoescape=True) for name in _SEARCHED)))
    return conditions
