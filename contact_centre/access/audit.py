"""The audit log: who did what to whom, from where. Appended only."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from contact_centre.access.models import AuditEntry, AuditRow
from voice_core.clock import Clock
from voice_core.store.database import for_writing

# The address of the request being served; bound by the web, empty for the command line.
current_address: ContextVar[str] = ContextVar("current_address", default="")


class AuditLog:
    """Satisfies `recorder.ports.Audit`."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._writing = async_sessionmaker(for_writing(engine), expire_on_commit=False)
        self._clock = clock

    async def record(
        self, actor: str, action: str, target: str, data: Mapping[str, Any] | None = None
    ) -> None:
        async with self._writing.begin() as session:
            session.add(
                AuditRow(
                    at=self._clock.now(),
                    actor=actor[:64],
                    action=action,
                    target=target[:128],
                    address=current_address.get()[:64],
                    data=dict(data or {}),
                )
            )

    async def page(self, page: int, page_size: int) -> tuple[list[AuditEntry], int]:
        """A page (from 1), newest first, and how many entries there are in all."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).offset((page - 1) * page_size).limit(page_size)
        async with self._sessions() as session:
            rows = (await session.scalars(query)).all()
            total = await session.scalar(select(func.count()).select_from(AuditRow))
        return [_entry(row) for row in rows], total or 0


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(row.id, row.at, row.actor, row.action, row.target, row.address, row.data)
