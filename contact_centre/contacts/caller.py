"""Who calls, and who talked with them last: one bounded look, made before the customer is let in."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select, union_all

from ari_apps.ports import Caller
from contact_centre.contacts.models import ContactNumberRow, ContactRow
from voice_core.store.models import InteractionRow, UtcDateTime
from voice_core.store.prepared import Prepared

REMEMBERED = timedelta(days=30)


def caller(connection: Connection, number: str, as_told: str, now: datetime) -> Caller:
    """The contact with this number, and the agent of their newest contact that was accepted. `as_told`: by the network."""
    asked = {"number": number, "as_told": as_told, "since": now - REMEMBERED}
    row = _CALLER.execute(connection, asked).one()
    return Caller(row.contact_id, row.name or "", row.agent)


def _caller() -> Select[str | None, str | None, str | None]:
    who = (
        select(ContactRow.id, ContactRow.name)
        .join(ContactNumberRow)
        .where(ContactNumberRow.number == bindparam("number"))
        .cte("who")
    )
    contact_id = select(who.c.id).scalar_subquery()
    accepted = union_all(
        _newest(InteractionRow.from_address == bindparam("as_told")),
        _newest(InteractionRow.contact_id == contact_id),
    ).subquery()
    last = select(accepted.c.agent).order_by(accepted.c.opened_at.desc()).limit(1).scalar_subquery()
    name = select(who.c.name).scalar_subquery()
    return select(contact_id.label("contact_id"), name.label("name"), last.label("agent"))


def _newest(mine: ColumnElement[bool]) -> Select[datetime, str | None]:
    """One row at most, found by an index that ends with `opened_at`: an `or` of two would read more."""
    row = InteractionRow
    lately = row.opened_at >= bindparam("since", type_=UtcDateTime)
    wanted = select(row.opened_at, row.agent).where(
        mine, lately, row.accepted_at.is_not(None), row.agent.is_not(None)
    )
    one = wanted.order_by(row.opened_at.desc()).limit(1).subquery()
    return select(one.c.opened_at, one.c.agent)


_CALLER = Prepared(lambda _: _caller())  # a caller waits while it is asked
