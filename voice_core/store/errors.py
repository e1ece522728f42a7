"""The database's errors as the domain's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from voice_core.errors import (
    CentralitaError,
    InvalidInputError,
    StaleWriteError,
    UnavailableError,
    UnwritableError,
)

# What SQLite says of a file it cannot write.
UNWRITABLE = ("readonly", "unable to open", "disk is full", "disk I/O")
# What the driver says while it connects or breaks off does not always come wrapped.
_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
OUTAGES = (DBAPIError, *_DRIVER, ConnectionError, TimeoutError)
"""What a query raises, untranslated, when the database is away."""


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """`translating`, around what is awaited."""
    with translating():
        yield


@contextmanager
def translating() -> Iterator[None]:
    """A row already there is stale; values that cannot be stored are invalid; anything else is an outage."""
    try:
        yield
    except CentralitaError:
        raise
    except IntegrityError as error:
        raise StaleWriteError("Somebody else wrote this first.", database=_words(error)) from error
    except DBAPIError as error:
        if _is_our_fault(error):
            raise InvalidInputError(f"This cannot be stored: {_words(error)}.") from error
        if _is_full(error):
            raise UnwritableError("centralita.db", _words(error)) from error
        raise UnavailableError(f"The database does not answer: {_words(error)}.") from error
    except StatementError as error:
        raise InvalidInputError(f"This cannot be stored: {error}") from error
    except (SQLAlchemyError, *_DRIVER, OSError, TimeoutError) as error:
        raise UnavailableError(f"The database cannot be reached: {error}.") from error


def _is_our_fault(error: DBAPIError) -> bool:
    """PostgreSQL's classes 22 (these values) and 42 (this statement): trying again would change nothing."""
    return str(getattr(error.orig, "sqlstate", None) or "")[:2] in ("22", "42")


def _is_full(error: DBAPIError) -> bool:
    """SQLite's disk. PostgreSQL's is another machine's matter: it is away, and the journal takes over."""
    return any(words in _words(error) for words in UNWRITABLE)


def _words(error: DBAPIError) -> str:
    """The driver's own sentence, without the statement and its values (they are personal data)."""
    return str(error.orig)
