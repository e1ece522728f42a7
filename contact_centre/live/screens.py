"""The screens of one process: who may see what, and what waits to be sent to each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aiohttp import WSCloseCode
from pydantic import BaseModel, ConfigDict

from contact_centre.access.models import Signed
from contact_centre.access.privileges import Privilege, Role
from contact_centre.web.sockets import BEHIND

LIMIT = 500  # messages a screen may be behind before its socket is closed


class Message(BaseModel):
    """One event of the socket."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    data: Any = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a message is for: any of these."""

    room: bool = False  # who sees everybody's work
    agent: str | None = None  # who sees their own alone
    person: str | None = None  # this person, whatever they see
    role: str | None = None  # who has this role; an administrator has every one


class Screen:
    """One open socket: what it may see, and what waits to be sent to it."""

    def __init__(self, signed: Signed) -> None:
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue(LIMIT + 1)
        self.closing: tuple[int, bytes] | None = None  # why its socket is to be closed
        self.allow(signed)

    def allow(self, signed: Signed) -> None:
        """The rights may change while the socket is open."""
        self.signed = signed
        self.whole_room = signed.may(Privilege.LIVE_ROOM)
        self.works = signed.may(Privilege.OWN_WORK)

    def is_among(self, audience: Audience) -> bool:
        own = self.works and audience.agent == self.signed.username
        if (audience.room if self.whole_room else own) or audience.person == self.signed.username:
            return True
        roles = self.signed.user.roles
        return audience.role is not None and (audience.role in roles or Role.ADMIN in roles)

    def put(self, text: bytes) -> None:
        """Never blocks. Too far behind: the socket is closed and the page takes a new snapshot."""
        if self.closing is not None:
            return
        if self.waiting.qsize() >= LIMIT:
            self.end(BEHIND, b"too far behind")
            return
        self.waiting.put_nowait(text)

    def end(self, code: int = WSCloseCode.GOING_AWAY, reason: bytes = b"ask again") -> None:
        """Close its socket, once what waits is sent; the page comes back."""
        if self.closing is None:
            self.closing = (code, reason)
            self.waiting.put_nowait(None)


S = TypeVar("S", bound=Screen)


class Screens(Generic[S]):
    """All that are open."""

    def __init__(self) -> None:
        self._open: set[S] = set()

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, screen: object) -> bool:
        return screen in self._open

    def __iter__(self) -> Iterator[S]:
        return iter(tuple(self._open))

    @contextmanager
    def kept(self, screen: S) -> Iterator[None]:
        self._open.add(screen)
        try:
            yield
        finally:
            self._open.discard(screen)

    def among(self, audience: Audience) -> list[S]:
        return [screen for screen in self._open if screen.is_among(audience)]
