"""A consultation found after a crash: its three parties stay as they are; what happened unseen is made up for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from ari_apps import conversation, transfer
from ari_apps.call import Call, Consult
from ari_apps.legs import Leg, third_party_of
from ari_apps.living import Living
from ari_apps.signals import LegEntered
from voice_core.errors import CentralitaError
from voice_core.ledger import Entry, Kind

OVER = frozenset(
    {Kind.TRANSFER_FAILED, Kind.TRANSFER_COMPLETED, Kind.CONFERENCED, Kind.TAKEN_OVER, Kind.REQUEUED}
)
"""After one of these, a third party who is not there is not missed."""

log = structlog.get_logger(__name__)


async def find(call: Call, living: Living) -> None:
    """Sets `call.consult` when somebody was being asked; with no legs when they have gone unseen."""
    begun, pending = _told(await _ledger(call))
    number, legs = living.thirds_of(call.interaction)
    call.consults = max((number, *begun))
    number = number or pending
    if not number:
        return
    said = begun.get(number, {})
    colleagues = [third[1] for leg in legs if (third := third_party_of(leg)) is not None]
    target = next(iter(colleagues), "") or str(said.get("to", ""))
    is_agent = any(colleagues) or said.get("kind") == "agent"
    consult = Consult(number, target, "agent" if is_agent else "number", blind=said.get("consulted") is False)
    for leg in legs:
        consult.legs[leg] = call.adopt(Leg(call.exchange.ari.channel(leg), user=target if is_agent else ""))
    call.consult = consult
    call.agent_left = consult.blind and call.agent is None
    _where(call, consult, living)
    if is_agent and legs:
        await _guest(call, consult)


async def go_on(call: Call, consult: Consult) -> None:
    """What nobody was there to do, as the first thing of the call's new life."""
    agent = call.interaction.agent or "system"
    if not consult.legs:
        await transfer.third_gone(call, consult, 0)
    elif call.agent is None and consult.state != "ringing":
        await transfer.complete(call, agent)  # they hung up beside an answered third party
    elif consult.state == "conference":
        await conversation.resume(call, agent)  # cut between the third and the customer


def _where(call: Call, consult: Consult, living: Living) -> None:
    """Ringing, talking or in conference. Who answered unseen is told so."""
    agent = call.agent.id if call.agent is not None else None
    answered = next((leg for leg in consult.legs if living.in_our_hands(leg)), None)
    room = living.consulting(call.id, consult.number)
    if answered is None:
        consult.state = "talking" if not consult.legs and agent in room else "ringing"
    elif answered in living.talking(call.id) and not consult.blind:
        consult.state = "conference"
    elif (agent is None and not consult.blind) or {agent, answered} <= room:
        consult.state = "talking"
    else:
        call.deliver(LegEntered(answered))


async def _guest(call: Call, consult: Consult) -> None:
    """The router gives them nothing else meanwhile, as before."""
    try:
        await call.exchange.desk.join(call.id, consult.target, call.interaction.agent or "system")
    except CentralitaError as error:
        log.warning("guest_not_joined", interaction=call.id, agent=consult.target, error=str(error))


async def _ledger(call: Call) -> Sequence[Entry]:
    try:
        return await call.exchange.desk.entries(call.id)
    except CentralitaError as error:  # the names in Asterisk tell most of it
        log.warning("ledger_not_read", interaction=call.id, error=str(error))
        return ()


def _told(entries: Sequence[Entry]) -> tuple[Mapping[int, Mapping[str, Any]], int]:
    """What was written as each consultation began, by number; and the one still pending, 0 for none."""
    begun: dict[int, Mapping[str, Any]] = {}
    pending = 0
    for entry in entries:
        if entry.kind is Kind.TRANSFER_STARTED and "n" in entry.data:
            pending = int(entry.data["n"])
            begun[pending] = entry.data
        elif entry.kind in OVER:
            pending = 0
    return begun, pending
