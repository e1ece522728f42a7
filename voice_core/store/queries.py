"""Reading the past: lists of contacts, ledgers, time lines. Never used to decide anything live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from voice_core.agent import StatusSpan
from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Entry, Kind
from voice_core.store import rows
from voice_core.store.errors import translated
from voice_core.store.sql import INTERACTIONS, LEDGER, SPANS
from voice_core.store.transactions import read

MOST_A_PAGE = 500
_EXACT = ("agent", "queue", "channel", "contact_id", "parent_id")
_IN_LIST = ("agent", "queue")  # columns of ix_interactions_list


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
        """Newest first. Which ones is asked of an index alone; only the page's own rows are read (`models`)."""
        page, page_size = max(1, page), min(max(1, page_size), MOST_A_PAGE)
        conditions = _conditions(wanted)
        order = (INTERACTIONS.c.opened_at.desc(), INTERACTIONS.c.id.desc())
        before = (page - 1) * page_size
        wanted_ids = (
            select(INTERACTIONS.c.id).where(*conditions).order_by(*order).limit(page_size).offset(before)
        )
        items = select(INTERACTIONS).where(INTERACTIONS.c.id.in_(wanted_ids)).order_by(*order)
        count = select(func.count()).select_from(INTERACTIONS).where(*conditions)

        def look(connection: Connection) -> Page:
            listed = [rows.to_interaction(row) for row in connection.execute(items).mappings()]
            is_last = 0 < len(listed) < page_size or (page == 1 and not listed)
            total = before + len(listed) if is_last else connection.execute(count).scalar_one()
            return Page(listed, total, page, page_size)

        async with translated(), self._engine.connect() as connection:
            return await connection.run_sync(look)

    async def opened_since(self, since: datetime) -> Sequence[Interaction]:
        """All of them, oldest first: for what is counted anew at a start."""
        wanted = (
            select(INTERACTIONS).where(INTERACTIONS.c.opened_at >= since).order_by(INTERACTIONS.c.opened_at)
        )
        async with translated():
            found = await read(self._engine, lambda connection: connection.execute(wanted).mappings().all())
        return [rows.to_interaction(row) for row in found]

    async def entries_since(self, since: datetime, kinds: Sequence[Kind]) -> Sequence[Entry]:
        """The ledger's lines of these kinds, in order: for what is counted anew at a start."""
        wanted = (
            select(LEDGER)
            .where(LEDGER.c.at >= since, LEDGER.c.kind.in_([kind.value for kind in kinds]))
            .order_by(LEDGER.c.seq)
        )
        async with translated():
            found = await read(self._engine, lambda connection: connection.execute(wanted).mappings().all())
        return [rows.to_entry(row) for row in found]

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
    words = wanted.text.strip().lower()
    for name in _EXACT:
        if (value := getattr(wanted, name)) is None:
            continue
        # Beside words, the list's own index holds all that is asked; that of the agent or queue would lead to the rows.
        is_in_list = words and name in _IN_LIST
        conditions.append(func.coalesce(column[name], "") == value if is_in_list else column[name] == value)
    if wanted.since is not None:
        conditions.append(column.opened_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(column.opened_at < wanted.until)
    if words:
        conditions.append(column.searched.contains(words, autoescape=True))
    return conditions
