"""The ledger's keeper in a database: SQLite (embedded) or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from voice_core.errors import FencedError, InvalidInputError, StaleWriteError
from voice_core.interaction import Interaction, Stage
from voice_core.lease import Fence
from voice_core.ledger import Entry
from voice_core.ports import Change, Live
from voice_core.store import rows
from voice_core.store.errors import translated, translating
from voice_core.store.leases import applied, pass_fence
from voice_core.store.models import AgentRow, EntryRow, InteractionRow, OfferRow, SpanRow
from voice_core.store.prepared import Prepared
from voice_core.store.transactions import read, write

INTERACTIONS: Table = InteractionRow.__table__  # type: ignore[assignment]
OFFERS: Table = OfferRow.__table__  # type: ignore[assignment]
AGENTS: Table = AgentRow.__table__  # type: ignore[assignment]
LEDGER: Table = EntryRow.__table__  # type: ignore[assignment]
SPANS: Table = SpanRow.__table__  # type: ignore[assignment]


def _all_but(table: Table, key: str) -> list[str]:
    """The columns of `table` that the database does not fill itself."""
    return [column.name for column in table.c if column.name != key]


# A column that never changes after the contact is open is not written again.
_FIXED = {
    "id",
    "channel",
    "direction",
    "from_address",
    "to_address",
    "opened_at",
    "external_id",
    "node",
    "parent_id",
}
_UPDATE = Prepared(
    lambda _: (
        update(INTERACTIONS)
        .where(
            INTERACTIONS.c.id == bindparam("row_id"), INTERACTIONS.c.version == bindparam("expected_version")
        )
        .values(
            {column.name: bindparam(column.name) for column in INTERACTIONS.c if column.name not in _FIXED}
        )
    )
)
_CLOSE_SPAN = Prepared(
    lambda _: (
        update(SPANS)
        .where(SPANS.c.agent == bindparam("of_agent"), SPANS.c.until.is_(None))
        .values(until=bindparam("until"))
    )
)
_INSERT = Prepared(lambda _: insert(INTERACTIONS), INTERACTIONS.c.keys())
_APPEND = Prepared(lambda _: insert(LEDGER), _all_but(LEDGER, "seq"))
_OPEN_SPAN = Prepared(lambda _: insert(SPANS), _all_but(SPANS, "id"))
_PUT_AGENT = Prepared(lambda dialect: _upsert(AGENTS, "id", dialect), AGENTS.c.keys())
_PUT_OFFER = Prepared(lambda dialect: _upsert(OFFERS, "interaction_id", dialect), OFFERS.c.keys())


class SqlStore:
    """With a fence, only the holder of the lease writes and starts from what lives (FencedError otherwise)."""

    def __init__(self, engine: AsyncEngine, fence: Fence | None = None) -> None:
        self._engine = engine
        self._fence = fence

    async def commit(self, *changes: Change) -> None:
        """All in one transaction; statements of the same kind go together."""
        if self._fence is not None:
            number = self._fence.applied + 1
            await self.commit_numbered(number, number, changes)
            return
        async with translated():
            await write(self._engine, lambda connection: self._write(connection, changes))

    async def load_live(self) -> Live:
        async with translated():
            if self._fence is None:
                return await read(self._engine, _live)
            return await write(self._engine, self._live_under_the_fence)

    def _live_under_the_fence(self, connection: Connection) -> Live:
        """The lease's row is locked first, which is writing."""
        fence = self._held()
        fence.applied = applied(connection, fence)
        return _live(connection)

    @property
    def applied(self) -> int:
        """Number of the last commit known to be stored."""
        return self._held().applied

    # under a fence: commits are numbered, so that none is stored twice

    async def commit_numbered(self, first: int, last: int, changes: Sequence[Change]) -> None:
        """Raises StaleWriteError also when those numbers are not the next: what is stored must be read again."""
        fence = self._held()

        def store(connection: Connection) -> None:
            pass_fence(connection, fence, first, last)
            self._write(connection, changes)

        async with translated():
            await write(self._engine, store)
        fence.applied = last

    async def commit_what_can(self, first: int, last: int, changes: Sequence[Change]) -> list[Change]:
        """The same, but a change that cannot be stored does not keep back its neighbours. Returns what was refused."""
        try:
            await self.commit_numbered(first, last, changes)
        except FencedError:
            raise
        except (StaleWriteError, InvalidInputError):
            return await self._commit_one_by_one(first, last, changes)
        return []

    async def read_fence(self) -> int:
        """How many commits are stored, once none is in flight. Raises FencedError, UnavailableError."""
        fence = self._held()
        async with translated():
            fence.applied = await write(self._engine, lambda connection: applied(connection, fence))
        return fence.applied

    async def _commit_one_by_one(self, first: int, last: int, changes: Sequence[Change]) -> list[Change]:
        fence = self._held()

        def store(connection: Connection) -> list[Change]:
            pass_fence(connection, fence, first, last)
            return [change for change in changes if not self._write_alone(connection, change)]

        async with translated():
            refused = await write(self._engine, store)
        fence.applied = last
        return refused

    def _write_alone(self, connection: Connection, change: Change) -> bool:
        try:
            with translating(), connection.begin_nested():
                self._write(connection, [change])
        except (StaleWriteError, InvalidInputError):
            return False
        return True

    def _held(self) -> Fence:
        if self._fence is None:
            raise RuntimeError("This store was opened for reading beside the controller.")
        return self._fence

    # reading

    async def interaction(self, interaction_id: str) -> Interaction | None:
        async with translated():
            return await read(
                self._engine, lambda connection: rows.interaction_in(connection, interaction_id)
            )

    async def by_external_id(self, node: str, external_id: str) -> Interaction | None:
        if not external_id:
            return None
        wanted = (INTERACTIONS.c.node == node) & (INTERACTIONS.c.external_id == external_id)
        # Said again so that the partial index applies.
        return await self._one(select(INTERACTIONS).where(wanted, INTERACTIONS.c.external_id != ""))

    async def entries(self, interaction_id: str) -> Sequence[Entry]:
        wanted = select(LEDGER).where(LEDGER.c.interaction_id == interaction_id).order_by(LEDGER.c.seq)
        async with translated():
            found = await read(self._engine, lambda connection: connection.execute(wanted).mappings().all())
        return [rows.to_entry(row) for row in found]

    async def _one(self, wanted: Any) -> Interaction | None:
        async with translated():
            row = await read(self._engine, lambda connection: connection.execute(wanted).mappings().first())
        return None if row is None else rows.to_interaction(row)

    def _write(self, connection: Connection, changes: Sequence[Change]) -> None:
        self._write_interactions(connection, changes)
        offers = {offer.interaction_id: offer for change in changes for offer in change.offers}
        if offers:
            _PUT_OFFER.execute(connection, *map(rows.from_offer, offers.values()))
        agents = {agent.id: agent for change in changes for agent in change.agents}
        if agents:
            _PUT_AGENT.execute(connection, *map(rows.from_agent, agents.values()))
        entries = [rows.from_entry(entry) for change in changes for entry in change.entries]
        if entries:
            _APPEND.execute(connection, *entries)
        self._write_spans(connection, changes)

    def _write_interactions(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Only the last version of each row is written; the first says what must be there now."""
        first: dict[str, int] = {}
        last: dict[str, Interaction] = {}
        for row in (row for change in changes for row in change.interactions):
            if row.id in last and row.version != last[row.id].version + 1:
                raise _stale(row)
            first.setdefault(row.id, row.version)
            last[row.id] = row
        new = [row for row in last.values() if first[row.id] == 1]
        if new:
            _INSERT.execute(connection, *map(rows.from_interaction, new))
        for row in last.values():
            if first[row.id] == 1:
                continue
            values = {name: value for name, value in rows.from_interaction(row).items() if name not in _FIXED}
            values |= {"row_id": row.id, "expected_version": first[row.id] - 1}
            if _UPDATE.execute(connection, values).rowcount != 1:
                raise _stale(row)

    def _write_spans(self, connection: Connection, changes: Sequence[Change]) -> None:
        """A span opened and closed within the batch is written whole."""
        opened: dict[str, dict[str, Any]] = {}
        whole: list[dict[str, Any]] = []
        closed: list[dict[str, Any]] = []
        for span in (span for change in changes for span in change.spans):
            if span.until is None:
                opened[span.agent] = rows.from_span(span)
            elif span.agent in opened:
                whole.append(opened.pop(span.agent) | {"until": span.until})
            else:
                closed.append({"of_agent": span.agent, "until": span.until})
        if closed:
            _CLOSE_SPAN.execute(connection, *closed)
        if whole or opened:
            _OPEN_SPAN.execute(connection, *whole, *opened.values())


def _live(connection: Connection) -> Live:
    live = connection.execute(select(INTERACTIONS).where(INTERACTIONS.c.stage != Stage.CLOSED.value))
    interactions = tuple(rows.to_interaction(row) for row in live.mappings())
    standing = select(OFFERS).join(INTERACTIONS).where(INTERACTIONS.c.stage == Stage.OFFERED.value)
    return Live(
        interactions=interactions,
        offers=tuple(rows.to_offer(row) for row in connection.execute(standing).mappings()),
        agents=tuple(rows.to_agent(row) for row in connection.execute(select(AGENTS)).mappings()),
    )


def _stale(row: Interaction) -> StaleWriteError:
    return StaleWriteError(
        "Somebody else changed this contact first.", interaction=row.id, version=row.version
    )


def _upsert(table: Table, key: str, dialect: str) -> Any:
    into = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    taken = {name: into.excluded[name] for name in _all_but(table, key)}
    return into.on_conflict_do_update(index_elements=[key], set_=taken)
