"""What a contact's record says of its recordings: who, which queue, how it ended. Known in part when they begin."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    String,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    update,
)

from recorder.models import RecordingRow, RecordingState
from voice_core.interaction import Interaction
from voice_core.store.models import InteractionRow, UtcDateTime
from voice_core.store.prepared import Prepared

_SAID = ("direction", "from_address", "to_address", "queue", "end_reason", "disposition")
"""What both the contact and its recordings say."""

_OF_CONTACT = RecordingRow.interaction_id == bindparam("contact")
_EARLIER = select(func.count()).where(_OF_CONTACT)
_IS_KNOWN = select(exists().where(RecordingRow.channel_id == bindparam("channel_id")))
# A closed contact may be nobody's any more.
_DESCRIBE = (
    update(RecordingRow)
    .where(_OF_CONTACT)
    .values(agent=func.coalesce(bindparam("talked"), RecordingRow.agent))
)


def _begin() -> Insert:
    """Straight from the contact's row."""
    number = cast(_EARLIER.scalar_subquery() + 1, String)
    values: dict[str, Any] = {
        "id": InteractionRow.id.concat(".r").concat(number),
        "interaction_id": InteractionRow.id,
        "channel_id": bindparam("channel_id", type_=String),
        "state": literal(RecordingState.RUNNING, String),
        "started_at": bindparam("started_at", type_=UtcDateTime),
        "agent": InteractionRow.agent,
    }
    values |= {name: getattr(InteractionRow, name) for name in _SAID}
    own = [column for column in RecordingRow.__table__.columns if column.default is not None]
    values |= {column.name: literal(column.default.arg, column.type) for column in own}
    wanted = select(*values.values()).where(
        InteractionRow.id == bindparam("contact"), not_(_IS_KNOWN.scalar_subquery())
    )
    return (
        insert(RecordingRow)
        .from_select(list(values), wanted, include_defaults=False)
        .returning(RecordingRow.id)
    )


_BEGIN = Prepared(lambda _: _begin())  # one a call: see voice_core/store/prepared.py


def begin(
    connection: Connection, interaction: Interaction, channel_id: str, started_at: datetime
) -> str | None:
    """The new row's id; None when this channel has one already.

    It says of the contact what its row says now: noted late, it may be over, and described already.
    """
    begun = {"contact": interaction.id, "channel_id": channel_id, "started_at": started_at}
    row_id: str | None = _BEGIN.execute(connection, begun).scalar()
    if row_id is None and not connection.scalar(_IS_KNOWN, begun):  # the contact's own row is still to come
        row_id = f"{interaction.id}.r{connection.scalars(_EARLIER, begun).one() + 1}"
        whose = {"id": row_id, "interaction_id": interaction.id, "agent": interaction.agent}
        said = {"channel_id": channel_id, "state": RecordingState.RUNNING, "started_at": started_at}
        connection.execute(insert(RecordingRow).values(whose | said | _said(interaction)))
    return row_id


def describe_all(connection: Connection, interaction: Interaction) -> None:
    """Every recording of this contact, once more is known of it. To repeat it changes nothing."""
    said = {"contact": interaction.id, "talked": interaction.agent, **_said(interaction)}
    connection.execute(_DESCRIBE, said)


def _said(interaction: Interaction) -> dict[str, Any]:
    return {name: getattr(interaction, name) for name in _SAID}
