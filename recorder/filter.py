"""What a list of recordings is narrowed by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_

from recorder.models import RecordingRow


@dataclass(frozen=True, slots=True)
class Filter:
    """None means "any"."""

    agent: str | None = None
    queue: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None  # part of a telephone number, an interaction's id, a disposition
    interaction_id: str | None = None


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    row = RecordingRow
    exact = (
        (row.agent, wanted.agent),
        (row.queue, wanted.queue),
        (row.interaction_id, wanted.interaction_id),
    )
    found = [column == value for column, value in exact if value is not None]
    if wanted.since is not None:
        found.append(row.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(row.started_at < wanted.until)
    if wanted.text:
        columns = (row.from_address, row.to_address, row.interaction_id, row.disposition)
        found.append(or_(*(column.contains(wanted.text, autoescape=True) for column in columns)))
    return found
