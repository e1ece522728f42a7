"""What a contact's record says of its recordings: who, which queue, how it ended. Known in part when they begin."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from recorder.models import RecordingRow
from voice_core.interaction import Interaction
from voice_core.store.models import InteractionRow
from voice_core.store.rows import to_interaction


def describe(row: RecordingRow, interaction: Interaction) -> None:
    """A recording that begins."""
    row.interaction_id = interaction.id
    row.agent = interaction.agent
    for name, value in _said(interaction).items():
        setattr(row, name, value)


async def describe_all(connection: AsyncConnection, interaction: Interaction) -> None:
    """Every recording of this contact, once more is known of it. To repeat it changes nothing."""
    agent = func.coalesce(interaction.agent, RecordingRow.agent)  # a closed contact may be nobody's any more
    wanted = RecordingRow.interaction_id == interaction.id
    await connection.execute(update(RecordingRow).where(wanted).values(**_said(interaction), agent=agent))


async def now_of(session: AsyncSession, interaction_id: str) -> Interaction | None:
    """The contact as stored."""
    wanted = select(InteractionRow.__table__).where(InteractionRow.id == interaction_id)
    found = (await session.execute(wanted)).mappings().first()
    return None if found is None else to_interaction(found)


def _said(interaction: Interaction) -> dict[str, Any]:
    return {
        "direction": interaction.direction,
        "from_address": interaction.from_address,
        "to_address": interaction.to_address,
        "queue": interaction.queue,
        "end_reason": interaction.end_reason,
        "disposition": interaction.disposition,
    }
