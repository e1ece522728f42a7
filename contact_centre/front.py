"""`run web`: signs people in, shows the panel, keeps its screens; whatever is about a live call the controller answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from contact_centre.access.privileges import Privilege
from contact_centre.access.routes import AuditRoutes, SessionRoutes, UserRoutes
from contact_centre.books import Books, open_books
from contact_centre.calls.routes import CallRoutes, CommandRoutes, ListenRoutes
from contact_centre.centre_file import Centre
from contact_centre.centre_reading import NAME, load_centre
from contact_centre.connectors.reading import read_beside
from contact_centre.contacts.routes import ContactRoutes
from contact_centre.flows.routes import FlowRoutes
from contact_centre.flows.service import FlowFolder
from contact_centre.listening import Door, site_of
from contact_centre.live import wire
from contact_centre.live.relay import Relay, snapshots_of
from contact_centre.live.routes import LiveRoutes, TimelineRoutes
from contact_centre.live.socket import EventRoutes, StandingRoutes
from contact_centre.readiness import database_answers
from contact_centre.recordings.routes import RecordingRoutes
from contact_centre.service_manager import Notifier
from contact_centre.settings import CHECKOUT, Settings
from contact_centre.shared.link import Link, open_link
from contact_centre.shared.outbox import Outbox
from contact_centre.shared.subscription import Subscription
from contact_centre.watchdog import Watchdog
from contact_centre.web import people
from contact_centre.web.app import Elsewhere, build_app
from contact_centre.web.ask import Ask
from contact_centre.web.controller import Controller
from contact_centre.web.forward import Forwarder
from contact_centre.web.health import Check, HealthRoutes
from contact_centre.web.metrics import WebMetrics
from contact_centre.web.route import Route, route, routes_elsewhere, routes_of
from contact_centre.web.sockets import Sockets
from contact_centre.wiring import all_running
from voice_core.errors import InvalidInputError
from voice_core.lease import Lease
from voice_core.store.leases import SqlLeases

ELSEWHERE = (
    ("live", LiveRoutes),
    ("live", TimelineRoutes),
    ("live", StandingRoutes),
    ("calls", CallRoutes),
    ("calls", CommandRoutes),
    ("calls", ListenRoutes),
    ("recordings", RecordingRoutes),
)


async def run_web(
    settings: Settings, *, started: Callable[[], None], stop: asyncio.Event, manager: Notifier
) -> None:
    """Serve until `stop`. Raises CentralitaError with a sentence when it cannot start."""
    async with AsyncExitStack() as stack:
        centre = _centre(settings)
        door = Door(settings)
        link = await stack.enter_async_context(open_link(settings.redis_url))
        books = await stack.enter_async_context(open_books(settings, centre, link))
        controller = Controller(SqlLeases(books.engine), _hanging(link))
        await stack.enter_async_context(controller)
        front = Front(settings, centre, books, controller, link)
        watchdog = Watchdog(settings.watchdog_s, manager.alive)
        jobs = front.jobs() | door.jobs() | {"controller": controller.run(), "watchdog": watchdog.run()}
        await stack.enter_async_context(all_running(jobs))
        await stack.enter_async_context(door.server(front.app()))
        started()
        manager.ready()
        await stop.wait()
        manager.stopping()


class Front:
    """The parts of one web."""

    def __init__(
        self, settings: Settings, centre: Centre, books: Books, controller: Controller, link: Link | None
    ) -> None:
        self._settings = settings
        self._centre = centre
        self._books = books
        self._controller = controller
        self._link = link
        self._outbox = Outbox(link) if link is not None else None
        self._people = people.People(books.access, Sockets(books.access), self._outbox)
        self._metrics = WebMetrics()
        self._forwarder = Forwarder(controller, self._people.sockets, self._metrics.forwarded)
        self._relay = Relay(snapshots_of(controller))

    def jobs(self) -> dict[str, Coroutine[Any, Any, None]]:
        found = {"loop lag": self._metrics.watch_loop()}
        if self._link is not None and self._outbox is not None:
            hear = {wire.KIND: self._relay.heard, people.KIND: self._people.heard}
            heard = Subscription(self._link, hear, self._relay.lost)
            found |= {
                "told others": self._outbox.run(),
                "heard of others": heard.run(),
                "screens": self._relay.run(),
            }
        return found

    def app(self) -> web.Application:
        elsewhere = [each for tag, kind in ELSEWHERE for each in routes_elsewhere(tag, kind)]
        app = build_app(
            self._routes(),
            self._books.access,
            lambda: self._metrics.observe(self._relay.screens),
            panel=CHECKOUT / "panel" / "dist",
            site=site_of(self._settings, frozenset({self._settings.http_host})),
            elsewhere=Elsewhere(elsewhere, self._forwarder.request),
        )
        app.on_shutdown.append(self._people.sockets.close_all)
        return app

    def _routes(self) -> list[Route]:
        books, flows = self._books, self._settings.flows_folder / self._centre.organisation.flows
        events = EventRoutes(self._relay, self._people.sockets)
        holders: tuple[tuple[str, object], ...] = (
            ("session", SessionRoutes(books.access, books.audit, self._people.signed_out)),
            ("health", HealthRoutes(self._checks(), needed=frozenset({"database"}))),
            ("live", SocketRoutes(self._relay, events, self._forwarder)),
            ("flows", FlowRoutes(FlowFolder(flows, self._centre, lambda: read_beside(flows).told()))),
            ("contacts", ContactRoutes(books.contacts)),
            ("users", UserRoutes(books.access, books.audit, self._people.changed)),
            ("audit", AuditRoutes(books.audit)),
        )
        return [each for tag, holder in holders for each in routes_of(tag, holder)]

    def _checks(self) -> Mapping[str, Check]:
        async def live() -> bool:
            return self._relay.lives

        checks: dict[str, Check] = {
            "database": database_answers(self._books.engine),
            "controller": self._controller.answers,
        }
        return checks | ({"redis": live} if self._link is not None else {})


@dataclass(frozen=True, slots=True)
class SocketRoutes:
    """The two WebSockets. Screens are fed from here while the controller is heard over Redis."""

    relay: Relay
    own: EventRoutes
    forwarder: Forwarder

    @route("GET", "/events", needs=Privilege.SIGNED_IN, summary="Snapshot, then changes", media="websocket")
    async def events(self, ask: Ask) -> web.WebSocketResponse:
        if self.relay.lives:
            socket: web.WebSocketResponse = await self.own.events(ask)
            return socket
        return await self.forwarder.socket(ask, "/events", Privilege.SIGNED_IN)

    @route("GET", "/softphone/ws", needs=Privilege.OWN_WORK, summary="SIP over WebSocket", media="websocket")
    async def softphone(self, ask: Ask) -> web.WebSocketResponse:
        return await self.forwarder.socket(ask, "/softphone/ws", Privilege.OWN_WORK)


def _centre(settings: Settings) -> Centre:
    """The controller's own file: the demo's must not stand in for it. Raises InvalidInputError."""
    path = settings.home / NAME
    if not path.exists():
        raise InvalidInputError(
            f"There is no {path}. Start the controller first; on another machine, copy its {NAME} here."
        )
    return load_centre(path)


def _hanging(link: Link | None) -> Callable[[Lease], None]:
    def changed(lease: Lease) -> None:
        if link is not None:
            link.hang_on(lease.word)

    return changed
