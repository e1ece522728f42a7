"""Owning the centre: what an earlier life journalled is stored, the lease is taken, and a store is handed out.

For the composition root. Whoever calls it holds the home folder's lock, so an earlier process of this home is dead.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from ulid import ULID

from voice_core.clock import Clock
from voice_core.errors import CentralitaError, StaleWriteError, UnwritableError
from voice_core.journal import Journal, Record
from voice_core.lease import CONTROLLER, LEASE_TIMEOUT_S, Fence, Keeper, Lease, Standby
from voice_core.ports import Store
from voice_core.store.journaled import REPLAY_BATCH, JournaledStore, store_records
from voice_core.store.leases import SqlLeases
from voice_core.store.sql import SqlStore
from voice_core.whole_file import create_whole

FOLDER = "journal"
NODE_FILE = "node-id"
LONGEST_HOME = 120  # of a home's path, in the holder's name

log = structlog.get_logger(__name__)
Job = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Owned:
    """The desk's store, and the jobs that must run for as long as it is used: one that ends ends the process."""

    store: Store
    jobs: dict[str, Job]
    lease: Lease


@asynccontextmanager
async def own(
    engine: AsyncEngine, home: Path, clock: Clock, waiting: Callable[[str], None], url: str = ""
) -> AsyncIterator[Owned]:
    """Waits for the lease on a server database (`waiting` is told who holds it); on SQLite it is refused at once.
    `url`: where the centre will serve, for whoever reads the lease.

    Raises UnavailableError with a sentence.
    """
    on_server = engine.dialect.name != "sqlite"
    leases, holder = SqlLeases(engine), await asyncio.to_thread(holder_of, home)
    journal = Journal(home / FOLDER)
    await _store_journal(engine, leases, journal)
    standby = Standby(leases, holder, clock, url=url)
    lease = await (standby.wait(waiting) if on_server else standby.take_or_refuse())
    fence = Fence(lease)
    store = SqlStore(engine, fence)
    jobs: dict[str, Job] = {"lease": Keeper(leases, lease, clock).run}
    if not on_server:
        async with _given_back(leases, lease):
            yield Owned(store, jobs, lease)
        return
    journaled = JournaledStore(store, journal, fence)
    async with _given_back(leases, lease, journaled):
        yield Owned(journaled, jobs | {"journal": journaled.run}, lease)


@asynccontextmanager
async def _given_back(
    leases: SqlLeases, lease: Lease, journaled: JournaledStore | None = None
) -> AsyncIterator[None]:
    """Afterwards the next one need not wait; unless the next life of this home must go on from its journal."""
    try:
        yield
    finally:
        if journaled is not None:
            await journaled.close()
        if journaled is None or not journaled.away:
            with suppress(CentralitaError, TimeoutError):
                async with asyncio.timeout(LEASE_TIMEOUT_S):
                    await leases.release(lease)


def holder_of(home: Path) -> str:
    """This home, for people and for its next life; another home on a machine of the same name is another holder."""
    path = home / NODE_FILE
    try:
        if not path.exists():
            create_whole(path, str(ULID()).lower())
        node = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise UnwritableError(path, error.strerror) from error
    return f"{socket.gethostname()[:64]}:{str(home)[-LONGEST_HOME:]} ({node})"


async def _store_journal(engine: AsyncEngine, leases: SqlLeases, journal: Journal) -> None:
    """Before anything else: what was acknowledged while the database was away, and then the process died."""
    records = await asyncio.to_thread(journal.read)
    if not records:
        return
    lease = await leases.read(CONTROLLER)
    if lease is None or lease.token != records[-1].token:
        _set_aside(journal, records, "another controller took over meanwhile")
        return
    store = SqlStore(engine, Fence(lease))
    missing = [record for record in records if record.number > lease.applied]
    try:
        for start in range(0, len(missing), REPLAY_BATCH):
            await store_records(store, journal, missing[start : start + REPLAY_BATCH])
    except StaleWriteError as error:
        _set_aside(journal, records, str(error))
        return
    journal.clear()
    log.info("journal_stored", commits=len(missing))


def _set_aside(journal: Journal, records: Sequence[Record], why: str) -> None:
    last = records[-1]
    path = journal.set_aside(f"{last.token}-{last.number}")
    log.error("journal_set_aside", commits=len(records), why=why, kept_in=str(path))
