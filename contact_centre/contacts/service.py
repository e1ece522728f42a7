"""Customers: find who calls, keep names and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from ulid import ULID

from ari_apps.ports import Caller
from contact_centre.contacts.caller import caller
from contact_centre.contacts.models import Contact, ContactNumberRow, ContactRow
from contact_centre.contacts.numbers import normalise
from voice_core.clock import Clock
from voice_core.errors import InvalidInputError, NotFoundError
from voice_core.store.database import for_writing
from voice_core.store.transactions import read


class Contacts:
    """Satisfies `ari_apps.ports.Contacts`. `country` is the organisation's (ISO 3166)."""

    def __init__(self, engine: AsyncEngine, clock: Clock, country: str) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._writing = async_sessionmaker(for_writing(engine), expire_on_commit=False)
        self._clock = clock
        self._country = country

    async def find_by_number(self, number: str) -> Caller:
        """Who has this number, and who talked with them last."""
        wanted = normalise(number, self._country)
        if not wanted:
            return Caller()

        def look(connection: Connection) -> Caller:
            return caller(connection, wanted, number, self._clock.now())

        return await read(self._engine, look, one_statement=True)

    async def get(self, contact_id: str) -> Contact:
        """Raises NotFoundError."""
        async with self._sessions() as session:
            return await _contact(session, await _row(session, contact_id))

    async def search(self, text: str, page: int, page_size: int) -> tuple[list[Contact], int]:
        """By part of the name or of a number; by name. Raises nothing."""
        query = select(ContactRow)
        if text:
            like = f"%{text.replace('%', '').replace('_', '')}%"
            numbers = select(ContactNumberRow.contact_id).where(ContactNumberRow.number.like(like))
            query = query.where(or_(ContactRow.name.ilike(like), ContactRow.id.in_(numbers)))
        async with self._sessions() as session:
            total = await session.scalar(select(func.count()).select_from(query.subquery()))
            rows = await session.scalars(
                query.order_by(ContactRow.name, ContactRow.id).offset((page - 1) * page_size).limit(page_size)
            )
            return [await _contact(session, row) for row in rows.all()], total or 0

    async def save(
        self, contact_id: str | None, name: str, numbers: Sequence[str], note: str = ""
    ) -> Contact:
        """A new one (None) or a changed one. Raises NotFoundError, InvalidInputError (a number of somebody else)."""
        now = self._clock.now()
        wanted = list(dict.fromkeys(self._number(number) for number in numbers))
        async with self._writing.begin() as session:
            if contact_id is None:
                row = ContactRow(id=str(ULID()).lower(), created_at=now)
            else:
                row = await _row(session, contact_id)
            row.name, row.note, row.changed_at = name, note, now
            session.add(row)
            await session.flush()
            await session.execute(delete(ContactNumberRow).where(ContactNumberRow.contact_id == row.id))
            taken = await session.scalars(
                select(ContactNumberRow.number).where(ContactNumberRow.number.in_(wanted))
            )
            if other := taken.first():
                raise InvalidInputError(
                    "That number belongs to another contact.", field="numbers", number=other
                )
            session.add_all(ContactNumberRow(number=number, contact_id=row.id) for number in wanted)
        return Contact(row.id, row.name, row.note, tuple(wanted), row.created_at)

    def _number(self, number: str) -> str:
        wanted = normalise(number, self._country)
        if not wanted:
            raise InvalidInputError("This is not a telephone number.", field="numbers", number=number[:32])
        return wanted


async def _row(session: AsyncSession, contact_id: str) -> ContactRow:
    row = await session.get(ContactRow, contact_id)
    if row is None:
        raise NotFoundError("There is no such contact.", contact=contact_id)
    return row


async def _contact(session: AsyncSession, row: ContactRow) -> Contact:
    numbers = await session.scalars(
        select(ContactNumberRow.number)
        .where(ContactNumberRow.contact_id == row.id)
        .order_by(ContactNumberRow.number)
    )
    return Contact(row.id, row.name, row.note, tuple(numbers), row.created_at)
