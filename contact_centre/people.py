"""People as the other rooms know them: agents of the desk, telephones of Asterisk; and the demo people of a first run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contact_centre.access.models import User
from contact_centre.access.passwords import generate_password
from contact_centre.access.privileges import Role, takes_work
from contact_centre.access.service import Access, NewUser
from contact_centre.provision import AgentPhone
from voice_core.agent import Agent, AgentState
from voice_core.desk import Desk
from voice_core.errors import UnwritableError
from voice_core.whole_file import create_whole

UNTOLD = "people-untold"  # in the home folder

DEMO_PEOPLE = (
    NewUser("admin", "Administración", (Role.ADMIN,), {}),
    NewUser("sofia", "Sofía Andrade", (Role.SUPERVISOR,), {"soporte": 8, "facturacion": 8}),
    NewUser("ana", "Ana Cevallos", (Role.AGENT,), {"soporte": 8, "facturacion": 3}),
    NewUser("luis", "Luis Mamani", (Role.AGENT,), {"soporte": 5, "facturacion": 8}),
    NewUser("diego", "Diego Flores", (Role.DESIGNER,), {}),
)


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """Shown once, on the first run."""

    username: str
    name: str
    roles: tuple[Role, ...]
    password: str = field(repr=False)


async def ensure_people(access: Access, home: Path) -> list[FirstPassword]:
    """The demo people with made-up passwords, when there is nobody yet or an earlier life could not show theirs.

    Until `people_told` a file says that nobody knows them. Raises UnwritableError.
    """
    await take_back_untold(access, home)
    if await access.users():
        return []
    marker = home / UNTOLD
    try:
        create_whole(marker, "Nobody has seen the passwords of the demo people yet.\n")
    except OSError as error:
        raise UnwritableError(marker, error.strerror) from error
    made = []
    for person in DEMO_PEOPLE:
        password = generate_password()
        await access.add(person, password)
        made.append(FirstPassword(person.username, person.name, person.roles, password))
    return made


def people_told(home: Path) -> None:
    """Their passwords were shown: from now on these people stay."""
    (home / UNTOLD).unlink(missing_ok=True)


async def take_back_untold(access: Access, home: Path) -> None:
    """A first run that failed has shown no passwords: the next one makes these people, and new ones, again."""
    if (home / UNTOLD).exists():
        await access.take_back([person.username for person in DEMO_PEOPLE])
        people_told(home)


def phones_of(users: Sequence[User]) -> list[AgentPhone]:
    """Two telephones for each person who may take work."""
    return [
        AgentPhone(user.username, user.browser_secret, user.phone_secret)
        for user in users
        if user.active and takes_work(user.roles)
    ]


async def seat(desk: Desk, users: Sequence[User]) -> None:
    """Make the desk's agents what the users are. Who may no longer work gets no more of it."""
    known = {agent.id for agent in desk.agents()}
    for user in users:
        works = user.active and takes_work(user.roles)
        if works:
            await desk.put_agent(
                Agent(id=user.username, name=user.name, skills=user.skills, capacity=user.capacity)
            )
        elif user.username in known:
            await desk.put_agent(Agent(id=user.username, name=user.name, skills={}, capacity={}))
            await desk.set_state(user.username, AgentState.OFFLINE, actor="system")
