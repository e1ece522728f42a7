"""What follows from a ledger line, whatever dies: a cursor a reaction, moved in the transaction that does the work.

Whoever has the cursor's row locked reacts; who finds it locked leaves the turn to them. A process that dies lets go of
the row, and its turn is taken again from where the cursor stands: at least once, so a reaction must not mind a repetition.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, RowMapping, bindparam, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from voice_core.errors import UnavailableError
from voice_core.interaction import Interaction
from voice_core.ledger import Kind
from voice_core.store.errors import translated, translating
from voice_core.store.models import EntryRow, ReactionRow
from voice_core.store.rows import interaction_in
from voice_core.store.transactions import read, write

BATCH = 20  # ledger lines a turn: on SQLite nobody else writes meanwhile
GATHER_S = (
    0.5  # from the first word of something new to the turn: what was closed meanwhile shares its commit
)
LOOK_EVERY_S = 2.0
WORKER_GONE_S = 10.0  # without a turn of theirs, the controller takes it
TURN_TIMEOUT_S = 10.0

log = structlog.get_logger(__name__)

# Made once: to put a statement together costs more than to execute it.
_MINE = ReactionRow.name == bindparam("reaction")
_CURSOR = select(ReactionRow.seq).where(_MINE)
_LOCKED_CURSOR = _CURSOR.with_for_update(skip_locked=True)
_CURSOR_AND_TURNS = select(ReactionRow.seq, ReactionRow.turns).where(_MINE)
_AHEAD = (EntryRow.seq > bindparam("cursor"), EntryRow.kind == bindparam("to"))
_ANY_LINE = select(exists().where(*_AHEAD))
_LINES = select(EntryRow.seq, EntryRow.interaction_id).where(*_AHEAD).order_by(EntryRow.seq).limit(BATCH)
_MOVE = update(ReactionRow).where(_MINE).values(seq=bindparam("passed"))
_MOVE_AS_WORKER = _MOVE.values(turns=ReactionRow.turns + 1)


@dataclass(frozen=True, slots=True)
class Reaction:
    """`react` is given the contact as it is now, in the transaction that moves the cursor; it may be told twice."""

    name: str
    to: Kind
    react: Callable[[Connection, Interaction], None]


class Reacting:
    """Takes turns at one reaction. `gives_way`: not while somebody else is seen to take theirs (the controller does)."""

    def __init__(
        self,
        engine: AsyncEngine,
        reaction: Reaction,
        *,
        gives_way: bool,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._reaction = reaction
        self._gives_way = gives_way
        self._steady = steady
        self._turns: int | None = None  # of workers, at our last look
        self._worker_seen_s: float | None = None
        self._woken = asyncio.Event()
        self._named = {"reaction": reaction.name}

    def wake(self) -> None:
        """Something was closed: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for: nothing is lost by that."""
        waits = False
        while True:
            self._woken.clear()
            try:
                while await self.turn() == BATCH:
                    pass
                waits = False
            except UnavailableError as error:
                if not waits:
                    waits = True
                    log.warning("reaction_waits", reaction=self._reaction.name, error=str(error))
            except Exception:  # the next turn tries again; it must not end the centre
                log.exception("reaction_failed", reaction=self._reaction.name)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._woken.wait()
                    await asyncio.sleep(GATHER_S)

    async def turn(self) -> int:
        """How many lines were passed; 0 when there are none, or when the turn is somebody else's. Raises UnavailableError."""
        async with translated(), asyncio.timeout(TURN_TIMEOUT_S):
            if self._gives_way and not await self._is_ours():
                return 0
            return await write(self._engine, self._take_turn)

    def _take_turn(self, connection: Connection) -> int:
        cursor = self._lock(connection)
        if cursor is None:
            return 0
        lines = self._lines(connection, cursor)
        for line in lines:
            self._react(connection, line["interaction_id"])
        self._move(connection, lines[-1]["seq"] if lines else cursor)
        return len(lines)

    async def _is_ours(self) -> bool:
        """Read without a lock: there is something to do, and no worker has come lately."""

        def look(connection: Connection) -> bool:
            row = connection.execute(_CURSOR_AND_TURNS, self._named).first()
            if row is None:
                self._turns = 0
                return True
            if self._turns not in (None, row.turns):
                self._worker_seen_s = self._steady()
            self._turns = row.turns
            if self._worker_seen_s is not None and self._steady() - self._worker_seen_s < WORKER_GONE_S:
                return False
            return bool(connection.scalar(_ANY_LINE, self._after(row.seq)))

        return await read(self._engine, look)

    def _lock(self, connection: Connection) -> int | None:
        """Where the cursor stands, until the end of the transaction; None when another holds it."""
        cursor = connection.scalar(_LOCKED_CURSOR, self._named)
        if (
            cursor is None and connection.scalar(_CURSOR, self._named) is None
        ):  # a new one begins with the ledger
            values = {"name": self._reaction.name, "seq": 0, "turns": 0}
            connection.execute(insert(ReactionRow).values(values))
            return 0
        return cursor

    def _lines(self, connection: Connection, cursor: int) -> Sequence[RowMapping]:
        return connection.execute(_LINES, self._after(cursor)).mappings().all()

    def _react(self, connection: Connection, interaction_id: str) -> None:
        """One that cannot be reacted to must not keep back the others: it is told in the log."""
        try:
            with translating(), connection.begin_nested():
                contact = interaction_in(connection, interaction_id)
                if contact is None:
                    raise LookupError(f"the ledger tells of {interaction_id}, which is not there")
                self._reaction.react(connection, contact)
        except UnavailableError:
            raise
        except Exception:
            log.exception("reaction_left_out", reaction=self._reaction.name, interaction=interaction_id)

    def _move(self, connection: Connection, seq: int) -> None:
        move = _MOVE if self._gives_way else _MOVE_AS_WORKER
        connection.execute(move, {"passed": seq, **self._named})

    def _after(self, cursor: int) -> dict[str, object]:
        return {"cursor": cursor, "to": self._reaction.to}
