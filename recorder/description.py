"""What a contact's record says of its recordings: who, which queue, how it ended. Known in part when they begin."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, update

from recorder.models import RecordingRow
from voice_core.interaction import Interaction


def description(interaction: Interaction) -> dict[str, Any]:
    """Columns of a recording that begins."""
    return {"interaction_id": interaction.id, "agent": interaction.agent} | _said(interaction)


def describe_all(connection: Connection, interaction: Interaction) -> None:
    """Every recording of this contact, once more is known of it. To repeat it changes nothing."""
    agent = func.coalesce(interaction.agent, RecordingRow.agent)  # a closed contact may be nobody's any more
    wanted = RecordingRow.interaction_id == interaction.id
    connection.execute(update(RecordingRow).where(wanted).values(**_said(interaction), agent=agent))


def _said(interaction: Interaction) -> dict[str, Any]:
    return {
        "direction": interaction.direction,
        "from_address": interaction.from_address,
        "to_address": interaction.to_address,
        "queue": interaction.queue,
        "end_reason": interaction.end_reason,
        "disposition": interaction.disposition,
    }
