"""The lease's row in the database, and what a commit does with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from voice_core.errors import FencedError, StaleWriteError
from voice_core.lease import Fence, Lease
from voice_core.store.errors import translated
from voice_core.store.models import LeaseRow
from voice_core.store.prepared import Prepared
from voice_core.store.transactions import read, write

LEASE: Table = LeaseRow.__table__  # type: ignore[assignment]

_PASS = Prepared(
    lambda _: (
        update(LEASE)
        .where(
            LEASE.c.name == bindparam("of"),
            LEASE.c.token == bindparam("by"),
            LEASE.c.applied == bindparam("stored"),
        )
        .values(applied=bindparam("last"))
    )
)


class SqlLeases:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self, name: str) -> Lease | None:
        wanted = select(LEASE).where(LEASE.c.name == name)
        async with translated():
            row = await read(self._engine, lambda connection: connection.execute(wanted).mappings().first())
        return None if row is None else Lease(**{str(column): value for column, value in row.items()})

    async def take(
        self, name: str, holder: str, expires_at: datetime, seen: Lease | None, url: str = "", word: str = ""
    ) -> Lease | None:
        if seen is None:
            first = Lease(name, holder, 1, expires_at, url=url, word=word)
            return first if await self._insert(first) else None
        wanted = (LEASE.c.name == name) & (LEASE.c.token == seen.token)
        wanted &= (LEASE.c.expires_at == seen.expires_at) & (LEASE.c.applied == seen.applied)
        taken = Lease(name, holder, seen.token + 1, expires_at, seen.applied, url, word)
        values: dict[str, object] = {
            "holder": holder, "token": taken.token, "expires_at": expires_at, "url": url, "word": word,
        }  # fmt: skip
        return taken if await self._update(wanted, values) else None

    async def renew(self, lease: Lease, expires_at: datetime) -> None:
        wanted = (LEASE.c.name == lease.name) & (LEASE.c.token == lease.token)
        if not await self._update(wanted, {"expires_at": expires_at}):
            raise fenced()

    async def release(self, lease: Lease) -> None:
        wanted = (LEASE.c.name == lease.name) & (LEASE.c.token == lease.token)
        await self._update(wanted, {"holder": "", "url": ""})

    async def _update(self, wanted: ColumnElement[bool], values: dict[str, object]) -> bool:
        """Whether the row was as wanted."""
        statement = update(LEASE).where(wanted).values(values)
        async with translated():
            return await write(self._engine, lambda connection: connection.execute(statement).rowcount == 1)

    async def _insert(self, lease: Lease) -> bool:
        values = {
            "name": lease.name, "holder": lease.holder, "token": lease.token,
            "expires_at": lease.expires_at, "applied": lease.applied, "url": lease.url, "word": lease.word,
        }  # fmt: skip
        try:
            async with translated():
                await write(self._engine, lambda connection: connection.execute(insert(LEASE).values(values)))
        except StaleWriteError as error:
            if isinstance(error.__cause__, IntegrityError):
                return False
            raise
        return True


def pass_fence(connection: Connection, fence: Fence, first: int, last: int) -> None:
    """The first statement of a transaction that stores commits `first` to `last`: they are the next ones, and ours.

    It also locks the row, so that a commit whose end we did not hear of is over before this returns.
    Raises FencedError, or StaleWriteError when the stored number is another one.
    """
    values = {"of": fence.name, "by": fence.token, "stored": first - 1, "last": last}
    if _PASS.execute(connection, values).rowcount != 1:
        stored = applied(connection, fence)
        raise StaleWriteError("Another commit was expected.", number=first, stored=stored)


def applied(connection: Connection, fence: Fence) -> int:
    """How many commits are stored; waits for one in flight. Raises FencedError."""
    wanted = select(LEASE.c.applied).where(LEASE.c.name == fence.name, LEASE.c.token == fence.token)
    found = (connection.execute(wanted.with_for_update())).scalar_one_or_none()
    if found is None:
        raise fenced()
    return int(found)


def fenced() -> FencedError:
    return FencedError("Another controller has taken over; this one no longer writes.")
