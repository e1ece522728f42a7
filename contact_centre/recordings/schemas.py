"""The API's models of recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from contact_centre.schema import Answer, Line, Paged, Query
from recorder.models import Recording


class RecordingOut(Answer):
    """One file: what a channel said and heard from its first second. `length_s` is counted in frames."""

    id: str
    interaction_id: str
    state: str
    started_at: datetime
    length_s: float
    size_bytes: int
    sha256: str
    direction: str
    from_address: str
    to_address: str
    agent: str | None
    queue: str | None
    end_reason: str | None
    disposition: str | None
    problem: str


class RecordingPageOut(Answer):
    items: list[RecordingOut]
    total: int
    page: int
    page_size: int


class RecordingQuery(Paged):
    agent: Line | None = None
    queue: Line | None = None
    call: Line | None = None
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = Field(default=None, alias="to")
    text: Line | None = None


class AudioQuery(Query):
    download: Literal["0", "1"] = "0"


class PeaksQuery(Query):
    points: int = Field(default=800, ge=10, le=4000)


def recording_out(recording: Recording) -> RecordingOut:
    return RecordingOut(**{name: getattr(recording, name) for name in RecordingOut.model_fields})
