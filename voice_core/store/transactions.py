"""A whole transaction as one function, run where the database's driver is quickest.

SQLite's driver is synchronous: awaiting it statement by statement crosses to its thread and back ten times a commit.
Here the function crosses once, to a thread that keeps a connection of its own (decision 0009). PostgreSQL's driver is
asynchronous by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from voice_core.store.database import begin_sqlite, for_writing, prepare_sqlite

T = TypeVar("T")
Work = Callable[[Connection], T]


async def read(engine: AsyncEngine, work: Work[T], *, one_statement: bool = False) -> T:
    """What `work` returns, from one consistent look. Raises the driver's errors (see `errors.translated`).

    `one_statement`: it executes no more than one, which is consistent by itself.
    """
    if engine.dialect.name == "sqlite":
        return await _thread_of(engine, writes=False).run(work, one_statement=one_statement)
    async with engine.connect() as connection:
        return await connection.run_sync(work)


async def write(engine: AsyncEngine, work: Work[T]) -> T:
    """What `work` returns, once it is committed. One that is cancelled may be committed all the same."""
    if engine.dialect.name == "sqlite":
        return await _thread_of(engine, writes=True).run(work)
    async with for_writing(engine).begin() as connection:
        return await connection.run_sync(work)


class _Thread:
    """One thread, one connection, one transaction at a time."""

    def __init__(self, engine: AsyncEngine, *, writes: bool) -> None:
        address = engine.url.set(drivername="sqlite")
        own = create_engine(address, connect_args={"timeout": 5.0}, hide_parameters=True)
        event.listen(own, "connect", prepare_sqlite)
        event.listen(own, "begin", begin_sqlite)
        self._engine: Engine = own.execution_options(writes=writes)
        self._kept: Connection | None = None
        self._thread = ThreadPoolExecutor(1, "database-writes" if writes else "database-reads")

    async def run(self, work: Work[T], *, one_statement: bool = False) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._transact, work, one_statement)

    def _transact(self, work: Work[T], one_statement: bool) -> T:
        if self._kept is None:  # kept open: the pool's way out and in costs as much as a small transaction
            self._kept = self._engine.connect()
        try:
            with self._kept.execution_options(one_statement=one_statement).begin():
                return work(self._kept)
        except DBAPIError:
            self._let_go()
            raise

    def _let_go(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def close(self) -> None:
        self._thread.submit(self._let_go)
        self._thread.submit(self._engine.dispose)
        self._thread.shutdown()


_threads: WeakKeyDictionary[Engine, dict[bool, _Thread]] = WeakKeyDictionary()


def _thread_of(engine: AsyncEngine, *, writes: bool) -> _Thread:
    """Made when first needed; ended when the engine is disposed of."""
    mine = _threads.get(engine.sync_engine)
    if mine is None:
        mine = _threads[engine.sync_engine] = {}
        event.listen(engine.sync_engine, "engine_disposed", _close)
    if writes not in mine:
        mine[writes] = _Thread(engine, writes=writes)
    return mine[writes]


def _close(engine: Engine) -> None:
    for thread in _threads.pop(engine, {}).values():
        thread.close()
