"""The API's models of people and sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from contact_centre.access.capacity import MOST
from contact_centre.access.models import AuditEntry, User
from contact_centre.access.privileges import GRANTS, Privilege, Role
from contact_centre.schema import Answer, Body, Line

Password = Annotated[str, StringConstraints(max_length=256), Field(json_schema_extra={"format": "password"})]
Language = Literal["es", "en"]
Skills = Annotated[
    dict[
        Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")], Annotated[int, Field(ge=1, le=10)]
    ],
    Field(max_length=50),
]
Capacity = Annotated[
    dict[
        Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")],
        Annotated[int, Field(ge=0, le=max(MOST.values()))],
    ],
    Field(max_length=20),
]  # kind of channel → how many at once
Roles = Annotated[list[Role], Field(min_length=1, max_length=5)]


class SignInBody(Body):
    username: Line
    password: Password


class MeOut(Answer):
    username: str
    name: str
    roles: list[Role]
    privileges: list[Privilege]
    language: str


class SessionOut(Answer):
    user: MeOut
    csrf: str


class UserOut(Answer):
    username: str
    name: str
    roles: list[Role]
    skills: dict[str, int]
    capacity: dict[str, int]
    language: str
    active: bool
    created_at: datetime


class NewUserBody(Body):
    username: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,30}$")]
    name: Annotated[Line, StringConstraints(min_length=1, max_length=80)]
    roles: Roles
    skills: Skills = Field(default_factory=dict)
    capacity: Capacity = Field(default_factory=dict)  # the usual for kinds that are not named
    language: Language = "es"
    password: Password | None = None  # None: one is made up and answered once


class ChangeUserBody(Body):
    name: Annotated[Line, StringConstraints(min_length=1, max_length=80)] | None = None
    roles: Roles | None = None
    skills: Skills | None = None
    capacity: Capacity | None = None  # kinds that are not named stay as they are
    language: Language | None = None
    active: bool | None = None
    password: Password | None = None
    new_password: bool = False  # make one up and answer it once
    new_phone_secret: bool = False


class ChangedUserOut(Answer):
    """`password` is there once, when it was made up."""

    user: UserOut
    password: str | None


class AuditOut(Answer):
    id: int
    at: datetime
    actor: str
    action: str
    target: str
    address: str
    data: dict[str, Any]


class AuditPageOut(Answer):
    items: list[AuditOut]
    total: int
    page: int
    page_size: int


def user_out(user: User) -> UserOut:
    return UserOut(
        username=user.username,
        name=user.name,
        roles=list(user.roles),
        skills=dict(user.skills),
        capacity=dict(user.capacity),
        language=user.language,
        active=user.active,
        created_at=user.created_at,
    )


def me_out(user: User) -> MeOut:
    granted = {privilege for role in user.roles for privilege in GRANTS[role]}
    return MeOut(
        username=user.username,
        name=user.name,
        roles=list(user.roles),
        privileges=sorted(granted),
        language=user.language,
    )


def audit_out(entry: AuditEntry) -> AuditOut:
    return AuditOut(
        id=entry.id,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        target=entry.target,
        address=entry.address,
        data=dict(entry.data),
    )
