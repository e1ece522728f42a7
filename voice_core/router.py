"""The one loop: woken by stored changes and deadlines, it gives waiting contacts to free agents.

It never waits for a presenter: each offer is presented by a task of its own, with a time limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from voice_core.clock import Clock
from voice_core.desk import Desk
from voice_core.errors import CentralitaError, UnavailableError
from voice_core.interaction import Interaction, Offer, Stage
from voice_core.ledger import Kind
from voice_core.matcher import Assignment, config_of, match, next_deadline
from voice_core.overflow import Step, Waiting
from voice_core.ports import Change, Presenter
from voice_core.queue import QueueConfig

PRESENT_TIMEOUT_S = 5.0
WITHDRAW_TIMEOUT_S = 5.0
RETRY_S = 1.0  # after the store failed
LONGEST_SLEEP_S = (
    1.0  # a round at least so often: the watchdog's heartbeat, and a guard against clocks that jump
)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _HeldOut:
    """An offer that left through a presenter and is not answered yet."""

    offer: Offer
    channel: str
    presenting: asyncio.Task[None] | None = None


class Router:
    def __init__(
        self,
        desk: Desk,
        queues: Mapping[str, QueueConfig],
        presenters: Mapping[str, Presenter],
        clock: Clock,
        *,
        present_timeout_s: float = PRESENT_TIMEOUT_S,
    ) -> None:
        self._desk = desk
        self._queues = queues
        self._presenters = presenters
        self._clock = clock
        self._present_timeout_s = present_timeout_s
        self._wake = asyncio.Event()
        self._held_out: dict[str, _HeldOut] = {}
        self._withdrawals: list[tuple[_HeldOut, str]] = []
        self._group: asyncio.TaskGroup | None = None
        self.last_round: float | None = None  # loop.time() of the last one; None before the first

    async def run(self) -> None:
        """Until cancelled. An error in one round is logged and the next round tries again."""
        self._adopt()
        stop_listening = self._desk.listen(self._on_change)
        stop_waking = self._desk.wake_on_decision(self._wake.set)
        try:
            async with asyncio.TaskGroup() as self._group:
                while True:
                    self._wake.clear()
                    await self._sleep(await self._guarded_round())
        finally:
            stop_listening()
            stop_waking()
            self._group = None

    def wake(self) -> None:
        """Look again now (time was moved, in tests and simulations)."""
        self._wake.set()

    # one round

    async def _guarded_round(self) -> datetime | None:
        try:
            return await self._round()
        except Exception:
            log.exception("router_round_failed")
            await asyncio.sleep(RETRY_S)
            return self._clock.now()

    async def _round(self) -> datetime | None:
        """Everything due is started; returns the next moment at which something will be."""
        self.last_round = asyncio.get_running_loop().time()
        for held_out, reason in self._take_withdrawals():
            self._start(self._withdraw(held_out, reason))
        if not self._desk.healthy:
            self._start(self._desk.recover())
            return None
        now = self._clock.now()
        deadlines = [self._expire_offers(now), self._end_wrap_ups(now)]
        await asyncio.sleep(0)  # those decisions are made in memory now, before the next look
        floor = self._desk.floor
        look = Waiting(floor.waiting(), floor.agents.values(), self._queues, now)
        for step in look.steps:
            self._start(self._move_on(step))
        await asyncio.sleep(0)
        floor = self._desk.floor
        waiting = floor.waiting()
        assignments = match(waiting, floor.agents.values(), floor.loads(), self._queues, now, floor.resting)
        for assignment in assignments:
            self._start(self._hold_out(assignment))
        if assignments:
            await asyncio.sleep(0)
        rests = [until for until in floor.resting.values() if until > now] if waiting else []
        deadlines += [look.next_at, next_deadline(waiting, self._queues, now), *rests]
        return min((moment for moment in deadlines if moment is not None), default=None)

    def _expire_offers(self, now: datetime) -> datetime | None:
        offers = tuple(self._desk.floor.offers.values())
        for offer in offers:
            if offer.expires_at <= now:
                self._start(self._desk.decline(offer.id, "no_answer"))
        return min((offer.expires_at for offer in offers if offer.expires_at > now), default=None)

    def _end_wrap_ups(self, now: datetime) -> datetime | None:
        rows = [row for row in self._desk.live() if row.stage is Stage.WRAP_UP and row.wrap_up_until]
        for row in rows:
            if row.wrap_up_until and row.wrap_up_until <= now:
                self._start(self._desk.end_wrap_up(row.id))
        return min(
            (row.wrap_up_until for row in rows if row.wrap_up_until and row.wrap_up_until > now), default=None
        )

    async def _move_on(self, step: Step) -> None:
        if step.overflow is None:
            await self._desk.open_to_all(step.interaction_id, step.reason)
        elif step.overflow.to_queue is not None:
            await self._desk.enqueue(
                step.interaction_id, step.overflow.to_queue, actor="router", reason=step.reason
            )
        elif step.overflow.to_flow is not None:
            await self._desk.back_to_flow(step.interaction_id, step.overflow.to_flow, "router")

    # offers on their way

    async def _hold_out(self, assignment: Assignment) -> None:
        row = self._desk.interaction(assignment.interaction_id)
        offer = await self._desk.offer(row.id, assignment.agent, config_of(row, self._queues).ring_timeout_s)
        held_out = self._held_out.get(offer.id)
        presenter = self._presenters.get(row.channel)
        if held_out is None or presenter is None:
            return  # answered or taken back before it left; or a channel that lives on the panel alone
        held_out.presenting = asyncio.current_task()
        try:
            async with asyncio.timeout(self._present_timeout_s):
                await presenter.present(offer, self._still(offer, row))
        except Exception as error:  # noqa: BLE001 - a presenter may fail in any way; routing goes on
            log.warning(
                "offer_not_presented",
                interaction=row.id,
                offer=offer.id,
                agent=offer.agent,
                error=repr(error),
            )
            held_out.presenting = None
            await self._desk.decline(offer.id, "failed")
        finally:
            held_out.presenting = None

    async def _withdraw(self, held_out: _HeldOut, reason: str) -> None:
        """Stop the ringing; after its presentation, which has a time limit of its own."""
        presenter = self._presenters.get(held_out.channel)
        if presenter is None:
            return
        if held_out.presenting is not None:
            await asyncio.wait([held_out.presenting])
        try:
            async with asyncio.timeout(WITHDRAW_TIMEOUT_S):
                await presenter.withdraw(held_out.offer, reason)
        except Exception as error:  # noqa: BLE001 - as above
            log.warning(
                "offer_not_withdrawn", offer=held_out.offer.id, agent=held_out.offer.agent, error=repr(error)
            )

    def _still(self, offer: Offer, row: Interaction) -> Interaction:
        return self._desk.floor.interactions.get(offer.interaction_id, row)

    def _adopt(self) -> None:
        """Offers made before a restart: taken back when they expire."""
        for row in self._desk.live():
            if (offer := self._desk.offer_of(row.id)) is not None:
                self._held_out[offer.id] = _HeldOut(offer, row.channel)

    def _on_change(self, change: Change) -> None:
        channels = {row.id: row.channel for row in change.interactions}
        for offer in change.offers:
            self._held_out[offer.id] = _HeldOut(offer, channels.get(offer.interaction_id, ""))
        for entry in change.entries:
            if entry.kind not in (Kind.ACCEPTED, Kind.DECLINED):
                continue
            held_out = self._held_out.pop(str(entry.data.get("offer")), None)
            if held_out is not None and entry.kind is Kind.DECLINED:
                self._withdrawals.append((held_out, str(entry.data.get("reason"))))
        self._wake.set()

    def _take_withdrawals(self) -> Iterable[tuple[_HeldOut, str]]:
        taken, self._withdrawals = self._withdrawals, []
        return taken

    # tasks and time

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        if self._group is None:
            raise RuntimeError("The router is not running.")
        self._group.create_task(self._absorb(work))

    async def _absorb(self, work: Coroutine[Any, Any, Any]) -> None:
        """The world moved on between looking and deciding: normal. A store that fails is tried again."""
        try:
            await work
        except UnavailableError as error:
            log.warning("router_decision_not_stored", error=str(error))
            await asyncio.sleep(RETRY_S)
            self._wake.set()
        except CentralitaError as error:
            log.debug("router_decision_outdated", error=str(error))
        except Exception:
            log.exception("router_task_failed")

    async def _sleep(self, until: datetime | None) -> None:
        """By the loop's own time, never longer than LONGEST_SLEEP_S."""
        seconds = LONGEST_SLEEP_S if until is None else (until - self._clock.now()).total_seconds()
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), LONGEST_SLEEP_S)):
                await self._wake.wait()
        except TimeoutError:
            return
