"""What the desk stands on: the live floor, commits in order, and telling what was stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from voice_core.agent import Agent, AgentState
from voice_core.clock import Clock
from voice_core.commits import Commits
from voice_core.errors import NotAllowedError, NotFoundError, StageError, UnavailableError
from voice_core.floor import Floor
from voice_core.interaction import Interaction, Offer, Stage
from voice_core.ledger import Entry
from voice_core.matcher import VOICE, Needs, fits, is_skilled, least_needs, needs_after, order
from voice_core.moves import Move
from voice_core.pace import Outlook, Pace, Place
from voice_core.ports import Change, News, Store
from voice_core.queue import QueueConfig
from voice_core.watch import Watch


@dataclass(frozen=True, slots=True)
class _Together:
    """What one task decided and has not waited for yet."""

    task: asyncio.Task[Any] | None
    stored: list[asyncio.Future[None]] = field(default_factory=list)


_together: ContextVar[_Together | None] = ContextVar("together", default=None)


class Writer:
    """Reading, and the way every decision goes: floor first, then store, then the world."""

    def __init__(self, store: Store, news: News, clock: Clock, queues: Mapping[str, QueueConfig]) -> None:
        self._store = store
        self._news = news
        self._clock = clock
        self._queues = queues
        self._floor = Floor()
        self._watch = Watch()
        self._pace = Pace()
        self._listeners: list[Callable[[Change], None]] = []
        self._wakers: list[Callable[[], None]] = []
        self._commits = Commits(store, self._tell, self._reload)

    async def load(self) -> None:
        """Live state from the store. Agents whose status was cut off by a crash are made true."""
        await self._reload()
        await self._ready()
        change = self._floor.change((), self._clock.now(), "system", ask_again=self._floor.agents)
        if change.agents:
            await self._carry_out(change)

    async def close(self) -> None:
        """Everything decided so far is stored (or has failed). Before the database is closed."""
        await self._commits.flushed()

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` (it must not block) with every stored change, in order. Returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def wake_on_decision(self, waker: Callable[[], None]) -> Callable[[], None]:
        """Call `waker` when memory changed, before it is stored: for the router, who only decides on it."""
        self._wakers.append(waker)
        return lambda: self._wakers.remove(waker)

    async def recover(self) -> None:
        """After a failed commit: returns once memory was read again. Raises UnavailableError."""
        await self._ready()

    @property
    def healthy(self) -> bool:
        """Memory and store agree; False from a failed commit until memory was read again."""
        return self._commits.healthy

    # reading: memory only

    @property
    def floor(self) -> Floor:
        """The live state, for the router and for reading."""
        return self._floor

    def interaction(self, interaction_id: str) -> Interaction:
        return self._floor.interaction(interaction_id)

    def live(self) -> Sequence[Interaction]:
        return list(self._floor.interactions.values())

    def agents(self) -> Sequence[Agent]:
        return list(self._floor.agents.values())

    def agent(self, agent: str) -> Agent:
        return self._floor.agent(agent)

    def offer_of(self, interaction_id: str) -> Offer | None:
        return self._floor.offers.get(interaction_id)

    async def changed(self, interaction_id: str, after_version: int) -> Interaction:
        """Waits until the stored version is above `after_version`; the closed row is returned too."""
        while True:
            row = self._watch.row(interaction_id) or await self._store.interaction(interaction_id)
            if row is None and interaction_id not in self._floor.interactions:
                raise NotFoundError("There is no such contact.", interaction=interaction_id)
            if row is not None and row.version > after_version:
                return row
            await self._watch.next(interaction_id)

    async def entries(self, interaction_id: str) -> Sequence[Entry]:
        """Its ledger so far, from the store. Raises UnavailableError."""
        await self._commits.flushed()
        return await self._store.entries(interaction_id)

    def place(self, interaction_id: str) -> Place:
        row = self.interaction(interaction_id)
        now = self._clock.now()
        mine = order(row, self._queues, now)
        rivals = [
            other
            for other in self._floor.waiting()
            if other.queue == row.queue and other.id != interaction_id
        ]
        position = 1 + sum(order(other, self._queues, now) < mine for other in rivals)
        serving = len(self._serving(row.channel, least_needs(row, self._queues)))
        return Place(position, self._pace.expected_wait_s(row.queue, position, serving))

    def outlook(self, queue: str, channel: str = VOICE) -> Outlook:
        """What a contact with no wishes of its own would meet there now. Raises NotFoundError."""
        if (config := self._queues.get(queue)) is None:
            raise NotFoundError(f"There is no queue called {queue}.", queue=queue)
        first, last = (needs_after(config.requirements, waited_s) for waited_s in (0, float("inf")))
        serving = self._serving(channel, last)
        free = sum(fits(channel, first, agent, self._floor.load(agent.id)) for agent in serving)
        queued = sum(row.queue == queue for row in self._floor.waiting())
        held_out = sum(
            row.queue == queue and row.stage is Stage.OFFERED for row in self._floor.interactions.values()
        )
        wait_s = 0.0 if free else self._pace.expected_wait_s(queue, queued + 1, len(serving))
        return Outlook(queued + held_out, free, wait_s)

    def _serving(self, channel: str, needs: Needs) -> list[Agent]:
        """Who works now and may come to take it, busy or not."""
        return [
            agent
            for agent in self._floor.agents.values()
            if agent.state is AgentState.AVAILABLE
            and agent.capacity.get(channel, 0) > 0
            and is_skilled(needs, agent)
        ]

    # deciding

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Several decisions, stored together where nothing else is awaited between them (decision 0009).

        Inside, each returns once it is made in memory; the world must hear of none before the context is left, which
        waits until all are stored. Raises what the first that could not be stored raised.
        """
        decided = _Together(asyncio.current_task())
        before = _together.set(decided)
        try:
            yield
        finally:
            _together.reset(before)
            outcomes = await asyncio.gather(*decided.stored, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    def _decided(self) -> _Together | None:
        """The `together` of this very task; tasks it starts wait for themselves."""
        decided = _together.get()
        return decided if decided is not None and decided.task is asyncio.current_task() else None

    async def _ready(self) -> None:
        await self._commits.ready()

    async def _make(self, move: Move, actor: str, **more: Any) -> Interaction:
        now = move.entries[-1].at if move.entries else self._clock.now()
        await self._carry_out(self._floor.change([move], now, actor, **more))
        return move.row

    async def _carry_out(self, change: Change) -> None:
        self._floor.apply(change)
        stored = self._commits.submit(change)
        for waker in self._wakers:
            waker()
        if (decided := self._decided()) is not None:
            decided.stored.append(stored)
        else:
            await stored

    async def _restate(self, agent: str, actor: str) -> None:
        change = self._floor.change((), self._clock.now(), actor, ask_again=[agent])
        if change.agents:
            await self._carry_out(change)

    async def _unchanged(self, row: Interaction) -> Interaction:
        if self._decided() is None:
            await self._commits.flushed()
        return row

    def _tell(self, change: Change) -> None:
        self._watch.stored(change.interactions)
        for row in change.interactions:
            self._pace.learn(row)
        for listener in tuple(self._listeners):
            listener(change)
        self._news.publish(change)

    async def _reload(self) -> None:
        live = await self._store.load_live()
        self._floor = Floor(live).keeping(self._floor)
        self._watch.forget_closed()
        self._watch.stored(live.interactions)

    # looking

    async def _any(self, interaction_id: str) -> Interaction:
        """Live, or closed in the store."""
        if (row := self._floor.interactions.get(interaction_id)) is not None:
            return row
        await self._commits.flushed()
        row = self._watch.row(interaction_id) or await self._store.interaction(interaction_id)
        if row is None:
            raise NotFoundError("There is no such contact.", interaction=interaction_id)
        return self._floor.interactions.get(interaction_id, row)

    async def _already_open(
        self, interaction_id: str | None, node: str, external_id: str
    ) -> Interaction | None:
        """By memory, then by the store. With the store away, memory decides: a second opening is refused later."""
        if interaction_id is not None and (row := self._floor.interactions.get(interaction_id)):
            return row
        if external_id and (row := self._floor.by_external_id(node, external_id)):
            return row
        try:
            if interaction_id is not None and (row := await self._store.interaction(interaction_id)):
                return row
            return await self._store.by_external_id(node, external_id) if external_id else None
        except UnavailableError:
            return None

    def _standing(self, offer_id: str) -> tuple[Interaction | None, Offer | None]:
        interaction_id = offer_id.rpartition(".o")[0]
        row, offer = self._floor.interactions.get(interaction_id), self.offer_of(interaction_id)
        return row, offer if offer is not None and offer.id == offer_id else None

    @staticmethod
    def _made(move: Move) -> Offer:
        if move.offer is None:
            raise StageError("No offer was made.", interaction=move.row.id)
        return move.offer

    def _owned(self, interaction_id: str, agent: str, stage: Stage) -> Interaction:
        row = self.interaction(interaction_id)
        if row.stage is not stage:
            raise StageError(
                f"The contact is in stage {row.stage}, not {stage}.",
                interaction=interaction_id,
                stage=row.stage,
            )
        if row.agent != agent:
            raise NotAllowedError("This contact belongs to another agent.", interaction=interaction_id)
        return row

    def _require_free(self, agent: str, channel: str, beside: str = "") -> None:
        """A call beside other work is one too many, and so is work above capacity (at least one)."""
        person = self.agent(agent)
        others = [
            row for row in (*self._floor.held_by(agent), *self._floor.guest_of(agent)) if row.id != beside
        ]
        full = sum(row.channel == channel for row in others) >= max(1, person.capacity.get(channel, 0))
        if full or (others and VOICE in {channel, *(row.channel for row in others)}):
            raise NotAllowedError(f"{agent} is busy with another contact.", agent=agent)
