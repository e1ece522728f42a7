"""People become agents and telephones; changes made by another process are noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_centre.access import reactions
from contact_centre.access.models import User
from contact_centre.access.passwords import Passwords, generate_password
from contact_centre.access.privileges import Role
from contact_centre.access.reactions import UserChanges
from contact_centre.access.service import Access, NewUser
from contact_centre.access.service import UserChanges as Changes
from contact_centre.people import ensure_people, people_told, phones_of, seat
from tests.contact_centre.house import PASSWORD, QUICK, SetClock
from voice_core.agent import AgentState
from voice_core.desk import Desk
from voice_core.errors import InvalidInputError
from voice_core.news import LocalNews
from voice_core.store.database import open_database
from voice_core.store.memory import MemoryStore


@pytest.fixture
async def engine(any_url: str) -> AsyncIterator[AsyncEngine]:
    opened = await open_database(any_url)
    yield opened
    await opened.dispose()


@pytest.fixture
def access(engine: AsyncEngine) -> Access:
    return Access(engine, SetClock(), Passwords(QUICK))


async def test_a_first_run_makes_the_demo_people_once(access: Access, tmp_path: Path) -> None:
    made = await ensure_people(access, tmp_path)
    assert [person.username for person in made] == ["admin", "sofia", "ana", "luis", "diego"]
    assert len({person.password for person in made}) == 5
    for person in made:
        _, signed = await access.sign_in(person.username, person.password, "127.0.0.1")
        assert signed.user.roles == person.roles
        assert person.password not in repr(person)
    people_told(tmp_path)
    assert await ensure_people(access, tmp_path) == []


async def test_passwords_that_nobody_saw_are_made_anew(access: Access, tmp_path: Path) -> None:
    """As after a kill, or on a disk too full to take them back, between making and showing them."""
    unseen = await ensure_people(access, tmp_path)
    again = await ensure_people(access, tmp_path)
    assert [person.username for person in again] == [person.username for person in unseen]
    assert {person.password for person in again}.isdisjoint(person.password for person in unseen)
    await access.sign_in("ana", again[2].password, "127.0.0.1")


async def test_only_those_who_take_work_have_telephones(access: Access, tmp_path: Path) -> None:
    await ensure_people(access, tmp_path)
    await access.change("luis", Changes(active=False))
    phones = phones_of(await access.users())
    assert {phone.user for phone in phones} == {"admin", "sofia", "ana"}
    secrets = [secret for phone in phones for secret in (phone.browser_password, phone.sip_password)]
    assert len(set(secrets)) == 6
    assert all(secret not in repr(phones) for secret in secrets)
    shown = repr(await access.users())
    assert all(secret not in shown for secret in secrets)


async def test_agents_follow_the_users(access: Access) -> None:
    desk = Desk(MemoryStore(), LocalNews(), SetClock(), {})
    await desk.load()
    await access.add(NewUser("admin", "A", (Role.ADMIN,), {}), PASSWORD)
    user = await access.add(NewUser("ana", "Ana", (Role.AGENT,), {"soporte": 3}), PASSWORD)
    await seat(desk, [user])
    await desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    await seat(desk, [await access.change("ana", Changes(name="Ana María", skills={"soporte": 9}))])
    agent = desk.agent("ana")
    assert (agent.name, agent.skills, agent.state) == ("Ana María", {"soporte": 9}, AgentState.AVAILABLE)
    await seat(desk, [await access.change("ana", Changes(active=False))])
    assert (desk.agent("ana").state, desk.agent("ana").capacity) == (AgentState.OFFLINE, {})


async def test_how_much_at_once_is_a_property_of_the_person(access: Access) -> None:
    desk = Desk(MemoryStore(), LocalNews(), SetClock(), {})
    await desk.load()
    plain = await access.add(NewUser("ana", "Ana", (Role.AGENT,), {}), PASSWORD)
    writer = await access.add(NewUser("luis", "Luis", (Role.AGENT,), {}, capacity={"task": 3}), PASSWORD)
    await seat(desk, [plain, writer])
    assert desk.agent("ana").capacity == {"voice": 1, "task": 1}
    assert desk.agent("luis").capacity == {"voice": 1, "task": 3}
    await seat(desk, [await access.change("luis", Changes(capacity={"voice": 0}))])
    assert desk.agent("luis").capacity == {"voice": 0, "task": 3}
    for wrong in ({"voice": 2}, {"task": 21}, {"task": -1}, {"paloma": 1}):
        with pytest.raises(InvalidInputError):
            await access.change("luis", Changes(capacity=wrong))
    assert (await access.user("luis")).capacity == {"voice": 0, "task": 3}


async def test_changes_of_another_process_are_noticed(
    engine: AsyncEngine, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reactions, "LOOK_EVERY_S", 0.01)
    told: asyncio.Queue[list[str]] = asyncio.Queue()
    attempts = 0

    async def react(users: Sequence[User]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise OSError("the disk was full for a moment")
        told.put_nowait([user.username for user in users])

    watch = asyncio.create_task(UserChanges(access, react, seen=0).run())
    try:
        other = Access(engine, SetClock(), Passwords(QUICK))
        await other.add(NewUser("ana", "Ana", (Role.AGENT,), {}), PASSWORD)
        async with asyncio.timeout(5):
            assert await told.get() == ["ana"]
            await other.add(NewUser("luis", "Luis", (Role.AGENT,), {}), PASSWORD)
            assert await told.get() == ["luis"]
            await other.change("ana", Changes(new_phone_secret=True))
            assert await told.get() == ["ana"]
    finally:
        watch.cancel()
    assert attempts == 4


@pytest.mark.parametrize(
    "username",
    [
        "",
        "a",
        "Ana",
        "ana sip",
        "ana-sip",
        "../x",
        "ana\n",
        "1ana",
        "system",
        "router",
        "global",
        "trunk-x",
        "a" * 32,
    ],
)
async def test_names_that_mean_something_to_asterisk_are_refused(access: Access, username: str) -> None:
    with pytest.raises(InvalidInputError):
        await access.add(NewUser(username, "X", (Role.AGENT,), {}), PASSWORD)


def test_made_up_passwords_are_strong_and_all_different() -> None:
    made = {generate_password() for _ in range(200)}
    assert len(made) == 200
    assert all(len(password) == 19 and not set("l1O0") & set(password) for password in made)
