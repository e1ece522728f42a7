"""What lives in Asterisk against what we believe: after a start, a cut, and whenever asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from ari_apps import adoption
from ari_apps.ari import AriClient, AriError, NotFound, Snapshot
from ari_apps.call import Call, absorbed
from ari_apps.legs import interaction_of, queue_bridge_id
from ari_apps.living import Living
from ari_apps.routes import Routes
from ari_apps.signals import Signal
from voice_core.interaction import Interaction, Stage

if TYPE_CHECKING:
    from ari_apps.switchboard import Switchboard

LET_GO_LIMIT_S = 3.0
LET_GO_LOOK_S = 0.05

UNLIVED_AFTER = timedelta(seconds=5)
"""A contact that moved less long ago may be in somebody's hands who has not come to its call yet."""

LIVE = (Stage.FLOW, Stage.QUEUED, Stage.OFFERED, Stage.TALKING)

log = structlog.get_logger(__name__)


class EarlySignals:
    """Keeps what happens to a channel while its contact is being opened."""

    def __init__(self, routes: Routes, channel_id: str) -> None:
        self._routes = routes
        self.channel_id = channel_id
        self._kept: list[Signal] = []
        routes.claim(channel_id, self._kept.append)

    def hand_over(self, call: Call) -> None:
        """The call has claimed the channel; it is told what it missed, in order."""
        for signal in self._kept:
            call.deliver(signal)

    def drop(self) -> None:
        self._routes.release(self.channel_id)


async def take_up(board: Switchboard, *, lost: bool) -> None:
    """At the start: contacts of before are lived on or ended, and legs nobody owns are ended.

    `lost`: this is another Asterisk than the one that carried them.
    """
    snapshot = await board.exchange.ari.snapshot()
    await _compare_lines(board, snapshot, board.exchange.clock.now())
    await _bring_up(board, snapshot, _unlived(board), lost=lost)


async def compare(board: Switchboard, *, lost: bool = False) -> None:
    """While we run: tell calls of legs that left unseen, live contacts nobody lives, end legs nobody owns."""
    # before the snapshot: what is asked for meanwhile is not in it yet
    just_now = board.exchange.clock.now() - UNLIVED_AFTER
    owned, unlived = _owned_channels(board), [row for row in _unlived(board) if row.stage_since <= just_now]
    try:
        snapshot = await board.exchange.ari.snapshot()
    except AriError as error:
        log.warning("snapshot_failed", error=str(error))
        return
    await _compare_lines(board, snapshot, just_now)
    alive = {channel.id for channel in snapshot.channels}
    for leg_id in owned:
        if leg_id not in alive:
            log.warning("missed_end_told", channel=leg_id)
            board.exchange.routes.gone(leg_id)
    for row in unlived:
        log.error("contact_not_lived", interaction=row.id, stage=row.stage)
    await _bring_up(board, snapshot, unlived, lost=lost)


async def _bring_up(
    board: Switchboard, snapshot: Snapshot, unlived: Sequence[Interaction], *, lost: bool
) -> None:
    living = Living.of(snapshot, board.exchange.plan.mark)
    for row in unlived:
        if board.call(row.id) is None:
            await adoption.contact(board, row, living, lost=lost)
    await adoption.tails(board, living)
    _let_in(board, snapshot)
    await _reap(board, snapshot)


async def _compare_lines(board: Switchboard, snapshot: Snapshot, asked: datetime) -> None:
    """What calls out cost goes on being counted, or ends."""
    alive = {channel.id for channel in snapshot.channels}
    up = {channel.id for channel in snapshot.channels if channel.state == "Up"}
    await board.exchange.lines.compare(alive, up, asked, board.exchange.plan.owns)


def _unlived(board: Switchboard) -> list[Interaction]:
    """Calls at the desk that no task of ours lives; one whose channel is being listened to already is just opened."""
    return [
        row
        for row in on_the_line(board)
        if board.call(row.id) is None and not board.exchange.routes.owned(row.external_id)
    ]


def on_the_line(board: Switchboard) -> list[Interaction]:
    """This Asterisk's calls at the desk."""
    carries = board.exchange.plan.carries
    live = board.exchange.desk.live()
    return [row for row in live if row.channel == "voice" and row.stage in LIVE and carries(row.node)]


async def until_gone(ari: AriClient, channel_id: str) -> None:
    """Wait until Asterisk has let the channel go: what it wrote is whole then. Gives up after a while."""
    deadline = asyncio.get_running_loop().time() + LET_GO_LIMIT_S
    while asyncio.get_running_loop().time() < deadline:
        try:
            await ari.channels.get(channel_id)
        except NotFound:
            break
        except AriError:
            return
        await asyncio.sleep(LET_GO_LOOK_S)
    await asyncio.sleep(LET_GO_LOOK_S)  # MixMonitor's own thread closes the file


def _owned_channels(board: Switchboard) -> list[str]:
    """Legs of live calls; playbacks and recordings are not channels."""
    return board.presenter.ringing_legs() + [leg.id for call in board.calls() for leg in call.legs()]


def _let_in(board: Switchboard, snapshot: Snapshot) -> None:
    """Who came in while nobody listened: their StasisStart is not told again."""
    for channel in snapshot.channels:
        app, _, args = channel.dialplan.app_data.partition(",")
        if channel.dialplan.app_name != "Stasis" or app != board.exchange.plan.app:
            continue
        if interaction_of(channel.id) is None and not board.exchange.routes.owned(channel.id):
            log.info("caller_found", channel=channel.id)
            board.found(channel, args.split(","))


async def _reap(board: Switchboard, snapshot: Snapshot) -> None:
    """Legs under our names that nobody waits for, and bridges whose contact nobody lives."""
    ari, plan = board.exchange.ari, board.exchange.plan
    rooms = {queue_bridge_id(name, plan.mark) for name in plan.queues}
    for channel in snapshot.channels:
        owner = interaction_of(channel.id)
        if owner is not None and not board.exchange.routes.owned(channel.id):
            await absorbed(ari.channel(channel.id).hangup())
    for bridge in snapshot.bridges:
        owner = interaction_of(bridge.id)
        if owner is not None and board.call(owner) is None and bridge.id not in rooms:
            await absorbed(ari.bridge(bridge.id).destroy())
