"""The recordings' table, and the record the rest of the house sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, Row, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from voice_core.store.models import Base, UtcDateTime


class RecordingState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STORED = "stored"
    CUT_OFF = "cut_off"  # kept, but its raw file ended badly: something is missing at the end
    FAILED = "failed"  # the vault refused it; the raw file waits for the next start
    LOST = "lost"  # no raw file was found


class RecordingRow(Base):
    __tablename__ = "recordings"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    interaction_id: Mapped[str] = mapped_column(String(64), index=True)
    channel_id: Mapped[str] = mapped_column(String(160), unique=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    length_s: Mapped[float] = mapped_column(default=0.0)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    path: Mapped[str] = mapped_column(String(255), default="")
    direction: Mapped[str] = mapped_column(String(16))
    from_address: Mapped[str] = mapped_column(String(255))
    to_address: Mapped[str] = mapped_column(String(255))
    agent: Mapped[str | None] = mapped_column(String(64))
    queue: Mapped[str | None] = mapped_column(String(64))
    end_reason: Mapped[str | None] = mapped_column(String(32))
    disposition: Mapped[str | None] = mapped_column(String(64))
    problem: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        # A list and its count read this alone, not the rows.
        Index(
            "ix_recordings_list",
            "started_at",
            "id",
            "interaction_id",
            "from_address",
            "to_address",
            "disposition",
        ),
        Index("ix_recordings_agent_started_at", "agent", "started_at"),
    )


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: what a channel said and heard from its first second; its length is counted in frames."""

    id: str
    interaction_id: str
    state: RecordingState
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


def as_recording(row: RecordingRow | Row[Any]) -> Recording:
    return Recording(
        id=row.id,
        interaction_id=row.interaction_id,
        state=RecordingState(row.state),
        started_at=row.started_at,
        length_s=row.length_s,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        direction=row.direction,
        from_address=row.from_address,
        to_address=row.to_address,
        agent=row.agent,
        queue=row.queue,
        end_reason=row.end_reason,
        disposition=row.disposition,
        problem=row.problem,
    )
