"""People as the other rooms know them: agents of the desk, telephones of Asterisk; and the demo people of a first run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from contact_centre.access.models import User
from contact_centre.access.passwords import generate_password
from contact_centre.access.privileges import Role, takes_work
from contact_centre.access.service import Access, NewUser
from contact_centre.provision import AgentPhone
from voice_core.agent import Agent, AgentState
from voice_core.desk import Desk

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


async def ensure_people(access: Access) -> list[FirstPassword]:
    """The demo people with made-up passwords, when there is nobody yet."""
    if await access.users():
        return []
    made = []
    for person in DEMO_PEOPLE:
        password = generate_password()
        await access.add(person, password)
        made.append(FirstPassword(person.username, person.name, person.roles, password))
    return made


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
