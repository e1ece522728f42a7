"""Users and sessions: sign in, sign out, add and change people."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from contact_centre.access.capacity import check_capacity
from contact_centre.access.errors import NotSignedInError, UserExistsError, WrongCredentialsError
from contact_centre.access.models import SessionRow, Signed, User, UserRow, as_user
from contact_centre.access.passwords import Passwords, check_strength, generate_sip_secret
from contact_centre.access.privileges import Role
from contact_centre.access.session_memory import SessionMemory
from contact_centre.access.throttle import Attempts, Throttle
from voice_core.clock import Clock
from voice_core.errors import InvalidInputError, NotFoundError
from voice_core.store.database import for_writing

SESSION_LIFE = timedelta(hours=12)  # a shift and its overtime
# Also the name of a PJSIP endpoint and part of channel ids, hence narrow. `<user>-sip` is the desk phone.
USERNAME = re.compile(r"(?!trunk-)[a-z][a-z0-9_-]{1,30}(?<!-sip)")
# Sections of Asterisk's files, and the ledger's actors that are no persons.
RESERVED = frozenset(
    {"global", "leg", "udp", "tcp", "ws", "loopback-only", "system", "router", "flow", "customer"}
)


@dataclass(frozen=True, slots=True)
class NewUser:
    username: str
    name: str
    roles: tuple[Role, ...]
    skills: Mapping[str, int]
    language: str = "es"
    capacity: Mapping[str, int] = field(default_factory=dict)  # kind of channel → at once; the rest is usual


@dataclass(frozen=True, slots=True)
class UserChanges:
    """What to change; None leaves it as it is."""

    name: str | None = None
    roles: tuple[Role, ...] | None = None
    skills: Mapping[str, int] | None = None
    capacity: Mapping[str, int] | None = None  # kinds not named stay as they are
    language: str | None = None
    active: bool | None = None
    password: str | None = None
    new_phone_secret: bool = False


class Access:
    """One request, one transaction."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        passwords: Passwords | None = None,
        throttle: Attempts | None = None,
    ) -> None:
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._writing = async_sessionmaker(for_writing(engine), expire_on_commit=False)
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._throttle = throttle or Throttle()
        self._memory = SessionMemory(clock)

    async def sign_in(self, username: str, password: str, address: str) -> tuple[str, Signed]:
        """The session's token and its owner. Raises WrongCredentialsError, TooManyAttemptsError."""
        now = self._clock.now()
        attempt = await self._throttle.begin(username, address, now)
        async with self._sessions() as session:
            row = await session.get(UserRow, username)
        known = row if row is not None and row.active else None
        if (
            not await self._passwords.verify(known.password_hash if known else None, password)
            or known is None
        ):
            raise WrongCredentialsError
        await self._throttle.succeeded(attempt, username, address)
        token = secrets.token_urlsafe(32)
        expires_at = now + SESSION_LIFE
        async with self._writing.begin() as session:
            await session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
            session.add(
                SessionRow(
                    token_hash=_hash(token),
                    username=username,
                    created_at=now,
                    expires_at=expires_at,
                    address=address[:64],
                )
            )
        return token, Signed(as_user(known), _hash(token), _csrf(token), expires_at)

    async def signed(self, token: str) -> Signed:
        """Whose session this is, as the user is now. Raises NotSignedInError, UnavailableError."""
        found = await self._look_up(_hash(token), _csrf(token))
        if found is None:
            raise NotSignedInError
        return found

    async def still_signed(self, signed: Signed) -> Signed | None:
        """The same session as it is now: long-lived sockets ask from time to time. None when it is over.

        Raises UnavailableError.
        """
        return await self._look_up(signed.token_hash, signed.csrf)

    async def sign_out(self, signed: Signed) -> None:
        async with self._writing.begin() as session:
            await session.execute(delete(SessionRow).where(SessionRow.token_hash == signed.token_hash))
        self._memory.forget(signed.token_hash)

    def forget(self, *, token_hash: str = "", username: str = "") -> None:
        """Another process ended this session, or changed this person: a database that is away must not revive them."""
        self._memory.forget(token_hash)
        self._memory.forget_user(username)

    async def users(self, *, newer_than: int = -1) -> Sequence[User]:
        """By user name; `newer_than` a revision gives the changed ones alone."""
        query = select(UserRow).where(UserRow.revision > newer_than).order_by(UserRow.username)
        async with self._sessions() as session:
            return [as_user(row) for row in await session.scalars(query)]

    async def user(self, username: str) -> User:
        """Raises NotFoundError."""
        async with self._sessions() as session:
            return as_user(await _row(session, username))

    async def add(self, new: NewUser, password: str) -> User:
        """Raises UserExistsError, WeakPasswordError, InvalidInputError."""
        _check(new.username, new.name, new.roles, new.skills)
        check_capacity(new.capacity)
        check_strength(password, new.username)
        now = self._clock.now()
        row = UserRow(
            username=new.username,
            name=new.name,
            roles=[*dict.fromkeys(new.roles)],
            skills=dict(new.skills),
            capacity=dict(new.capacity),
            language=new.language,
            active=True,
            password_hash=await self._passwords.hash(password),
            browser_secret=generate_sip_secret(),
            phone_secret=generate_sip_secret(),
            created_at=now,
            changed_at=now,
        )
        try:
            async with self._writing.begin() as session:
                row.revision = await _next_revision(session)
                session.add(row)
        except IntegrityError as error:
            raise UserExistsError(new.username) from error
        return as_user(row)

    async def take_back(self, usernames: Sequence[str]) -> None:
        """Undo `add` for people nobody was told of yet. Everybody else is switched off, never removed."""
        async with self._writing.begin() as session:
            await session.execute(delete(UserRow).where(UserRow.username.in_(usernames)))

    async def change(self, username: str, changes: UserChanges) -> User:
        """Ends the user's sessions when the password changes or the user is switched off.
        Raises NotFoundError, WeakPasswordError, InvalidInputError."""
        password_hash = None
        if changes.password is not None:
            check_strength(changes.password, username)
            password_hash = await self._passwords.hash(changes.password)
        async with self._writing.begin() as session:
            row = await _row(session, username)
            was_admin = row.active and Role.ADMIN in row.roles
            _apply(row, changes)
            _check(row.username, row.name, tuple(Role(role) for role in row.roles), row.skills)
            check_capacity(row.capacity)
            row.changed_at = self._clock.now()
            row.revision = await _next_revision(session)
            if password_hash is not None:
                row.password_hash = password_hash
            if password_hash is not None or not row.active:
                await session.execute(delete(SessionRow).where(SessionRow.username == username))
            if was_admin and not await _an_admin_is_left(session):
                raise InvalidInputError("Somebody must stay an administrator.", field="roles")
        self._memory.forget_user(username)
        return as_user(row)

    async def _look_up(self, token_hash: str, csrf: str) -> Signed | None:
        async def ask() -> Signed | None:
            async with self._sessions() as session:
                row = await session.get(SessionRow, token_hash)
                if row is None or row.expires_at <= self._clock.now():
                    return None
                user = await session.get(UserRow, row.username)
            if user is None or not user.active:
                return None
            return Signed(as_user(user), token_hash, csrf, row.expires_at)

        return await self._memory.look_up(token_hash, ask)


def _apply(row: UserRow, changes: UserChanges) -> None:
    if changes.name is not None:
        row.name = changes.name
    if changes.roles is not None:
        row.roles = [*dict.fromkeys(changes.roles)]
    if changes.skills is not None:
        row.skills = dict(changes.skills)
    if changes.capacity is not None:
        row.capacity = {**row.capacity, **changes.capacity}
    if changes.language is not None:
        row.language = changes.language
    if changes.active is not None:
        row.active = changes.active
    if changes.new_phone_secret:
        row.phone_secret = generate_sip_secret()


def _check(username: str, name: str, roles: Sequence[Role], skills: Mapping[str, int]) -> None:
    if not USERNAME.fullmatch(username) or username in RESERVED:
        raise InvalidInputError(
            "A user name is 2 to 31 small letters, digits, _ or -, begins with a letter and does not end in -sip.",
            field="username",
        )
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise InvalidInputError("A name is 1 to 80 printable characters.", field="name")
    if not roles:
        raise InvalidInputError("A user needs at least one role.", field="roles")
    if any(
        not re.fullmatch(r"[a-z0-9_-]{1,32}", skill) or not 1 <= level <= 10
        for skill, level in skills.items()
    ):
        raise InvalidInputError("A skill is a short name with a level from 1 to 10.", field="skills")


async def _row(session: AsyncSession, username: str) -> UserRow:
    row = await session.get(UserRow, username)
    if row is None:
        raise NotFoundError(
            f"There is no user {username}. `centralita user list` shows them all.", username=username
        )
    return row


async def _next_revision(session: AsyncSession) -> int:
    return (await session.scalar(select(func.coalesce(func.max(UserRow.revision), 0))) or 0) + 1


async def _an_admin_is_left(session: AsyncSession) -> bool:
    await session.flush()
    everybody = await session.scalars(select(UserRow).where(UserRow.active))
    return any(Role.ADMIN in row.roles for row in everybody)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _csrf(token: str) -> str:
    # Derived, so nothing more is stored; the token cannot be found from it.
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()
