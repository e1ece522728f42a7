"""Sessions, users and the audit log over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from contact_centre.access.audit import AuditLog
from contact_centre.access.errors import AccessError
from contact_centre.access.passwords import generate_password
from contact_centre.access.privileges import Privilege
from contact_centre.access.schemas import (
    AuditPageOut,
    ChangedUserOut,
    ChangeUserBody,
    NewUserBody,
    SessionOut,
    SignInBody,
    UserOut,
    audit_out,
    me_out,
    user_out,
)
from contact_centre.access.service import Access, NewUser, UserChanges
from contact_centre.schema import Paged
from contact_centre.web.ask import Ask
from contact_centre.web.endpoint import COOKIE
from contact_centre.web.route import route


class SessionRoutes:
    """`on_sign_out` is told the session's hash, so that its sockets close."""

    def __init__(
        self, access: Access, audit: AuditLog, on_sign_out: Callable[[str], Awaitable[None]]
    ) -> None:
        self._access = access
        self._audit = audit
        self._on_sign_out = on_sign_out

    @route("POST", "/session", needs=Privilege.ANYONE, summary="Sign in")
    async def sign_in(self, ask: Ask, body: SignInBody) -> SessionOut:
        try:
            token, signed = await self._access.sign_in(body.username, body.password, ask.address)
        except AccessError as error:
            await self._audit.record(body.username, "session.refused", body.username, {"why": error.code})
            raise
        await self._audit.record(signed.username, "session.opened", signed.username)
        ask.cookies[COOKIE] = token
        return SessionOut(user=me_out(signed.user), csrf=signed.csrf)

    @route("GET", "/session", needs=Privilege.SIGNED_IN, summary="Who I am")
    async def who(self, ask: Ask) -> SessionOut:
        return SessionOut(user=me_out(ask.signed.user), csrf=ask.signed.csrf)

    @route("DELETE", "/session", needs=Privilege.SIGNED_IN, summary="Sign out")
    async def sign_out(self, ask: Ask) -> None:
        await self._access.sign_out(ask.signed)
        await self._audit.record(ask.username, "session.closed", ask.username)
        ask.cookies[COOKIE] = None
        await self._on_sign_out(ask.signed.token_hash)


class UserRoutes:
    """`on_change` is told the user name: what that person has open may have to close."""

    def __init__(self, access: Access, audit: AuditLog, on_change: Callable[[str], None]) -> None:
        self._access = access
        self._audit = audit
        self._on_change = on_change

    @route("GET", "/users", needs=Privilege.USERS, summary="Everybody")
    async def users(self, ask: Ask) -> list[UserOut]:
        return [user_out(user) for user in await self._access.users()]

    @route("POST", "/users", needs=Privilege.USERS, summary="Add a person")
    async def add(self, ask: Ask, body: NewUserBody) -> ChangedUserOut:
        password = body.password or generate_password()
        new = NewUser(body.username, body.name, tuple(body.roles), body.skills, body.language, body.capacity)
        user = await self._access.add(new, password)
        await self._audit.record(ask.username, "user.added", user.username, {"roles": list(user.roles)})
        return ChangedUserOut(user=user_out(user), password=None if body.password else password)

    @route(
        "PATCH",
        "/users/{username}",
        needs=Privilege.USERS,
        summary="Change a person; never deleted, only switched off",
    )
    async def change(self, ask: Ask, username: str, body: ChangeUserBody) -> ChangedUserOut:
        made_up = generate_password() if body.new_password and body.password is None else None
        changes = UserChanges(
            name=body.name,
            roles=tuple(body.roles) if body.roles is not None else None,
            skills=body.skills,
            capacity=body.capacity,
            language=body.language,
            active=body.active,
            password=body.password or made_up,
            new_phone_secret=body.new_phone_secret,
        )
        user = await self._access.change(username, changes)
        self._on_change(username)
        changed = sorted(body.model_fields_set - {"password"} | ({"password"} if changes.password else set()))
        await self._audit.record(
            ask.username, "user.changed", username, {"fields": changed, "roles": list(user.roles)}
        )
        return ChangedUserOut(user=user_out(user), password=made_up)


class AuditRoutes:
    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    @route("GET", "/audit", needs=Privilege.AUDIT, summary="Who did what, newest first")
    async def audit(self, ask: Ask, query: Paged) -> AuditPageOut:
        entries, total = await self._audit.page(query.page, query.page_size)
        items = [audit_out(entry) for entry in entries]
        return AuditPageOut(items=items, total=total, page=query.page, page_size=query.page_size)
