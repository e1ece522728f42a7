"""Statements compiled once say and store what SQLAlchemy's own way does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, bindparam, create_engine, insert, select, update

from voice_core.errors import InvalidInputError
from voice_core.store.models import Base, EntryRow, InteractionRow
from voice_core.store.prepared import Prepared

QUITO = timezone(timedelta(hours=-5))
ENTRY = {
    "interaction_id": "i1",
    "kind": "opened",
    "actor": "system",
    "data": {"reason": "ñandú", "n": [1, 2]},
}
_INSERT = Prepared(lambda _: insert(EntryRow), ["interaction_id", "at", "kind", "actor", "data"])


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine, tables=[InteractionRow.__table__, EntryRow.__table__])  # type: ignore[list-item]
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_values_are_converted_as_their_columns_say(connection: Connection) -> None:
    at = datetime(2026, 11, 29, 7, 30, tzinfo=QUITO)
    _INSERT.execute(connection, ENTRY | {"at": at}, ENTRY | {"at": at, "interaction_id": "i2", "data": {}})
    connection.execute(insert(EntryRow), [ENTRY | {"at": at, "interaction_id": "i3"}])
    first, second, core = connection.execute(select(EntryRow.__table__).order_by(EntryRow.seq)).mappings()
    assert first["at"] == at
    assert first["data"] == ENTRY["data"]
    assert second["interaction_id"] == "i2"
    assert dict(core) == dict(first) | {"seq": 3, "interaction_id": "i3"}


def test_a_time_without_a_zone_is_refused_as_ever(connection: Connection) -> None:
    with pytest.raises(InvalidInputError, match="at: A time without a zone"):
        _INSERT.execute(connection, ENTRY | {"at": datetime(2026, 11, 29)})  # noqa: DTZ001 - on purpose


def test_constants_stand_beside_what_is_given(connection: Connection) -> None:
    at = datetime(2026, 11, 29, tzinfo=QUITO)
    _INSERT.execute(connection, *(ENTRY | {"at": at, "actor": actor} for actor in ("ana", "luis", "ana")))
    newest = Prepared(
        lambda _: (
            select(EntryRow.seq)
            .where(EntryRow.actor == bindparam("who"), EntryRow.kind == "opened")
            .order_by(EntryRow.seq.desc())
            .limit(1)
        )
    )
    assert newest.execute(connection, {"who": "ana"}).scalar() == 3
    assert newest.execute(connection, {"who": "luis"}).scalar() == 2
    assert newest.execute(connection, {"who": "nadie"}).scalar() is None


def test_how_many_rows_were_changed_is_told(connection: Connection) -> None:
    at = datetime(2026, 11, 29, tzinfo=QUITO)
    _INSERT.execute(connection, ENTRY | {"at": at}, ENTRY | {"at": at})
    rename = Prepared(lambda _: update(EntryRow).where(EntryRow.seq == bindparam("of")).values(actor="x"))
    assert rename.execute(connection, {"of": 2}).rowcount == 1
    assert rename.execute(connection, {"of": 9}).rowcount == 0


def test_a_value_that_lacks_is_named(connection: Connection) -> None:
    with pytest.raises(KeyError, match="at"):
        _INSERT.execute(connection, ENTRY)
