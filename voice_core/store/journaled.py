"""A store that goes on while its database is away: what it cannot store it journals, and stores afterwards.

How it stays exact is written in decision 0007: commits are numbered under the lease, a number is stored once, and
the journal is replayed in order before anything goes to the database directly again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from itertools import islice
from typing import Any, TypeVar

import structlog

from voice_core.errors import UnavailableError
from voice_core.interaction import Interaction
from voice_core.journal import Journal, Record
from voice_core.lease import Fence
from voice_core.ledger import Entry
from voice_core.ports import Change, Live
from voice_core.store.columns import check_storable
from voice_core.store.sql import SqlStore

DIRECT_TIMEOUT_S = 2.0  # of the database, before the journal takes over
REPLAY_TIMEOUT_S = 10.0
REPLAY_BATCH = 100  # journalled commits in one transaction
HOLD_S = 0.5  # a commit waits for the last of the journal to be stored
RETRY_S = 0.5
T = TypeVar("T")

log = structlog.get_logger(__name__)


class JournaledStore:
    """`run` must run beside it. Only one commit at a time (`Commits` sees to that)."""

    def __init__(self, store: SqlStore, journal: Journal, fence: Fence) -> None:
        self._store = store
        self._journal = journal
        self._token = fence.token
        self._last = fence.applied  # number of the last commit acknowledged, stored or journalled
        self._pending: deque[Record] = deque()
        self._kept: dict[str, Interaction] = {}  # newest rows of what is pending
        self._away = asyncio.Event()
        self._back = asyncio.Event()  # the opposite
        self._nearly_back = False
        self._keeping = False
        self._unsure = False  # a commit that may be stored could not be journalled: nothing may follow it
        self._abandoned: set[asyncio.Task[Any]] = set()

    @property
    def away(self) -> bool:
        """The database does not answer, or does not have everything yet."""
        return self._away.is_set()

    async def commit(self, *changes: Change) -> None:
        if self._nearly_back:  # else a busy centre would journal for ever, a little behind
            await self._wait_until_back()
        number = self._last + 1
        if self.away:
            await self._keep(number, changes)
            return
        try:
            await self._directly(self._store.commit_numbered(number, number, changes))
            self._last = number
        except UnavailableError:  # it may be stored all the same: the same number is tried again
            self._unsure = True
            await self._keep(number, changes, again=True)
            self._unsure = False

    async def run(self) -> None:
        """Brings the database up to date whenever it was away. Raises FencedError: another controller owns it."""
        while True:
            await self._away.wait()
            try:
                await self._catch_up()
            except UnavailableError:
                await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """What was abandoned has ended, or is left to end by itself."""
        if self._abandoned:
            await asyncio.wait(self._abandoned, timeout=DIRECT_TIMEOUT_S)
        self._journal.close()

    # reading

    async def load_live(self) -> Live:
        if self.away:
            raise UnavailableError("The database is away; it is being brought up to date.")
        live = await self._directly(self._store.load_live())
        self._last = self._store.applied
        return live

    async def interaction(self, interaction_id: str) -> Interaction | None:
        if (row := self._kept.get(interaction_id)) is not None:
            return row
        self._require_database()
        return await self._directly(self._store.interaction(interaction_id))

    async def by_external_id(self, node: str, external_id: str) -> Interaction | None:
        for row in self._kept.values():
            if (row.node, row.external_id) == (node, external_id):
                return row
        self._require_database()
        return await self._directly(self._store.by_external_id(node, external_id))

    async def entries(self, interaction_id: str) -> Sequence[Entry]:
        self._require_database()
        return await self._directly(self._store.entries(interaction_id))

    def _require_database(self) -> None:
        if self.away:
            raise UnavailableError("The database is away; only what lives can be read now.")

    # keeping

    async def _directly(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await self._within(DIRECT_TIMEOUT_S, work)
        except UnavailableError as error:
            if not self.away:
                log.warning("database_away", error=str(error))
            self._away.set()
            self._back.clear()
            raise

    async def _keep(self, number: int, changes: Sequence[Change], *, again: bool = False) -> None:
        if self._keeping or (self._unsure and not again):
            raise UnavailableError(
                "The database is away and nothing more can be kept; try again in a moment."
            )
        for change in changes:
            check_storable(change)
        self._keeping = True
        try:
            await asyncio.shield(self._append(Record(self._token, number, tuple(changes))))
        except UnavailableError as error:
            log.error("journal_refused", error=str(error), pending=len(self._pending))
            raise

    async def _append(self, record: Record) -> None:
        """Not to be interrupted: what is in the file is pending."""
        try:
            await asyncio.to_thread(self._journal.append, record)
            self._pending.append(record)
            self._last = record.number
            self._kept |= {row.id: row for change in record.changes for row in change.interactions}
        finally:
            self._keeping = False

    # catching up

    async def _wait_until_back(self) -> None:
        try:
            async with asyncio.timeout(HOLD_S):
                await self._back.wait()
        except TimeoutError:
            return

    async def _catch_up(self) -> None:
        try:
            stored = await self._within(REPLAY_TIMEOUT_S, self._store.read_fence())
            while self._pending and self._pending[0].number <= stored:
                self._pending.popleft()
            while self._pending:
                stored = await self._replay(list(islice(self._pending, REPLAY_BATCH)))
        finally:
            self._nearly_back = False
        if not self._keeping:
            self._comes_back(stored)

    async def _replay(self, batch: Sequence[Record]) -> int:
        self._nearly_back = len(self._pending) <= len(batch)
        await self._within(REPLAY_TIMEOUT_S, store_records(self._store, self._journal, batch))
        for _ in batch:
            self._pending.popleft()
        return batch[-1].number

    def _comes_back(self, stored: int) -> None:
        self._journal.clear()
        self._kept.clear()
        self._last, self._unsure = stored, False
        self._away.clear()
        self._back.set()
        log.info("database_back", commits=stored)

    async def _within(self, limit_s: float, work: Coroutine[Any, Any, T]) -> T:
        """The limit holds however long the driver takes to notice that it was cancelled."""
        task = asyncio.create_task(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=limit_s)
        finally:
            if not task.done():
                task.cancel()
                self._abandoned.add(task)
                task.add_done_callback(self._forget)
        if not done:
            raise UnavailableError("The database did not answer in time.")
        return task.result()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("abandoned_statement_failed", error=repr(error))


async def store_records(store: SqlStore, journal: Journal, records: Sequence[Record]) -> None:
    """In one transaction; they must be the next ones. What the database will not take is kept beside the journal."""
    first, last = records[0], records[-1]
    changes = [change for record in records for change in record.changes]
    refused = await store.commit_what_can(first.number, last.number, changes)
    if refused:
        path = await asyncio.to_thread(journal.refuse, Record(last.token, last.number, tuple(refused)))
        log.error("journalled_changes_refused", count=len(refused), kept_in=str(path))
