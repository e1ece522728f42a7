"""Screens of a web, fed from what the controller publishes: a snapshot each, then every message after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog
from pydantic_core import from_json, to_json

from contact_centre.access.models import Signed
from contact_centre.live.joint import NOWHERE, Heard, Joint, Position
from contact_centre.live.screens import LIMIT, Screen, Screens
from contact_centre.live.wire import read
from contact_centre.web.ask import Ask
from contact_centre.web.controller import Controller, refused
from contact_centre.web.forward import passed_on
from contact_centre.web.route import API
from voice_core.errors import CentralitaError

SILENCE_S = 4.0  # without a beat: what screens show may be old
FETCHES_AT_ONCE = 4
FETCH_AGAIN_S = 0.3
WATCH_EVERY_S = 0.25
PACE_S = 0.02  # between two screens that are ended: they all come back, and the controller has calls to carry

log = structlog.get_logger(__name__)
Fetch = Callable[[Ask], Awaitable[tuple[Position, bytes]]]
"""The snapshot of whoever asks, ready to be sent, from the controller. Raises CentralitaError."""


def snapshots_of(controller: Controller) -> Fetch:
    """Asked for as the person whose page it is."""

    async def fetch(ask: Ask) -> tuple[Position, bytes]:
        headers = passed_on(ask.request)
        async with controller.ask("GET", f"{API}/live/snapshot", headers, ask.address) as answer:
            if answer.status != 200:
                raise refused(answer.status)
            standing = from_json(await answer.read())
        text = to_json({"type": "snapshot", "data": standing["snapshot"]})
        return Position(standing["epoch"], standing["number"]), text

    return fetch


class RelayedScreen(Screen):
    def __init__(self, ask: Ask) -> None:
        super().__init__(ask.signed)
        self.ask = ask
        self.joint = Joint(LIMIT // 2)
        self.rights = 0  # how often they changed: a snapshot made under former ones is not shown

    def hear(self, heard: Heard) -> None:
        if (text := self.joint.hear(heard)) is not None:
            self.put(text)


class Relay:
    """`heard` and `lost` are for the subscription; `run` fetches snapshots, and ends screens that nothing is told any more."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._screens = Screens[RelayedScreen]()
        self._wanting: asyncio.Queue[RelayedScreen] = asyncio.Queue()  # each screen once at most
        self._newest = NOWHERE
        self._beat_s = float("-inf")

    @property
    def lives(self) -> bool:
        """The controller was heard a moment ago: screens can be fed from here."""
        return asyncio.get_running_loop().time() - self._beat_s < SILENCE_S

    @property
    def screens(self) -> int:
        return len(self._screens)

    @contextmanager
    def open(self, ask: Ask) -> Iterator[Screen]:
        screen = RelayedScreen(ask)
        with self._screens.kept(screen):
            self._wanting.put_nowait(screen)
            yield screen

    def show_again(self, screen: Screen, signed: Signed) -> None:
        screen.allow(signed)
        if isinstance(screen, RelayedScreen):
            screen.rights += 1
            waited = screen.joint.waits
            screen.joint.begin_again()  # what was held back was chosen by the former rights
            if not waited:
                self._wanting.put_nowait(screen)

    def heard(self, text: bytes) -> None:
        """One message or beat."""
        heard, audience = read(text)
        if heard.at.epoch < self._newest.epoch:
            return  # of a controller that was replaced and does not know it yet
        self._newest = max(self._newest, heard.at)
        self._beat_s = asyncio.get_running_loop().time()
        hidden = Heard(heard.at, None, heard.beat)
        for screen in self._screens:
            waited = screen.joint.waits
            screen.hear(heard if screen.is_among(audience) else hidden)
            if screen.joint.waits and not waited:
                self._wanting.put_nowait(screen)

    def lost(self) -> None:
        """The line is cut."""
        self._beat_s = float("-inf")

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(FETCHES_AT_ONCE):
                group.create_task(self._serve(), name=f"snapshots {number}")
            group.create_task(self._watch(), name="relay silence")

    async def _serve(self) -> None:
        while True:
            await self._show(await self._wanting.get())

    async def _show(self, screen: RelayedScreen) -> None:
        """Asked for until it fits; a screen that is gone, or nobody tells anything any more, asks for nothing."""
        while screen.joint.waits and screen.closing is None and screen in self._screens:
            rights = screen.rights
            try:
                at, text = await self._fetch(screen.ask)
            except CentralitaError as error:
                log.info("snapshot_later", error=error.code)
            except Exception:
                log.exception("snapshot_failed")
            else:
                if rights != screen.rights:
                    continue
                for shown in screen.joint.snapshot(at, text):
                    screen.put(shown)
                if not screen.joint.waits:
                    return
            await asyncio.sleep(FETCH_AGAIN_S)

    async def _watch(self) -> None:
        """Screens that nothing is told are ended: their pages come back, and are served another way."""
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            if len(self._screens) and not self.lives:
                log.warning("live_silent", screens=len(self._screens))
            for screen in self._screens:
                if self.lives:
                    break  # heard again: what the others missed shows in the numbers
                screen.end()
                await asyncio.sleep(PACE_S)
