"""`run worker`: does what follows from contacts that are over, beside the controller or while it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog

from contact_centre.across import CLOSED
from contact_centre.recordings.reactions import DESCRIBE
from contact_centre.service_manager import Notifier
from contact_centre.settings import Settings
from contact_centre.shared.link import Link, open_link
from contact_centre.shared.subscription import Subscription
from contact_centre.watchdog import Watchdog
from contact_centre.wiring import all_running
from voice_core.errors import UnavailableError
from voice_core.lease import CONTROLLER
from voice_core.store.database import open_database
from voice_core.store.leases import SqlLeases
from voice_core.store.reactions import Reacting

LOOK_EVERY_S = 2.0  # whose news wake us

log = structlog.get_logger(__name__)


async def run_worker(
    settings: Settings, *, started: Callable[[], None], stop: asyncio.Event, manager: Notifier
) -> None:
    """React until `stop`. Raises CentralitaError with a sentence when it cannot start."""
    async with AsyncExitStack() as stack:
        link = await stack.enter_async_context(open_link(settings.redis_url))
        engine = await open_database(settings.database)
        stack.push_async_callback(engine.dispose)
        describing = Reacting(engine, DESCRIBE, gives_way=False)
        jobs: dict[str, Coroutine[Any, Any, None]] = {
            "recordings described": describing.run(),
            "watchdog": Watchdog(settings.watchdog_s, manager.alive).run(),
        }
        if link is not None:
            heard = Subscription(link, {CLOSED: lambda _: describing.wake()}, describing.wake)
            jobs |= {"woken": heard.run(), "whose news": _hang_on(link, SqlLeases(engine))}
        await stack.enter_async_context(all_running(jobs))
        started()
        manager.ready()
        await stop.wait()
        manager.stopping()


async def _hang_on(link: Link, leases: SqlLeases) -> None:
    """Hear the controller there is, until cancelled."""
    while True:
        try:
            lease = await leases.read(CONTROLLER)
            if lease is not None:
                link.hang_on(lease.word)
        except UnavailableError as error:
            log.warning("lease_not_readable", error=str(error))
        await asyncio.sleep(LOOK_EVERY_S)
