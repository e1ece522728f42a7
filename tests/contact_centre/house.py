"""A centre without Asterisk: real HTTP, real database, real desk and router; the telephone is a twin in memory."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncEngine

from ari_apps.commands import Target
from ari_apps.phones import Phone
from ari_apps.presenter import TaskPresenter
from ari_apps.telephone import CallView, ConsultView
from contact_centre.access.audit import AuditLog
from contact_centre.access.passwords import Passwords
from contact_centre.access.privileges import Role
from contact_centre.access.service import Access, NewUser
from contact_centre.calls.service import Calls
from contact_centre.centre_file import Centre
from contact_centre.connectors.reading import read_beside
from contact_centre.contacts.service import Contacts
from contact_centre.flows.service import FlowFolder
from contact_centre.live.feed import Feed
from contact_centre.live.room import Room
from contact_centre.live.service_level import ServiceLevels
from contact_centre.live.timeline import Timelines
from contact_centre.people import seat
from contact_centre.readiness import checks_of
from contact_centre.web.metrics import MeasuredStore, Metrics
from contact_centre.web.screens import Parts, build_screens
from contact_centre.web.site import Site
from recorder.ear import Mode
from recorder.recording import Recorder
from recorder.vault import Vault
from voice_core.agent import AgentState
from voice_core.desk import Desk
from voice_core.errors import NotAllowedError
from voice_core.interaction import Direction, Interaction, Offer, Stage
from voice_core.news import LocalNews
from voice_core.router import Router
from voice_core.store.database import open_database
from voice_core.store.queries import Queries
from voice_core.store.sql import SqlStore

PASSWORD = "una-clave-de-prueba-9"
WORD = "the-word-of-the-lease"
# Not for life: tests sign in hundreds of times.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ROLES = {
    "ana": Role.AGENT,
    "luis": Role.AGENT,
    "sofia": Role.SUPERVISOR,
    "marta": Role.MANAGER,
    "diego": Role.DESIGNER,
    "admin": Role.ADMIN,
}
CENTRE = Centre.model_validate(
    {
        "organisation": {"name": "Prueba", "timezone": "America/Guayaquil", "country": "EC"},
        "numbers": [
            {
                "number": "101",
                "flow": "demo",
                "label": {"es": "Reclamos"},
                "way_out": {"say": "Llame más tarde."},
            }
        ],
        "queues": [{"name": "soporte", "label": {"es": "Soporte", "en": "Support"}, "wrap_up_s": 20}],
        "pause_reasons": [{"id": "almuerzo", "label": {"es": "Almuerzo", "en": "Lunch"}}],
        "dispositions": [{"id": "resuelto", "label": {"es": "Resuelto", "en": "Solved"}}],
    }
)


class SetClock:
    """Says what it is told; the desk's records use it, the loop's waiting does not."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@dataclass
class TelephoneTwin:
    """Remembers what was asked of each call, and enforces who may ask, as the real one does."""

    desk: Desk
    connected: bool = True
    reconnects: int = 0
    nodes: dict[str, bool] = field(default_factory=dict)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    views: dict[str, CallView] = field(default_factory=dict)

    def view(self, call_id: str) -> CallView:
        return self.views.get(call_id, CallView())

    def phones(self, agent: str) -> list[Phone]:
        return [Phone(agent, "browser", online=True)]

    def page_came(self, agent: str) -> None:
        self.asked.append(("page_came", agent))

    def page_left(self, agent: str) -> None:
        self.asked.append(("page_left", agent))

    async def hold(self, call_id: str, agent: str) -> None:
        self._note("hold", call_id, agent)
        self.views[call_id] = replace(self.view(call_id), held=True)

    async def resume(self, call_id: str, agent: str) -> None:
        self._note("resume", call_id, agent)
        self.views[call_id] = replace(self.view(call_id), held=False)

    async def mute(self, call_id: str, agent: str, on: bool) -> None:
        self._note("mute", call_id, agent, on)
        self.views[call_id] = replace(self.view(call_id), muted=on)

    async def send_digits(self, call_id: str, agent: str, digits: str) -> None:
        self._note("digits", call_id, agent, digits)

    async def hang_up(self, call_id: str, agent: str) -> None:
        self._note("hang_up", call_id, agent)

    async def transfer(self, call_id: str, agent: str, target: Target) -> None:
        self._note("transfer", call_id, agent, target)

    async def consult(self, call_id: str, agent: str, target: Target) -> None:
        self._note("consult", call_id, agent, target)
        self.views[call_id] = replace(self.view(call_id), consult=ConsultView(target.value, "ringing"))

    async def complete_consult(self, call_id: str, agent: str) -> None:
        self._note("complete_consult", call_id, agent)

    async def cancel_consult(self, call_id: str, agent: str) -> None:
        self._note("cancel_consult", call_id, agent)

    async def conference(self, call_id: str, agent: str) -> None:
        self._note("conference", call_id, agent)

    async def reattach(self, call_id: str, agent: str) -> None:
        self._note("reattach", call_id, agent)

    async def ring_again(self, offer_id: str, agent: str) -> None:
        self.asked.append(("ring_again", offer_id, agent))

    async def dial(self, agent: str, number: str) -> Interaction:
        self.asked.append(("dial", agent, number))
        return await self.desk.open(
            channel="voice", direction=Direction.OUTBOUND, from_address="101", to_address=number, agent=agent
        )

    def _note(self, what: str, call_id: str, agent: str, *more: object) -> None:
        row = self.desk.interaction(call_id)
        if row.agent != agent or row.stage is not Stage.TALKING:
            raise NotAllowedError("This call belongs to another agent.", interaction=call_id)
        self.asked.append((what, call_id, agent, *more))


@dataclass
class ListeningTwin:
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def start(self, interaction_id: str, supervisor: str, mode: Mode) -> None:
        self.asked.append(("start", interaction_id, supervisor, mode))

    async def change(self, interaction_id: str, supervisor: str, mode: Mode) -> None:
        self.asked.append(("change", interaction_id, supervisor, mode))

    async def stop(self, interaction_id: str, supervisor: str) -> None:
        self.asked.append(("stop", interaction_id, supervisor))

    async def take_over(self, interaction_id: str, supervisor: str) -> None:
        self.asked.append(("take_over", interaction_id, supervisor))


@dataclass
class MutingTwin:
    """AMI's MixMonitorMute, remembered."""

    muted: list[tuple[str, bool]] = field(default_factory=list)

    async def mix_monitor_mute(self, channel: str, on: bool) -> None:
        self.muted.append((channel, on))


class SilentPresenter:
    """Voice offers ring nowhere; tests accept them at the desk."""

    async def present(self, offer: Offer, interaction: Interaction) -> None:
        return None

    async def withdraw(self, offer: Offer, reason: str) -> None:
        return None


@dataclass
class CentreHouse:
    """The running centre and ways in."""

    server: TestServer
    parts: Parts
    clock: SetClock
    news: LocalNews
    telephone: TelephoneTwin
    listening: ListeningTwin
    recorder: Recorder
    spool: Path
    engine: AsyncEngine
    router: Router
    routing: asyncio.Task[None]
    flows: Path

    @property
    def desk(self) -> Desk:
        return self.parts.desk

    @property
    def access(self) -> Access:
        return self.parts.access

    def client(self, username: str | None = None, **headers: str) -> Client:
        return Client(self.server, username, headers)

    async def queued(self, number: str = "0991234567", only_agent: str | None = None) -> Interaction:
        """A caller waiting in soporte."""
        row = await self.desk.open(
            channel="voice", direction=Direction.INBOUND, from_address=number, to_address="101", flow="demo"
        )
        return await self.desk.enqueue(row.id, "soporte", only_agent=only_agent)

    async def talking(self, agent: str = "ana", number: str = "0991234567") -> Interaction:
        """A caller in conversation with `agent`."""
        await self.desk.set_state(agent, AgentState.AVAILABLE, actor=agent)
        row = await self.queued(number, agent)
        async with asyncio.timeout(5):
            while row.stage is not Stage.OFFERED:
                row = await self.desk.changed(row.id, row.version)
        return await self.desk.accept(f"{row.id}.o{row.offers}")

    async def recorded(self, call_id: str, seconds: float = 1.0) -> str:
        """A finished recording of this call; its id."""
        channel = f"channel-{call_id}"
        await self.recorder.started(call_id, channel)
        self.spool.mkdir(parents=True, exist_ok=True)
        (self.spool / f"{channel}.raw").write_bytes(b"\1\0\2\0" * int(8000 * seconds))
        await self.recorder.finished(call_id)
        return f"{call_id}.r1"

    async def message_left(self) -> Interaction:
        """The task of a voicemail of one second; it waits in no queue yet."""
        row = await self.desk.open(
            channel="task", direction=Direction.INBOUND, from_address="0991234567", to_address="101"
        )
        self.spool.mkdir(parents=True, exist_ok=True)
        with wave.open(str(self.spool / "message.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(b"\1\0" * 8000)
        await self.recorder.voicemail_left(row.id, "message", 1)
        return row


class Client:
    """One browser: its cookies and CSRF token."""

    def __init__(self, server: TestServer, username: str | None, headers: Mapping[str, str]) -> None:
        self._server = server
        self._username = username
        self._headers = dict(headers)
        self.csrf = ""

    async def __aenter__(self) -> Self:
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=15)
        )
        if self._username is not None:
            body = {"username": self._username, "password": PASSWORD}
            status, answer = await self.ask("POST", "/session", body)
            assert status == 200, answer
            self.csrf = answer["csrf"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """(status, decoded body)."""
        async with self.raw(method, path, body, **headers) as answer:
            decoded = (
                await answer.json() if answer.content_type == "application/json" else await answer.read()
            )
            return answer.status, decoded

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = self._headers | ({"X-CSRF-Token": self.csrf} if self.csrf else {}) | headers
        more = {"json": body} if body is not None else {}
        return self.http.request(method, self._server.make_url(f"/api/v1{path}"), headers=sent, **more)

    async def get(self, path: str) -> Any:
        status, answer = await self.ask("GET", path)
        assert status == 200, (path, status, answer)
        return answer

    @asynccontextmanager
    async def events(self) -> AsyncIterator[Events]:
        async with self.http.ws_connect(self._server.make_url("/api/v1/events")) as socket:
            yield Events(socket)


class Events:
    """The events socket, read one by one."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def next(self, kind: str, timeout_s: float = 5.0) -> Any:
        """The data of the next event of that type; others are kept in `seen`."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.socket.receive_json()
                self.seen.append(message)
                if message["type"] == kind:
                    return message.get("data")


@asynccontextmanager
async def running_centre(folder: Path, url: str | None = None) -> AsyncIterator[CentreHouse]:
    """Everything but Asterisk, with one person of each role. `url`: of an empty database, when not a new one."""
    clock, news, metrics = SetClock(), LocalNews(), Metrics()
    engine = await open_database(url or f"sqlite+aiosqlite:///{folder / 'centralita.db'}")
    store, queues = SqlStore(engine), CENTRE.queue_configs()
    desk = Desk(MeasuredStore(store, metrics.commits), news, clock, queues)
    access, audit = Access(engine, clock, Passwords(QUICK)), AuditLog(engine, clock)
    for username, role in ROLES.items():
        await access.add(NewUser(username, username.title(), (role,), {"soporte": 5}), PASSWORD)
    desk.listen(metrics.counts.follow)
    await desk.load()
    await seat(desk, await access.users())
    telephone, listening = TelephoneTwin(desk), ListeningTwin()
    levels = ServiceLevels(queues, ZoneInfo("America/Guayaquil"), clock.now())
    room = Room(desk, clock, queues, levels, telephone)
    feed = Feed(news, room)
    spool = folder / "spool"
    recorder = Recorder(
        desk=desk,
        news=news,
        clock=clock,
        engine=engine,
        vault=Vault(folder / "vault"),
        spool=spool,
        control=MutingTwin(),
        audit=audit,
    )
    router = Router(desk, queues, {"voice": SilentPresenter(), "task": TaskPresenter()}, clock)
    parts = Parts(
        centre=CENTRE,
        desk=desk,
        room=room,
        feed=feed,
        access=access,
        audit=audit,
        contacts=Contacts(engine, clock, "EC"),
        calls=Calls(desk, store, Queries(engine)),
        timelines=Timelines(desk, Queries(engine), clock, ZoneInfo("America/Guayaquil")),
        flows=FlowFolder(folder / "flows", CENTRE, lambda: read_beside(folder / "flows").told()),
        recordings=recorder,
        metrics=metrics,
        checks=checks_of(engine, router, telephone),
        panel=folder / "dist",
        telephone=telephone,
        listening=listening,
        site=Site(word=WORD),
    )
    server = TestServer(build_screens(parts))
    try:
        async with asyncio.TaskGroup() as group:
            jobs = (feed.run(), router.run(), recorder.run(), metrics.counts.follow_alarms(news))
            loops = [group.create_task(job) for job in jobs]
            async with server:
                yield CentreHouse(
                    server,
                    parts,
                    clock,
                    news,
                    telephone,
                    listening,
                    recorder,
                    spool,
                    engine,
                    router,
                    loops[1],
                    folder / "flows",
                )
            for loop in loops:
                loop.cancel()
    finally:
        await engine.dispose()


@asynccontextmanager
async def sip_server() -> AsyncIterator[str]:
    """Stands where Asterisk's own WebSocket would: says what it hears. Its URL."""

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/ws", serve)
    async with TestServer(app) as server:
        yield str(server.make_url("/ws")).replace("http", "ws", 1)


def wav_frames(content: bytes, folder: Path) -> int:
    """How many frames a WAV file holds."""
    path = folder / "read.wav"
    path.write_bytes(content)
    with wave.open(str(path)) as file:
        return file.getnframes()
