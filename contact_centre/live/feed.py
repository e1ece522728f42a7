"""The live feed: every committed change, rendered once, handed to each screen that may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from contact_centre.access.models import Signed
from contact_centre.access.privileges import Privilege, Role
from contact_centre.live.room import Room
from contact_centre.live.schemas import NoticeOut
from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Entry, Kind
from voice_core.news import Lagged, LocalNews
from voice_core.ports import Change, Notice

LIMIT = 500  # messages a screen may be behind before its socket is closed
QUEUES_EVERY_S = 1.0

log = structlog.get_logger(__name__)


class Message(BaseModel):
    """One event of the socket."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    data: Any = None


class Screen:
    """One open socket: what it may see, and what waits to be sent to it."""

    def __init__(self, signed: Signed) -> None:
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue(LIMIT + 1)
        self.behind = False
        self.allow(signed)

    def allow(self, signed: Signed) -> None:
        """The rights may change while the socket is open."""
        self.signed = signed
        self.whole_room = signed.may(Privilege.LIVE_ROOM)
        self.works = signed.may(Privilege.OWN_WORK)

    @property
    def only_agent(self) -> str | None:
        """None: sees everybody; otherwise the one agent this screen is about ("" for nobody)."""
        if self.whole_room:
            return None
        return self.signed.username if self.works else ""

    def is_about(self, agent: str | None) -> bool:
        return self.whole_room or (self.works and agent is not None and agent == self.signed.username)

    def put(self, text: bytes) -> None:
        """Never blocks. Too far behind: the socket is closed and the page takes a new snapshot."""
        if self.behind:
            return
        if self.waiting.qsize() >= LIMIT:
            self.behind = True
            self.waiting.put_nowait(None)
            return
        self.waiting.put_nowait(text)


class Feed:
    """One subscription to the news for all screens; `run` feeds them."""

    def __init__(self, news: LocalNews, room: Room) -> None:
        self._news = news
        self._room = room
        self._screens: set[Screen] = set()
        self._owners: dict[str, str | None] = {}  # live interaction → agent it was shown to last
        self._offers: dict[str, tuple[str, str]] = {}  # interaction → (offer, agent)
        self._queues: dict[str, bytes] = {}
        self._minute = b""

    @contextmanager
    def open(self, signed: Signed) -> Iterator[Screen]:
        """A screen that first gets a snapshot, then every change from then on."""
        screen = Screen(signed)
        screen.put(self._snapshot(screen))
        self._screens.add(screen)
        try:
            yield screen
        finally:
            self._screens.discard(screen)

    def show_again(self, screen: Screen, signed: Signed) -> None:
        """The user's rights changed: start the screen anew."""
        screen.allow(signed)
        screen.put(self._snapshot(screen))

    @property
    def screens(self) -> int:
        return len(self._screens)

    async def run(self) -> None:
        """Serve until cancelled."""
        self._remember()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="feed news")
            group.create_task(self._watch_queues(), name="feed queues")

    def refresh(self, interaction_id: str) -> None:
        """Something that is not in the record changed (muted, a consultation): show it."""
        row = self._room.find(interaction_id)
        if row is not None:
            self._send(Message(type="interaction", data=self._room.interaction(row)), row.agent)

    async def _follow(self) -> None:
        async with self._news.subscribe() as changes:
            async for change in changes:
                try:
                    if isinstance(change, Lagged):
                        self._begin_again()
                    else:
                        self._tell(change)
                except Exception:  # what cannot be shown must not end the calls behind it
                    log.exception("change_not_shown")

    def _begin_again(self) -> None:
        self._remember()
        for screen in self._screens:
            screen.put(self._snapshot(screen))

    async def _watch_queues(self) -> None:
        while True:
            if any(screen.whole_room for screen in self._screens):
                self._tell_queues()
            await asyncio.sleep(QUEUES_EVERY_S)

    def _tell(self, change: Change) -> None:
        self._room.follow(change)
        for agent in change.agents:
            self._send(Message(type="agent", data=self._room.agent(agent)), agent.id)
        rows = {row.id: row for row in change.interactions}
        for entry in change.entries:
            if (
                entry.interaction_id not in rows
                and (row := self._room.find(entry.interaction_id)) is not None
            ):
                rows[row.id] = row
        for row in rows.values():
            self._tell_interaction(row)
        for offer in change.offers:
            self._offers[offer.interaction_id] = (offer.id, offer.agent)
            self._send(Message(type="offer", data=self._room.offer(offer)), offer.agent)
        for row in rows.values():
            self._tell_offer_gone(row, change.entries)
        for notice in change.notices:
            self._tell_notice(notice)

    def _tell_interaction(self, row: Interaction) -> None:
        before = self._owners.get(row.id)
        self._send(Message(type="interaction", data=self._room.interaction(row)), row.agent)
        if before is not None and before != row.agent:
            gone = to_json(Message(type="interaction_gone", data={"id": row.id}))
            for screen in self._screens:
                if not screen.whole_room and screen.is_about(before):
                    screen.put(gone)
        if row.stage is Stage.CLOSED:
            self._owners.pop(row.id, None)
            self._room.forget(row.id)
        else:
            self._owners[row.id] = row.agent

    def _tell_offer_gone(self, row: Interaction, entries: tuple[Entry, ...]) -> None:
        known = self._offers.get(row.id)
        if known is None or row.stage is Stage.OFFERED:
            return
        offer_id, agent = self._offers.pop(row.id)
        data = {"id": offer_id, "interaction_id": row.id, "reason": _why_gone(row.id, entries)}
        self._send(Message(type="offer_gone", data=data), agent)

    def _tell_notice(self, notice: Notice) -> None:
        shown = NoticeOut(
            code=notice.code, agent=notice.agent, interaction_id=notice.interaction_id, data=dict(notice.data)
        )
        text = to_json(Message(type="notice", data=shown))
        for screen in self._screens:
            roles = screen.signed.user.roles
            if notice.agent == screen.signed.username or notice.for_role in roles or Role.ADMIN in roles:
                screen.put(text)

    def _tell_queues(self) -> None:
        for queue in self._room.queues():
            text = to_json(Message(type="queue", data=queue))
            if self._queues.get(queue.name) != text:
                self._queues[queue.name] = text
                for screen in self._screens:
                    if screen.whole_room:
                        screen.put(text)
        text = to_json(Message(type="pulse", data=self._room.minute()))
        if text != self._minute:
            self._minute = text
            for screen in self._screens:
                if screen.whole_room:
                    screen.put(text)

    def _send(self, message: Message, agent: str | None) -> None:
        audience = [screen for screen in self._screens if screen.is_about(agent)]
        if audience:
            text = to_json(message)
            for screen in audience:
                screen.put(text)

    def _snapshot(self, screen: Screen) -> bytes:
        return to_json(Message(type="snapshot", data=self._room.snapshot(screen.only_agent)))

    def _remember(self) -> None:
        shown = self._room.snapshot(None)
        self._owners = {row.id: row.agent for row in shown.interactions}
        self._offers = {offer.interaction_id: (offer.id, offer.agent) for offer in shown.offers}


def _why_gone(interaction_id: str, entries: tuple[Entry, ...]) -> str:
    for entry in entries:
        if entry.interaction_id == interaction_id and entry.kind is Kind.ACCEPTED:
            return "accepted"
        if entry.interaction_id == interaction_id and entry.kind is Kind.DECLINED:
            return str(entry.data.get("reason", "withdrawn"))
    return "withdrawn"
