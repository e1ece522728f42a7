"""The composition root: builds everything from the settings, starts it in order, stops it in the opposite one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ari_apps.ports import Connectors
from ari_apps.presenter import TaskPresenter
from contact_centre.access.models import User
from contact_centre.access.reactions import UserChanges
from contact_centre.across import Across
from contact_centre.books import Books, open_books
from contact_centre.call_log import log_lives
from contact_centre.calls.service import Calls
from contact_centre.centre_file import Centre
from contact_centre.centre_reading import NAME, ensure_centre_file, load_centre, require_flows
from contact_centre.collector import settled
from contact_centre.connectors.reading import Shelf, read_beside
from contact_centre.connectors.service import open_connectors
from contact_centre.connectors.simulator import simulated
from contact_centre.flows.service import FlowFolder
from contact_centre.listening import Door, site_of
from contact_centre.live.feed import Feed
from contact_centre.live.pulse import begin_of_picture
from contact_centre.live.room import Room
from contact_centre.live.service_level import ServiceLevels
from contact_centre.live.timeline import Timelines
from contact_centre.one_instance import one_instance
from contact_centre.people import FirstPassword, ensure_people, people_told, seat, take_back_untold
from contact_centre.readiness import checks_of
from contact_centre.recordings.reactions import DESCRIBE
from contact_centre.secrets_file import Secrets, load_secrets
from contact_centre.service_manager import Notifier
from contact_centre.settings import CHECKOUT, Settings
from contact_centre.shared.link import open_link
from contact_centre.telephony import House, NoAmi, Telephony, open_telephony
from contact_centre.watchdog import Watchdog
from contact_centre.web.metrics import MeasuredStore, Metrics
from contact_centre.web.people import People
from contact_centre.web.screens import Parts, build_screens
from contact_centre.web.sockets import Sockets
from ivr_flows import FlowErrors, load_flows
from recorder.recording import Recorder
from voice_core.desk import Desk
from voice_core.errors import UnavailableError
from voice_core.news import LocalNews
from voice_core.ports import Presenter
from voice_core.router import Router
from voice_core.store.ownership import Owned, own
from voice_core.store.reactions import Reacting

SWITCHBOARD_READY_TIMEOUT_S = 15.0

log = structlog.get_logger(__name__)
Job = Coroutine[Any, Any, None]


@dataclass(frozen=True, slots=True)
class Started:
    """What to tell whoever started it."""

    settings: Settings
    centre: Centre
    first_passwords: Sequence[FirstPassword]
    with_telephone: bool


async def run(
    settings: Settings,
    *,
    with_telephone: bool,
    started: Callable[[Started], None],
    stop: asyncio.Event,
    manager: Notifier,
) -> None:
    """Serve until `stop`; whoever runs Asterisk hears from `manager` when its files are written.

    Raises CentralitaError with a sentence when it cannot start; nothing is left running then.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(one_instance(settings.home))
        centre = load_centre(ensure_centre_file(settings))
        door = Door(settings)
        link = await stack.enter_async_context(open_link(settings.redis_url))
        books = await stack.enter_async_context(open_books(settings, centre, link))
        owning = own(books.engine, settings.home, books.clock, _standing_by, settings.own_url)
        owned = await stack.enter_async_context(owning)
        await stack.enter_async_context(all_running({name: job() for name, job in owned.jobs.items()}))
        across = Across(link, owned.lease)
        house, metrics = await _house(settings, centre, books, owned, stack)
        stack.push_async_callback(_take_back, books, settings.home)
        first = await ensure_people(books.access, settings.home)
        everybody = await books.access.users()
        await house.desk.load()
        stack.push_async_callback(house.desk.close)
        await seat(house.desk, everybody)
        telephony = None
        if with_telephone:
            telephony = await stack.enter_async_context(open_telephony(house, manager.files))
        watchdog = Watchdog(settings.watchdog_s, manager.alive)
        async with serving(house, metrics, telephony, everybody, watchdog, across, door):
            settled()
            started(Started(settings, centre, first, with_telephone))
            people_told(settings.home)
            manager.ready()
            await stop.wait()
            manager.stopping()


@asynccontextmanager
async def serving(
    house: House,
    metrics: Metrics,
    telephony: Telephony | None,
    everybody: Sequence[User],
    watchdog: Watchdog,
    across: Across,
    door: Door,
) -> AsyncIterator[None]:
    """Every loop of the centre runs, and the web answers, while the context is open."""
    books, queues = house.books, house.centre.queue_configs()
    describing = Reacting(books.engine, DESCRIBE, gives_way=True)
    house.desk.listen(across.closed_heard_by(describing.wake))
    people = People(books.access, Sockets(books.access), across.outbox)
    recorder = telephony.recorder if telephony else house.recorder(NoAmi())
    presenters: dict[str, Presenter] = {"task": TaskPresenter()}
    if telephony is not None:
        presenters["voice"] = telephony.boards.presenter
    router = Router(house.desk, queues, presenters, books.clock)
    room = await _room(house, recorder, telephony)
    feed = Feed(house.news, room, across.wire)
    still = await telephony.channels() if telephony else frozenset[str]()
    jobs = {
        "recordings of before": recorder.recover(
            still
        ),  # first: it must see who lives before calls are taken up
        "router": _route(router, telephony),
        "feed": feed.run(),
        "recordings begun": recorder.run(),
        "recordings described": describing.run(),
        "call log": log_lives(house.news),
        "alarms": metrics.counts.follow_alarms(house.news),
        "people": UserChanges(books.access, _people(house, telephony, people), _newest(everybody)).run(),
        "loop lag": metrics.watch_loop(),
        "watchdog": watchdog.run(),
    }
    if telephony is not None:
        jobs |= telephony.jobs()
    jobs |= across.jobs(people) | door.jobs()
    async with all_running(jobs):
        if telephony is not None:
            await _ready(telephony)
        parts = _parts(house, metrics, room, feed, recorder, router, telephony, across.word)
        app = build_screens(parts, people)
        async with door.server(app):
            yield


def _standing_by(holder: str) -> None:
    log.info("standing_by", owner=holder)


async def _take_back(books: Books, home: Path) -> None:
    """Now, so that nobody has a password that nobody knows; a database that cannot is asked again on the next start."""
    with suppress(SQLAlchemyError):
        await take_back_untold(books.access, home)


async def _house(
    settings: Settings, centre: Centre, books: Books, owned: Owned, stack: AsyncExitStack
) -> tuple[House, Metrics]:
    queues, folder = set(centre.queue_configs()), settings.flows_folder / centre.organisation.flows
    shelf = await asyncio.to_thread(read_beside, folder)
    if shelf.errors:
        raise FlowErrors(shelf.errors)
    flows = await asyncio.to_thread(load_flows, folder, queues, shelf.views())
    require_flows(settings.home / NAME, centre, flows)
    metrics, news, secrets = Metrics(), LocalNews(), load_secrets(settings.home)
    connectors = await _connectors(settings, shelf, secrets, metrics, stack)
    desk = Desk(MeasuredStore(owned.store, metrics.commits), news, books.clock, centre.queue_configs())
    desk.listen(metrics.counts.follow)
    return House(settings, secrets, centre, flows, books, desk, news, connectors), metrics


async def _connectors(
    settings: Settings, shelf: Shelf, secrets: Secrets, metrics: Metrics, stack: AsyncExitStack
) -> Connectors:
    """The institution's own systems, or what stands in their place."""
    descriptions = shelf.descriptions
    if settings.simulate_connectors and descriptions:
        descriptions = await stack.enter_async_context(simulated(descriptions))
        log.warning("connectors_simulated", connectors=sorted(descriptions))
    observe = metrics.counts.asked_system
    return await stack.enter_async_context(open_connectors(descriptions, secrets.connectors, observe=observe))


async def _room(house: House, recorder: Recorder, telephony: Telephony | None) -> Room:
    now = house.books.clock.now()
    levels = ServiceLevels(house.centre.queue_configs(), ZoneInfo(house.centre.organisation.timezone), now)
    today = await house.books.queries.opened_since(levels.begin_of_day(now))
    shown_since = begin_of_picture(now)
    levels.seed(today)
    recent = [row for row in today if row.closed_at is None or row.closed_at >= shown_since]
    telephone = telephony.telephone if telephony else None
    room = Room(house.desk, house.books.clock, house.centre.queue_configs(), levels, telephone)
    room.pulse.seed(recent, now)
    for row in house.desk.live():
        if row.channel == "voice":
            room.recording(row.id, await recorder.state(row.id))
    return room


def _parts(
    house: House, metrics: Metrics, room: Room, feed: Feed, recorder: Recorder, router: Router,
    telephony: Telephony | None, word: str,
) -> Parts:  # fmt: skip
    books, zone = house.books, ZoneInfo(house.centre.organisation.timezone)
    flows = house.settings.flows_folder / house.centre.organisation.flows
    return Parts(
        centre=house.centre,
        desk=house.desk,
        room=room,
        feed=feed,
        access=books.access,
        audit=books.audit,
        contacts=books.contacts,
        calls=Calls(house.desk, books.store, books.queries),
        timelines=Timelines(house.desk, books.queries, books.clock, zone),
        flows=FlowFolder(flows, house.centre, lambda: read_beside(flows).told()),
        recordings=recorder,
        metrics=metrics,
        checks=checks_of(books.engine, router, telephony.telephone if telephony else None),
        panel=CHECKOUT / "panel" / "dist",
        telephone=telephony.telephone if telephony else None,
        listening=telephony.listening if telephony else None,
        softphone_url=_softphone(house, telephony) if telephony else None,
        site=site_of(house.settings, house.settings.names, word),
    )


def _softphone(house: House, telephony: Telephony) -> Callable[[], str]:
    """A page's telephone is registered at the first node that is there."""
    return lambda: house.settings.at(telephony.telephone.node).softphone_url


def _people(
    house: House, telephony: Telephony | None, sockets: People
) -> Callable[[Sequence[User]], Coroutine[Any, Any, None]]:
    async def changed(users: Sequence[User]) -> None:
        await seat(house.desk, users)
        for user in users:
            sockets.changed(user.username)  # whoever changed them, and wherever their pages are
        if telephony is not None:
            await telephony.people_changed(users)
        log.info("people_changed", users=[user.username for user in users])

    return changed


def _newest(users: Sequence[User]) -> int:
    return max((user.revision for user in users), default=0)


@asynccontextmanager
async def all_running(jobs: Mapping[str, Job]) -> AsyncIterator[None]:
    """One task a job; the first that fails ends the context with its error."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job, name=name) for name, job in jobs.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _route(router: Router, telephony: Telephony | None) -> None:
    """Once calls are taken up: who is consulted in one of them is not free."""
    if telephony is not None:
        await telephony.taken_up()
    await router.run()


async def _ready(telephony: Telephony) -> None:
    try:
        async with asyncio.timeout(SWITCHBOARD_READY_TIMEOUT_S):
            await telephony.taken_up()
    except TimeoutError:
        raise UnavailableError(
            "Asterisk runs, but its calls could not be taken up in time; see the log."
        ) from None
