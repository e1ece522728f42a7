"""Tables of access, and the user the rest of the house sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from contact_centre.access.capacity import whole
from contact_centre.access.privileges import Privilege, Role, may
from voice_core.store.models import Base, UtcDateTime


class UserRow(Base):
    __tablename__ = "users"

    username: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    roles: Mapped[list[str]] = mapped_column(JSON)
    skills: Mapped[dict[str, int]] = mapped_column(JSON)
    capacity: Mapped[dict[str, int]] = mapped_column(
        JSON, server_default="{}"
    )  # what was chosen; the rest is usual
    language: Mapped[str] = mapped_column(String(8))
    active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str] = mapped_column(String(160))
    # Asterisk needs these two as they are: they are written into pjsip.conf.
    browser_secret: Mapped[str] = mapped_column(String(64))
    phone_secret: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Grows over the whole table at each change: how a running instance notices what the command line did.
    revision: Mapped[int] = mapped_column(index=True)


class SessionRow(Base):
    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str] = mapped_column(ForeignKey("users.username"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(64))


class AuditRow(Base):
    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(128))
    address: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_audit_at", "at"), Index("ix_audit_actor_at", "actor", "at"))


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in. `username` is also the agent's id and the name of their browser phone."""

    username: str
    name: str
    roles: tuple[Role, ...]
    skills: Mapping[str, int]
    capacity: Mapping[str, int]  # every kind of channel
    language: str
    active: bool
    created_at: datetime
    revision: int
    browser_secret: str = field(repr=False)
    phone_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """Whoever makes a request: the user behind a valid session."""

    user: User
    token_hash: str = field(repr=False)
    csrf: str = field(repr=False)
    expires_at: datetime

    @property
    def username(self) -> str:
        return self.user.username

    def may(self, privilege: Privilege) -> bool:
        return self.user.active and may(self.user.roles, privilege)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    id: int
    at: datetime
    actor: str
    action: str
    target: str
    address: str
    data: Mapping[str, Any]


def as_user(row: UserRow) -> User:
    return User(
        username=row.username,
        name=row.name,
        roles=tuple(Role(role) for role in row.roles),
        skills=dict(row.skills),
        capacity=whole(row.capacity),
        language=row.language,
        active=row.active,
        created_at=row.created_at,
        revision=row.revision,
        browser_secret=row.browser_secret,
        phone_secret=row.phone_secret,
    )
