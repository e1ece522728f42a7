"""`run web` beside a controller, and a screen as the page keeps one: it comes back when its socket is closed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import aiohttp

from tests.faults.processes import part
from tests.instance import Api, Instance, free_ports

START_TIMEOUT_S = 40.0
RETRY_S = 0.2  # a page waits 0.5 s


@asynccontextmanager
async def web_before(instance: Instance, port: int = 0) -> AsyncIterator[Instance]:
    """Another web of this centre; the same in all but its port. It answers, and hears the controller over Redis."""
    port = port or free_ports(1)[0]
    environment = {**instance.environment, "CENTRALITA_HTTP_PORT": str(port)}
    web = replace(instance, http_port=port, environment=environment, process=None)
    async with part(web, "run", "web") as web.process:
        redis = {"redis": True} if "CENTRALITA_REDIS_URL" in environment else {}
        await checks(web, database=True, controller=True, **redis)
        yield web


async def checks(web: Instance, **wanted: bool) -> None:
    """Until `/health` says so."""
    said: Any = None
    try:
        async with asyncio.timeout(START_TIMEOUT_S), aiohttp.ClientSession() as http:
            while True:
                with suppress(aiohttp.ClientError):
                    async with http.get(f"{web.url}/api/v1/health") as answer:
                        said = (await answer.json())["checks"]
                        if wanted.items() <= said.items():
                            return
                await asyncio.sleep(0.05)
    except TimeoutError:
        log = web.home.parent / f"{web.home.name}-run-web.out"
        raise AssertionError(f"the web's health is {said}:\n{log.read_text()[-3000:]}") from None


@dataclass
class Page:
    """What a supervisor's page shows, from its events socket."""

    api: Api
    web: Instance
    agents: dict[str, Any] = field(default_factory=dict)
    interactions: dict[str, Any] = field(default_factory=dict)
    snapshots: int = 0
    sockets: int = 0
    took_ms: list[float] = field(default_factory=list)  # stored → here, of each change of a stage or state
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def follow(self) -> None:
        while True:
            with suppress(aiohttp.ClientError):
                async with self.api.session.ws_connect(f"{self.web.url}/api/v1/events") as socket:
                    self.sockets += 1
                    async for message in socket:
                        await self._apply(json.loads(message.data))
            await asyncio.sleep(RETRY_S)

    async def until(self, condition: Callable[[Page], Any], timeout_s: float = 10.0) -> None:
        try:
            async with asyncio.timeout(timeout_s), self.news:
                await self.news.wait_for(lambda: condition(self))
        except TimeoutError:
            raise AssertionError(f"after {timeout_s} s the page shows {self}") from None

    async def state(self, agent: str, state: str) -> None:
        await self.until(lambda page: page.agents.get(agent, {}).get("state") == state)

    async def _apply(self, message: dict[str, Any]) -> None:
        data = message.get("data")
        match message["type"]:
            case "snapshot":
                self.snapshots += 1
                self.agents = {row["id"]: row for row in data["agents"]}
                self.interactions = {row["id"]: row for row in data["interactions"]}
            case "agent":
                self._took(data["state_since"], self.agents.get(data["id"], {}).get("state_since"))
                self.agents[data["id"]] = data
            case "interaction":
                self._took(data["stage_since"], self.interactions.get(data["id"], {}).get("stage_since"))
                self.interactions[data["id"]] = data
        async with self.news:
            self.news.notify_all()

    def _took(self, at: str | None, before: str | None) -> None:
        if at is not None and at != before:
            self.took_ms.append(1000 * (time.time() - datetime.fromisoformat(at).timestamp()))


@asynccontextmanager
async def page(api: Api, web: Instance) -> AsyncIterator[Page]:
    """Open, with its first snapshot."""
    shown = Page(api, web)
    following = asyncio.create_task(shown.follow())
    try:
        await shown.until(lambda page: page.snapshots)
        yield shown
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
