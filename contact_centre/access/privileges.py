"""Roles and what each may do: the one place where it is decided (docs/contracts.md, Roles and privileges)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    DESIGNER = "designer"
    ADMIN = "admin"


class Privilege(StrEnum):
    """What a route asks for. ANYONE needs no session, SIGNED_IN any session."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    OWN_WORK = "own_work"  # take contacts, dial, and command the calls one is on
    OWN_CALLS = "own_calls"  # read the calls one was on
    ALL_CALLS = "all_calls"
    LIVE_ROOM = "live_room"  # everybody's work as it happens; force a state
    LISTEN = "listen"  # listen, whisper, barge in, take over
    RECORDINGS = "recordings"
    CONTACTS = "contacts"
    FLOWS = "flows"
    USERS = "users"
    AUDIT = "audit"


_AGENT = frozenset({Privilege.OWN_WORK, Privilege.OWN_CALLS, Privilege.CONTACTS})
_SUPERVISOR = _AGENT | {Privilege.LIVE_ROOM, Privilege.LISTEN, Privilege.ALL_CALLS, Privilege.RECORDINGS}

GRANTS: dict[Role, frozenset[Privilege]] = {
    Role.AGENT: _AGENT,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.MANAGER: frozenset({Privilege.OWN_CALLS, Privilege.ALL_CALLS, Privilege.RECORDINGS}),
    Role.DESIGNER: frozenset({Privilege.FLOWS}),
    Role.ADMIN: _SUPERVISOR | {Privilege.USERS, Privilege.AUDIT, Privilege.FLOWS},
}


def may(roles: Iterable[Role], privilege: Privilege) -> bool:
    """Whether a signed-in person with `roles` has `privilege`."""
    if privilege in (Privilege.ANYONE, Privilege.SIGNED_IN):
        return True
    return any(privilege in GRANTS[role] for role in roles)


def takes_work(roles: Iterable[Role]) -> bool:
    """Whether such a person has phones and can be an agent of the desk."""
    return may(roles, Privilege.OWN_WORK)
