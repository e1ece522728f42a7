"""One Asterisk of several that is away, dead, back: the others go on (decision 0017)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import structlog

from ari_apps import adoption, recovery
from ari_apps.arrival import until_booted
from ari_apps.call import absorbed
from ari_apps.legs import NO_MEDIA
from voice_core.errors import CentralitaError
from voice_core.interaction import EndReason, Interaction
from voice_core.ports import Change, Notice

if TYPE_CHECKING:
    from ari_apps.switchboard import Switchboard

DEAD_AFTER_S = 3.0
"""Nobody has listened where this Asterisk did for so long: it is dead. A cut alone is not that (fault 3)."""

SILENT_FOR_S = 50.0
"""One that neither answers nor refuses is given up then: just before its calls would give up by themselves."""

LOOK_EVERY_S = 0.1

log = structlog.get_logger(__name__)


async def until_there(board: Switchboard) -> None:
    """At the start; what is still recorded as its calls is lost when it stays away."""
    log.error("asterisk_does_not_answer", node=board.exchange.plan.node)
    begins(board)
    await until_booted(board.exchange.ari)


def begins(board: Switchboard) -> None:
    if not board.exchange.plan.is_alone:
        board.settled.set()
        _alarm(board, "node_away")
        board.spawn(_watch(board))


def over(board: Switchboard) -> None:
    if not board.exchange.plan.is_alone:
        log.info("node_back", node=board.exchange.plan.node)
        _alarm(board, "node_back")
        board.spawn(board.on_back())


async def break_legs_through(board: Switchboard, node: str) -> None:
    """Our legs to phones at that node hear nobody any more: lines that broke."""
    if not board.connected:
        return
    for channel in await board.exchange.ari.channels.list():
        if channel.name.startswith(f"PJSIP/node-{node}-"):
            await absorbed(board.exchange.ari.channel(channel.id).hangup(NO_MEDIA))


async def _watch(board: Switchboard) -> None:
    """Its calls wait for it, but not for ever, and not when it is dead."""
    ari, now = board.exchange.ari, asyncio.get_running_loop().time
    began = heard = now()
    while not ari.connected:
        heard = heard if ari.refused else now()
        if now() - heard >= DEAD_AFTER_S or now() - began >= SILENT_FOR_S:
            log.error("node_lost", node=board.exchange.plan.node, calls_lost=len(board.calls()))
            _alarm(board, "node_lost")
            board.spawn(board.on_lost())
            await _give_up(board)
            return
        await asyncio.sleep(LOOK_EVERY_S)


def _alarm(board: Switchboard, code: str) -> None:
    """To supervisors."""
    notice = Notice(code, data={"node": board.exchange.plan.node})
    board.exchange.news.publish(Change(notices=(notice,)))


async def _give_up(board: Switchboard) -> None:
    """Its Asterisk is dead: contacts end with the reason, whoever lived them is told, phones are offline.

    Who waits for a callback waits on: nobody of it was on the line.
    """
    desk, routes = board.exchange.desk, board.exchange.routes
    legs = routes.claimed()  # of now: it may come back while the ends are being written
    board.exchange.phones.all_gone()
    async with asyncio.TaskGroup() as ends:
        for row in recovery.on_the_line(board):
            offer = desk.offer_of(row.id)
            if not adoption.waits_for_callback(row):
                ends.create_task(_lost(board, row))
            elif offer is not None:
                ends.create_task(_recorded(desk.decline(offer.id, "away")))
    for leg in legs:
        routes.gone(leg)


async def _lost(board: Switchboard, row: Interaction) -> None:
    await _recorded(board.exchange.desk.end(row.id, EndReason.LOST, actor="system", detail=adoption.DIED))
    call = board.call(row.id)
    if call is not None:
        call.lost = True
        call.given_up.set()


async def _recorded(change: Coroutine[Any, Any, object]) -> None:
    try:
        await change
    except CentralitaError as error:  # it is compared with again, once its Asterisk is back
        log.warning("end_not_recorded", error=str(error))
