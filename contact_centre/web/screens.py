"""Everything a screen can reach, put together into one application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from contact_centre.access.audit import AuditLog
from contact_centre.access.routes import AuditRoutes, SessionRoutes, UserRoutes
from contact_centre.access.service import Access
from contact_centre.calls.routes import CallRoutes, CommandRoutes, ListenRoutes
from contact_centre.calls.service import Calls
from contact_centre.centre_file import Centre
from contact_centre.contacts.routes import ContactRoutes
from contact_centre.contacts.service import Contacts
from contact_centre.flows.routes import FlowRoutes
from contact_centre.flows.service import FlowFolder
from contact_centre.live.feed import Feed
from contact_centre.live.room import Room
from contact_centre.live.routes import LiveRoutes, TimelineRoutes
from contact_centre.live.socket import EventRoutes, StandingRoutes
from contact_centre.live.softphone import SoftphoneRoutes
from contact_centre.live.timeline import Timelines
from contact_centre.ports import Listening, Recordings, Telephone
from contact_centre.recordings.routes import RecordingRoutes
from contact_centre.web.app import build_app
from contact_centre.web.health import Check, HealthRoutes
from contact_centre.web.metrics import Metrics
from contact_centre.web.people import People
from contact_centre.web.route import Route, routes_of
from contact_centre.web.site import Site
from contact_centre.web.sockets import Sockets
from voice_core.desk import Desk

REALM = "asterisk"  # what Asterisk asks phones to sign in to


@dataclass(frozen=True, slots=True)
class Parts:
    """What the screens show and command. Without a telephone (None) its routes answer 503."""

    centre: Centre
    desk: Desk
    room: Room
    feed: Feed
    access: Access
    audit: AuditLog
    contacts: Contacts
    calls: Calls
    timelines: Timelines
    flows: FlowFolder
    recordings: Recordings
    metrics: Metrics
    checks: Mapping[str, Check]
    panel: Path
    telephone: Telephone | None = None
    listening: Listening | None = None
    softphone_url: Callable[[], str] | None = None
    site: Site = field(default_factory=Site)


def build_screens(parts: Parts, people: People | None = None) -> web.Application:
    """The application, ready to be served."""
    people = people or People(parts.access, Sockets(parts.access))

    def observe() -> bytes:
        telephone = parts.telephone
        return parts.metrics.observe(
            parts.desk,
            screens=parts.feed.screens,
            connected=telephone is not None and telephone.connected,
            reconnects=telephone.reconnects if telephone is not None else 0,
            nodes=telephone.nodes if telephone is not None else {},
        )

    routes = _routes(parts, people)
    app = build_app(routes, parts.access, observe, panel=parts.panel, site=parts.site)
    app.on_shutdown.append(people.sockets.close_all)
    return app


def _routes(parts: Parts, people: People) -> list[Route]:
    dispositions = frozenset(entry.id for entry in parts.centre.dispositions)
    commands = CommandRoutes(
        parts.desk, parts.calls, parts.room, parts.feed, parts.telephone, parts.recordings, dispositions
    )
    holders: list[tuple[str, object]] = [
        ("session", SessionRoutes(parts.access, parts.audit, people.signed_out)),
        ("health", HealthRoutes(parts.checks)),
        (
            "live",
            LiveRoutes(
                parts.desk, parts.room, parts.centre, parts.access, parts.audit, REALM, parts.telephone
            ),
        ),
        ("live", TimelineRoutes(parts.timelines)),
        ("live", StandingRoutes(parts.feed)),
        ("live", EventRoutes(parts.feed, people.sockets)),
        ("live", SoftphoneRoutes(parts.softphone_url, people.sockets, parts.telephone)),
        ("calls", CallRoutes(parts.calls, parts.room, parts.recordings)),
        ("calls", commands),
        ("calls", ListenRoutes(parts.calls, parts.listening, parts.audit)),
        ("recordings", RecordingRoutes(parts.recordings)),
        ("flows", FlowRoutes(parts.flows)),
        ("contacts", ContactRoutes(parts.contacts)),
        ("users", UserRoutes(parts.access, parts.audit, people.changed)),
        ("audit", AuditRoutes(parts.audit)),
    ]
    return [route for tag, holder in holders for route in routes_of(tag, holder)]
