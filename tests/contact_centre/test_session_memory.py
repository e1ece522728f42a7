"""Who is signed in while the database does not answer, and who is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from contact_centre.access.models import Signed, User
from contact_centre.access.privileges import Role
from contact_centre.access.session_memory import (
    ANSWER_TIMEOUT_S,
    ASK_AGAIN_AFTER,
    PURGE_FROM,
    REMEMBERED_FOR,
    SessionMemory,
)
from tests.contact_centre.house import NOON, SetClock
from voice_core.errors import UnavailableError

ANA = User("ana", "Ana", (Role.AGENT,), {}, {}, "es", True, NOON, 1, "", "")


class Database:
    """The sessions it knows, and whether it answers."""

    def __init__(self, clock: SetClock) -> None:
        self.sessions = {"t1": Signed(ANA, "t1", "csrf", clock.now() + timedelta(hours=12))}
        self.fails: Callable[[], object] | None = None
        self.asked = 0

    def ask(self, token: str) -> Callable[[], object]:
        async def answer() -> Signed | None:
            self.asked += 1
            if self.fails is not None:
                self.fails()
            return self.sessions.get(token)

        return answer


def _refuses() -> None:
    raise ConnectionRefusedError("nobody there")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def database(clock: SetClock) -> Database:
    return Database(clock)


@pytest.fixture
def memory(clock: SetClock) -> SessionMemory:
    return SessionMemory(clock)


async def look(memory: SessionMemory, database: Database, key: str = "t1") -> Signed | None:
    return await memory.look_up(key, database.ask(key))  # type: ignore[arg-type]


async def test_who_was_seen_goes_on_and_nobody_else_comes_in(
    memory: SessionMemory, database: Database
) -> None:
    signed = await look(memory, database)
    database.fails = _refuses
    assert await look(memory, database) is signed
    with pytest.raises(UnavailableError):
        await look(memory, database, "t2")


async def test_the_database_is_asked_each_time_it_answers(memory: SessionMemory, database: Database) -> None:
    await look(memory, database)
    database.sessions.clear()  # revoked by another process
    assert await look(memory, database) is None
    database.fails = _refuses
    with pytest.raises(UnavailableError):
        await look(memory, database)


@pytest.mark.parametrize("how", ["forget", "forget_user"])
async def test_what_was_revoked_here_is_forgotten(
    memory: SessionMemory, database: Database, how: str
) -> None:
    await look(memory, database)
    getattr(memory, how)("t1" if how == "forget" else "ana")
    database.fails = _refuses
    with pytest.raises(UnavailableError):
        await look(memory, database)


@pytest.mark.parametrize("life", [timedelta(hours=12), timedelta(minutes=5)])
async def test_not_for_longer_than_the_session_lives_nor_for_ever(
    memory: SessionMemory, database: Database, clock: SetClock, life: timedelta
) -> None:
    database.sessions["t1"] = Signed(ANA, "t1", "csrf", clock.now() + life)
    await look(memory, database)
    database.fails = _refuses
    clock.advance(min(REMEMBERED_FOR, life).total_seconds() - 1)
    assert await look(memory, database) is not None
    clock.advance(ASK_AGAIN_AFTER.total_seconds())
    with pytest.raises(UnavailableError):
        await look(memory, database)


async def test_a_database_that_stands_still_is_not_waited_for_at_every_click(
    memory: SessionMemory, database: Database, clock: SetClock
) -> None:
    await look(memory, database)
    database.fails = lambda: (_ for _ in ()).throw(TimeoutError)
    for _ in range(5):
        assert await look(memory, database) is not None
    assert database.asked == 2
    clock.advance(ASK_AGAIN_AFTER.total_seconds())
    database.fails = None
    database.sessions.clear()
    assert await look(memory, database) is None


async def test_an_answer_that_never_comes_is_no_answer(memory: SessionMemory, database: Database) -> None:
    signed = await look(memory, database)
    began = asyncio.get_running_loop().time()
    assert await memory.look_up("t1", asyncio.Event().wait) is signed  # type: ignore[arg-type]
    assert asyncio.get_running_loop().time() - began >= ANSWER_TIMEOUT_S


async def test_old_ones_do_not_fill_the_memory(
    memory: SessionMemory, database: Database, clock: SetClock
) -> None:
    for number in range(2 * PURGE_FROM):
        if number == PURGE_FROM:
            clock.advance(REMEMBERED_FOR.total_seconds() + 1)
        token = f"t{number}"
        database.sessions[token] = Signed(ANA, token, "csrf", clock.now() + timedelta(hours=12))
        await look(memory, database, token)
    assert len(memory._seen) == PURGE_FROM
