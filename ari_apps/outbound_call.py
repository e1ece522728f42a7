"""Calls that begin with an agent: dialled in the panel (`Telephone.dial`) or on the agent's own SIP phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from ari_apps import farewell, inbound
from ari_apps.call import Call
from ari_apps.legs import Leg
from ari_apps.phones import SIP_SUFFIX
from ari_apps.recovery import EarlySignals
from ari_apps.words import why_not
from voice_core.errors import CentralitaError
from voice_core.interaction import Direction

if TYPE_CHECKING:
    from ari_apps.switchboard import Switchboard

log = structlog.get_logger(__name__)


async def run(call: Call) -> None:
    """Who is being called, then the call's life."""
    await inbound.identify(call)
    await inbound.live(call)


async def dialled_on_phone(board: Switchboard, early: EarlySignals, number: str, endpoint: str) -> None:
    """An agent's phone dialled `number`: checked as in the panel, and a contact like any other."""
    exchange = board.exchange
    agent = endpoint.removesuffix(SIP_SUFFIX)
    try:
        dialled = await exchange.lines.require(number, agent)
        contact = await exchange.desk.open(
            channel="voice",
            direction=Direction.OUTBOUND,
            from_address=exchange.plan.outbound.caller_id,
            to_address=dialled,
            node=exchange.plan.node,
            language=exchange.plan.default_language,
            agent=agent,
        )
    except CentralitaError as error:
        log.info("dialling_refused", agent=agent, reason=error.code)
        early.drop()
        await farewell.part(exchange, early.channel_id, why_not(error), exchange.plan.default_language)
        return
    call = Call(exchange, contact, dialling=True)
    call.agent = call.adopt(Leg(exchange.ari.channel(early.channel_id), user=agent))
    early.hand_over(call)
    board.start(call, run(call))
