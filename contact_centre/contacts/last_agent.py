"""Who talked with a customer last: one bounded look into the past, made before the customer is let in."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, union_all

from voice_core.store.models import InteractionRow, UtcDateTime
from voice_core.store.prepared import Prepared

REMEMBERED = timedelta(days=30)


def last_agent(connection: Connection, number: str, contact_id: str | None, now: datetime) -> str | None:
    """The agent of the newest contact that was accepted. `number` is as the network tells it."""
    asked = {"number": number, "contact_id": contact_id, "since": now - REMEMBERED}
    found = _LAST.execute(connection, asked).scalar()
    return None if found is None else str(found)


def _newest(mine: ColumnElement[bool]) -> Select[datetime, str | None]:
    """One row at most, found by an index that ends with `opened_at`: an `or` of two would read more."""
    row = InteractionRow
    lately = row.opened_at >= bindparam("since", type_=UtcDateTime)
    wanted = select(row.opened_at, row.agent).where(
        mine, lately, row.accepted_at.is_not(None), row.agent.is_not(None)
    )
    one = wanted.order_by(row.opened_at.desc()).limit(1).subquery()
    return select(one.c.opened_at, one.c.agent)


def _last() -> Select[str | None]:
    both = union_all(
        _newest(InteractionRow.from_address == bindparam("number")),
        _newest(InteractionRow.contact_id == bindparam("contact_id")),
    ).subquery()
    return select(both.c.agent).order_by(both.c.opened_at.desc()).limit(1)


_LAST = Prepared(lambda _: _last())  # a caller waits while it is asked
