"""The live feed: every committed change, rendered once, with whom it is for; and the snapshot each screen begins with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

import structlog
from pydantic_core import to_json

from contact_centre.access.models import Signed
from contact_centre.access.privileges import Privilege
from contact_centre.live.joint import Position
from contact_centre.live.room import Room
from contact_centre.live.schemas import NoticeOut, SnapshotOut
from contact_centre.live.screens import Audience, Message, Screen, Screens
from contact_centre.web.ask import Ask
from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Entry, Kind
from voice_core.news import Lagged, LocalNews
from voice_core.ports import Change, Notice

QUEUES_EVERY_S = 1.0
_ROOM = Audience(room=True)

log = structlog.get_logger(__name__)


class Wire(Protocol):
    """Takes each message to the screens of other processes, under a number. Never blocks, never raises."""

    @property
    def position(self) -> Position:
        """Of the last message."""

    def tell(self, audience: Audience, text: bytes) -> None: ...

    def tear(self) -> None:
        """Something could not be told: whoever follows takes a snapshot."""


class Feed:
    """One subscription to the news for all screens, ours and those beyond the wire; `run` feeds them."""

    def __init__(self, news: LocalNews, room: Room, wire: Wire | None = None) -> None:
        self._news = news
        self._room = room
        self._wire = wire
        self._screens = Screens[Screen]()
        self._owners: dict[str, str | None] = {}  # live interaction → agent it was shown to last
        self._offers: dict[str, tuple[str, str]] = {}  # interaction → (offer, agent)
        self._queues: dict[str, bytes] = {}
        self._minute = b""

    @contextmanager
    def open(self, ask: Ask) -> Iterator[Screen]:
        """A screen that first gets a snapshot, then every change from then on."""
        screen = Screen(ask.signed)
        screen.put(self._snapshot(screen))
        with self._screens.kept(screen):
            yield screen

    def show_again(self, screen: Screen, signed: Signed) -> None:
        """The user's rights changed: start the screen anew."""
        screen.allow(signed)
        screen.put(self._snapshot(screen))

    def snapshot(self, signed: Signed) -> tuple[Position, SnapshotOut]:
        """What this person's screen shows now, and which message it stands at."""
        at = self._wire.position if self._wire is not None else Position(0, 0)
        return at, self._room.snapshot(_only_agent(signed))

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
            self._send(
                "interaction", lambda: self._room.interaction(row), Audience(room=True, agent=row.agent)
            )

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
        if self._wire is not None:
            self._wire.tear()
        for screen in self._screens:
            screen.put(self._snapshot(screen))

    async def _watch_queues(self) -> None:
        while True:
            if self._wire is not None or self._screens.among(_ROOM):
                self._tell_queues()
            await asyncio.sleep(QUEUES_EVERY_S)

    def _tell(self, change: Change) -> None:
        self._room.follow(change)
        for agent in change.agents:
            self._send("agent", partial(self._room.agent, agent), Audience(room=True, agent=agent.id))
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
            self._send("offer", partial(self._room.offer, offer), Audience(room=True, agent=offer.agent))
        for row in rows.values():
            self._tell_offer_gone(row, change.entries)
        for notice in change.notices:
            self._tell_notice(notice)

    def _tell_interaction(self, row: Interaction) -> None:
        before = self._owners.get(row.id)
        self._send("interaction", lambda: self._room.interaction(row), Audience(room=True, agent=row.agent))
        if before is not None and before != row.agent:
            self._send("interaction_gone", lambda: {"id": row.id}, Audience(agent=before))
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
        self._send("offer_gone", lambda: data, Audience(room=True, agent=agent))

    def _tell_notice(self, notice: Notice) -> None:
        shown = NoticeOut(
            code=notice.code, agent=notice.agent, interaction_id=notice.interaction_id, data=dict(notice.data)
        )
        self._send("notice", lambda: shown, Audience(person=notice.agent, role=notice.for_role))

    def _tell_queues(self) -> None:
        screens = self._screens.among(_ROOM)
        for queue in self._room.queues():
            text = to_json(Message(type="queue", data=queue))
            if self._queues.get(queue.name) != text:
                self._queues[queue.name] = text
                self._hand_out(text, _ROOM, screens)
        text = to_json(Message(type="pulse", data=self._room.minute()))
        if text != self._minute:
            self._minute = text
            self._hand_out(text, _ROOM, screens)

    def _send(self, kind: str, data: Callable[[], object], audience: Audience) -> None:
        """`data` is asked for only where somebody sees it."""
        screens = self._screens.among(audience)
        if self._wire is not None or screens:
            self._hand_out(to_json(Message(type=kind, data=data())), audience, screens)

    def _hand_out(self, text: bytes, audience: Audience, screens: Sequence[Screen]) -> None:
        for screen in screens:
            screen.put(text)
        if self._wire is not None:
            self._wire.tell(audience, text)

    def _snapshot(self, screen: Screen) -> bytes:
        return to_json(Message(type="snapshot", data=self._room.snapshot(_only_agent(screen.signed))))

    def _remember(self) -> None:
        shown = self._room.snapshot(None)
        self._owners = {row.id: row.agent for row in shown.interactions}
        self._offers = {offer.interaction_id: (offer.id, offer.agent) for offer in shown.offers}


def _only_agent(signed: Signed) -> str | None:
    """None: sees everybody; otherwise the one agent a screen is about ("" for nobody)."""
    if signed.may(Privilege.LIVE_ROOM):
        return None
    return signed.username if signed.may(Privilege.OWN_WORK) else ""


def _why_gone(interaction_id: str, entries: tuple[Entry, ...]) -> str:
    for entry in entries:
        if entry.interaction_id == interaction_id and entry.kind is Kind.ACCEPTED:
            return "accepted"
        if entry.interaction_id == interaction_id and entry.kind is Kind.DECLINED:
            return str(entry.data.get("reason", "withdrawn"))
    return "withdrawn"
