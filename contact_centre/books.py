"""What is kept: the database and the services on top of it. The command line and the running centre open the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_centre.access.audit import AuditLog
from contact_centre.access.service import Access
from contact_centre.access.throttle import SharedThrottle, Throttle
from contact_centre.centre_file import Centre
from contact_centre.contacts.service import Contacts
from contact_centre.settings import Settings
from contact_centre.shared.link import Link
from voice_core.clock import Clock, SystemClock
from voice_core.errors import UnwritableError
from voice_core.store.database import explained, open_database
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
async def open_books(settings: Settings, centre: Centre, link: Link | None = None) -> AsyncIterator[Books]:
    """Migrated and ready. Raises UnavailableError, NewerSchemaError, InvalidInputError. `link`: guesses at passwords
    are counted there together with other processes.

    What is done with them may meet a full disk too: that is told in the same words.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnwritableError(settings.home, error.strerror) from error
    engine = await open_database(settings.database)
    try:
        clock = SystemClock()
        yield Books(
            clock=clock,
            engine=engine,
            store=SqlStore(engine),
            queries=Queries(engine),
            access=Access(engine, clock, throttle=SharedThrottle(link) if link else Throttle()),
            audit=AuditLog(engine, clock),
            contacts=Contacts(engine, clock, centre.organisation.country),
        )
    except* OperationalError as errors:
        raise explained(_first(errors), settings.database) from errors
    finally:
        await engine.dispose()


def _first(error: BaseException) -> BaseException:
    """Of a group, however deep."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
