"""`centralita run web` and `centralita run worker`: parts beside a controller, until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from contact_centre import front, worker
from contact_centre.commands.up import until_asked
from contact_centre.service_manager import Notifier
from contact_centre.settings import Settings, service_manager_address


class Part(Protocol):
    def __call__(
        self, settings: Settings, *, started: Callable[[], None], stop: asyncio.Event, manager: Notifier
    ) -> Coroutine[Any, Any, None]: ...


async def run_web(settings: Settings) -> int:
    return await _run(front.run_web, settings)


async def run_worker(settings: Settings) -> int:
    return await _run(worker.run_worker, settings)


async def _run(part: Part, settings: Settings) -> int:
    stop, begun = asyncio.Event(), asyncio.Event()
    manager = Notifier.to_address(service_manager_address())
    await until_asked(part(settings, started=begun.set, stop=stop, manager=manager), begun, stop)
    return 0
