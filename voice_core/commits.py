"""Commits in order, several decisions in one transaction (decision 0003).

A decision is applied to memory at once and submitted here; its caller awaits the future before telling
anybody. One task at a time writes what has gathered; it exists only while there is something to write,
and it never fails: errors reach the futures. After a failure memory is read again from the store before
any new decision is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from voice_core.errors import CentralitaError, StaleWriteError, UnavailableError
from voice_core.ports import Change, Store

COMMIT_TIMEOUT_S = 10.0
BATCH = 100  # changes in one transaction at most
# Turns of the event loop before writing: what follows at once from a decision (an agent freed → the next
# offer) goes in the same transaction, and the next caller is rung after one commit instead of two.
GATHER_TURNS = 8
_Written = tuple[Change, "asyncio.Future[None]"]


class Commits:
    def __init__(
        self, store: Store, committed: Callable[[Change], None], repair: Callable[[], Awaitable[None]]
    ) -> None:
        self._store = store
        self._committed = committed
        self._repair = repair
        self._pending: list[_Written] = []
        self._tainted: set[str] = set()  # rows whose memory is ahead of the store for ever
        self._task: asyncio.Task[CentralitaError | None] | None = None

    def submit(self, change: Change) -> asyncio.Future[None]:
        """Queue a change already applied to memory. The future ends when it is stored, or carries why not."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((change, future))
        self._start()
        return future

    async def ready(self) -> None:
        """Memory may be trusted. Raises UnavailableError while the store cannot be read after a failure."""
        while self._tainted:
            error = await asyncio.shield(self._start())
            if error is not None:
                raise UnavailableError("The database does not answer; try again in a moment.") from error

    @property
    def healthy(self) -> bool:
        return not self._tainted

    async def flushed(self) -> None:
        """All that was submitted so far is stored (or has failed)."""
        if self._task is not None:
            await asyncio.shield(self._task)

    def _start(self) -> asyncio.Task[CentralitaError | None]:
        if self._task is None:
            self._task = asyncio.create_task(self._write(), name="desk-commits")
        return self._task

    async def _write(self) -> CentralitaError | None:
        try:
            while self._pending or self._tainted:
                while self._pending:
                    for _ in range(GATHER_TURNS):
                        await asyncio.sleep(0)
                    batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
                    await self._store_batch(batch)
                if self._tainted and (error := await self._mend()):
                    return error
            return None
        finally:
            self._task = None

    async def _store_batch(self, batch: list[_Written]) -> None:
        batch = [written for written in batch if not self._refuse_tainted(written)]
        if not batch:
            return
        error = await self._try(batch)
        if error is None:
            return
        if len(batch) == 1 or isinstance(error, UnavailableError):
            for written in batch:
                self._fail(written, error)
            return
        for written in batch:  # one of them is at fault: its neighbours shall not pay for it
            if not self._refuse_tainted(written) and (error := await self._try([written])):
                self._fail(written, error)

    async def _try(self, batch: list[_Written]) -> CentralitaError | None:
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._store.commit(*(change for change, _ in batch))
        except CentralitaError as error:
            return error
        except TimeoutError:
            return UnavailableError("The database did not answer in time.")
        except Exception as error:  # noqa: BLE001 - whatever a store raises reaches the caller, never this task
            return (
                UnavailableError(f"The change could not be stored: {error}")
                if len(batch) == 1
                else CentralitaError("")
            )
        for change, future in batch:
            self._committed(change)
            if not future.done():
                future.set_result(None)
        return None

    def _refuse_tainted(self, written: _Written) -> bool:
        """A decision built on one that was not stored cannot stand either."""
        if not self._tainted & touched(written[0]):
            return False
        self._fail(written, StaleWriteError("An earlier change of this contact could not be stored."))
        return True

    def _fail(self, written: _Written, error: CentralitaError) -> None:
        change, future = written
        self._tainted |= touched(change) or {""}
        if not future.done():
            future.set_exception(error)

    async def _mend(self) -> CentralitaError | None:
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._repair()
        except CentralitaError as error:
            return error
        except Exception as error:  # noqa: BLE001 - as above
            return UnavailableError(f"The database cannot be read: {error}")
        self._tainted.clear()
        return None


def touched(change: Change) -> set[str]:
    return {row.id for row in change.interactions} | {f"agent {agent.id}" for agent in change.agents}
