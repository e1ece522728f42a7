"""Prometheus metrics at `/metrics`, for loopback only: what is now, taken when asked for, and what has been (`counts`)."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client import Counter as Counted
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from contact_centre.web.counts import Counts
from contact_centre.web.guard import REACHED
from voice_core.agent import AgentStatus
from voice_core.desk import Desk
from voice_core.interaction import Interaction, Stage
from voice_core.ledger import Entry
from voice_core.ports import Change, Live, Store

LAG_EVERY_S = 0.25
_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)


class Metrics:
    """One registry an instance: two in one process (tests) do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.counts = Counts(self.registry)
        self.interactions = Gauge(
            "centralita_interactions", "Live contacts", ["channel", "stage"], registry=self.registry
        )
        self.waiting = Gauge(
            "centralita_queue_waiting", "Contacts nobody has taken yet", ["queue"], registry=self.registry
        )
        self.agents = Gauge("centralita_agents", "Agents", ["status"], registry=self.registry)
        self.offers = Gauge("centralita_offers_standing", "Offers held out now", registry=self.registry)
        self.screens = Gauge("centralita_screens", "Open event sockets", registry=self.registry)
        self.ari = Gauge("centralita_ari_connected", "1 while an Asterisk answers", registry=self.registry)
        self.nodes = Gauge(
            "centralita_node_connected", "1 while this Asterisk answers", ["node"], registry=self.registry
        )
        self.tasks = Gauge("centralita_tasks", "asyncio tasks of the controller", registry=self.registry)
        self.lag = _lag(self.registry)
        self.commits = Histogram(
            "centralita_commit_seconds",
            "Time to store a batch of changes",
            buckets=_FAST,
            registry=self.registry,
        )

    def observe(
        self, desk: Desk, *, screens: int, connected: bool, reconnects: int, nodes: Mapping[str, bool]
    ) -> bytes:
        """Take the figures, and write them as Prometheus reads them."""
        live = desk.live()
        self._fill(self.interactions, Counter((row.channel, row.stage.value) for row in live))
        self._fill(
            self.waiting,
            Counter((row.queue or "",) for row in live if row.stage in (Stage.QUEUED, Stage.OFFERED)),
        )
        statuses = Counter((agent.status.value,) for agent in desk.agents())
        self._fill(self.agents, {(status.value,): statuses[(status.value,)] for status in AgentStatus})
        self.offers.set(sum(row.stage is Stage.OFFERED for row in live))
        self.screens.set(screens)
        self.ari.set(connected)
        self._fill(self.nodes, {(node,): int(there) for node, there in nodes.items()})
        self.tasks.set(len(asyncio.all_tasks()))
        self.counts.reconnected(reconnects)
        return generate_latest(self.registry)

    async def watch_loop(self) -> None:
        """Measure the loop's lag until cancelled."""
        await _watch_loop(self.lag)

    def _fill(self, gauge: Gauge, counts: Counter[tuple[str, ...]] | dict[tuple[str, ...], int]) -> None:
        gauge.clear()
        for labels, count in counts.items():
            gauge.labels(*labels).set(count)


class WebMetrics:
    """What a web tells of itself; what is about calls the controller tells."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.lag = _lag(self.registry)
        self.screens = Gauge("centralita_screens", "Event sockets fed from here", registry=self.registry)
        self._forwarded = Counted(
            "centralita_forwarded",
            "Requests passed on to the controller, by what came of it",
            ["outcome"],
            registry=self.registry,
        )

    async def watch_loop(self) -> None:
        """Until cancelled."""
        await _watch_loop(self.lag)

    def forwarded(self, outcome: str) -> None:
        self._forwarded.labels(outcome).inc()

    def observe(self, screens: int) -> bytes:
        self.screens.set(screens)
        return generate_latest(self.registry)


def _lag(registry: CollectorRegistry) -> Histogram:
    return Histogram(
        "centralita_event_loop_lag_seconds", "How late the event loop is", buckets=_FAST, registry=registry
    )


async def _watch_loop(lag: Histogram) -> None:
    loop = asyncio.get_running_loop()
    while True:
        before = loop.time()
        await asyncio.sleep(LAG_EVERY_S)
        lag.observe(max(0.0, loop.time() - before - LAG_EVERY_S))


class MeasuredStore:
    """A store whose commits are timed."""

    def __init__(self, store: Store, histogram: Histogram) -> None:
        self._store = store
        self._histogram = histogram

    async def commit(self, *changes: Change) -> None:
        with self._histogram.time():
            await self._store.commit(*changes)

    async def load_live(self) -> Live:
        return await self._store.load_live()

    async def interaction(self, interaction_id: str) -> Interaction | None:
        return await self._store.interaction(interaction_id)

    async def by_external_id(self, node: str, external_id: str) -> Interaction | None:
        return await self._store.by_external_id(node, external_id)

    async def entries(self, interaction_id: str) -> Sequence[Entry]:
        return await self._store.entries(interaction_id)


def add_metrics(app: web.Application, observe: Callable[[], bytes]) -> None:
    """Mount `/metrics`. From beyond loopback, and through a proxy on this machine, it does not exist."""

    async def metrics(request: web.Request) -> web.StreamResponse:
        reached = request[REACHED]
        if reached.public or not (_is_loopback(request.remote) and _is_loopback(reached.address)):
            raise web.HTTPNotFound
        return web.Response(body=observe(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_route("GET", "/metrics", metrics)


def _is_loopback(address: str | None) -> bool:
    return address is not None and ipaddress.ip_address(address).is_loopback
