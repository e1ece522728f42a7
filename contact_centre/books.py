"""What is kept: the database and the services on top of it. The command line and the running centre open the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from contact_centre.access.audit import AuditLog
from contact_centre.access.service import Access
from contact_centre.centre_file import Centre
from contact_centre.contacts.service import Contacts
from contact_centre.settings import Settings
from voice_core.clock import Clock, SystemClock
from voice_core.errors import UnavailableError
from voice_core.store.database import open_database
from voice_core.store.queries import Queries
from voice_core.store.sql import SqlStore


@dataclass(frozen=True, slots=True)
class Books:
    clock: Clock
    engine: AsyncEngine
    store: SqlStore
    queries: Queries
    access: Access
    audit: AuditLog
    contacts: Contacts


@asynccontextmanager
async def open_books(settings: Settings, centre: Centre) -> AsyncIterator[Books]:
    """Migrated and ready. Raises UnavailableError, NewerSchemaError, InvalidInputError."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = (
            f"{settings.home} cannot be made ({error.strerror}): set CENTRALITA_HOME to a folder of yours."
        )
        raise UnavailableError(reason) from error
    engine = await open_database(settings.database)
    try:
        clock = SystemClock()
        yield Books(
            clock=clock,
            engine=engine,
            store=SqlStore(engine),
            queries=Queries(engine),
            access=Access(engine, clock),
            audit=AuditLog(engine, clock),
            contacts=Contacts(engine, clock, centre.organisation.country),
        )
    finally:
        await engine.dispose()
