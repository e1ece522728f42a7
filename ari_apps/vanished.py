"""An agent's page that is gone without a word: a browser that crashed or was killed sends no BYE.

Its socket for SIP ends with it, but also when only the page is loaded anew, or the socket alone broke while sound goes on.
What tells them apart is the sound: a page that is there always sends, muted too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from ari_apps.ari import AriClient, AriError
from ari_apps.call import Call, absorbed
from ari_apps.legs import NO_MEDIA, Leg, is_browser_leg

if TYPE_CHECKING:
    from ari_apps.switchboard import Switchboard

SILENT_S = 2.0
"""Not one packet for so long, and no socket: nobody is there."""

LOOK_EVERY_S = 0.5

BACK_WITHIN_S = 4.0
"""A page that is loaded anew while it rings has its telephone again by then."""

log = structlog.get_logger(__name__)


async def page_left(board: Switchboard, agent: str) -> None:
    """The last socket of this agent's pages ended: what rang or talked there is looked at.

    Not beside a consultation: who hangs up then hands the customer over, so Asterisk's own, longer patience decides.
    """
    async with asyncio.TaskGroup() as looks:
        looks.create_task(_rings_nowhere(board, agent))
        for call in board.calls():
            leg = call.agent
            if leg is not None and leg.user == agent and is_browser_leg(leg.id):
                looks.create_task(_end_if_silent(board.exchange.ari, call, leg))


async def _rings_nowhere(board: Switchboard, agent: str) -> None:
    await asyncio.sleep(BACK_WITHIN_S)
    if not board.exchange.phones.has_page(agent):
        await board.presenter.page_gone(agent)


async def _end_if_silent(ari: AriClient, call: Call, leg: Leg) -> None:
    """Ends the leg once nothing came for SILENT_S; leaves it alone when something does, or it ends by itself."""
    loop = asyncio.get_running_loop()
    until, before = loop.time() + SILENT_S, await _received(ari, leg)
    while before is not None and loop.time() < until:
        await asyncio.sleep(LOOK_EVERY_S)
        now = await _received(ari, leg)
        if now != before:
            return
    if before is not None and call.agent is leg and call.consult is None:
        log.warning("page_gone_while_talking", interaction=call.id, agent=leg.user)
        await absorbed(leg.channel.hangup(NO_MEDIA))


async def _received(ari: AriClient, leg: Leg) -> int | None:
    """Packets from there so far; None when the leg is no more."""
    try:
        return (await ari.channels.rtpstatistics(leg.id)).rxcount
    except AriError:
        return None
