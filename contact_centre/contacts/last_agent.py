"""Who talked with a customer last: one bounded look into the past, made while the customer is being greeted."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Subquery, select

from voice_core.store.models import InteractionRow

REMEMBERED = timedelta(days=30)


async def last_agent(session: AsyncSession, number: str, contact_id: str | None, now: datetime) -> str | None:
    """The agent of the newest contact that was accepted. `number` is as the network tells it."""
    looks = [_newest(InteractionRow.from_address == number, now)]
    if contact_id is not None:
        looks.append(_newest(InteractionRow.contact_id == contact_id, now))
    found = select(looks[0].c.opened_at, looks[0].c.agent).union_all(
        *(select(look.c.opened_at, look.c.agent) for look in looks[1:])
    )
    rows = connection.execute(found).all()
    return str(max(rows, key=lambda row: row.opened_at).agent) if rows else None


def _newest(mine: ColumnElement[bool], now: datetime) -> Subquery:
    """One row at most, found by an index that ends with `opened_at`: an `or` of both would read more."""
    row = InteractionRow
    accepted = (row.accepted_at.is_not(None), row.agent.is_not(None), row.opened_at >= now - REMEMBERED)
    wanted = select(row.opened_at, row.agent)
    return wanted.where(mine, *accepted).order_by(row.opened_at.desc()).limit(1).subquery()
