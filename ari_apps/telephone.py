"""What screens may ask of the telephone. Each answer comes when it is done; each refusal is a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ari_apps import commands, vanished
from ari_apps.call import Call
from ari_apps.commands import Command, Target
from ari_apps.legs import interaction_of
from ari_apps.nodes import Nodes
from ari_apps.phones import Phone
from ari_apps.signals import Asked
from voice_core.agent import AgentStatus
from voice_core.errors import InvalidInputError, NotAllowedError, NotFoundError, StageError, UnavailableError
from voice_core.interaction import Direction, Interaction, Stage

COMMAND_TIMEOUT_S = 10.0
REATTACH_TIMEOUT_S = 20.0
AWAY = "The telephone system does not answer now. Try again in a moment."

__all__ = ["CallView", "ConsultView", "Phone", "Target", "Telephone"]


@dataclass(frozen=True, slots=True)
class ConsultView:
    target: str
    state: Literal["ringing", "talking", "conference"]


@dataclass(frozen=True, slots=True)
class CallView:
    held: bool = False
    muted: bool = False
    consult: ConsultView | None = None
    dialling: bool = False  # the customer's phone (or, before it, the agent's own) is still being rung
    page_lost: bool = (
        False  # the agent's browser is gone, the customer hears music until the next one is there
    )


class Telephone:
    """Every method checks that `agent` owns the call (NotAllowedError), and its stage (StageError)."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._exchange = nodes.exchange

    @property
    def connected(self) -> bool:
        """An Asterisk is there; commands raise UnavailableError while none is, or not the call's."""
        return any(board.connected for board in self._nodes)

    @property
    def nodes(self) -> Mapping[str, bool]:
        """The Asterisks, and whether each is there."""
        return self._nodes.connected

    @property
    def node(self) -> str:
        """Where a page's telephone is best registered now."""
        return self._nodes.first.exchange.plan.node

    @property
    def reconnects(self) -> int:
        """How often the line to Asterisk was cut and came back, since the start."""
        return sum(board.exchange.ari.reconnects for board in self._nodes)

    def phones(self, agent: str) -> list[Phone]:
        return self._exchange.phones.of(agent)

    def view(self, id: str) -> CallView:
        call = self._nodes.living(id).call(id)
        if call is None:
            return CallView()
        consult = call.consult
        shown = ConsultView(consult.target, consult.state) if consult is not None else None
        return CallView(call.held, call.muted, shown, call.dialling, call.page_lost)

    def page_came(self, agent: str) -> None:
        """A page of the agent's has a telephone."""
        self._exchange.phones.page_came(agent)

    def page_left(self, agent: str) -> None:
        """It is closed, loaded anew, or dead: found out beside."""
        self._exchange.phones.page_left(agent)
        if not self._exchange.phones.has_page(agent):
            for board in self._nodes:
                board.spawn(vanished.page_left(board, agent))

    async def hold(self, id: str, agent: str) -> None:
        await self._ask(id, commands.Hold(agent))

    async def resume(self, id: str, agent: str) -> None:
        await self._ask(id, commands.Resume(agent))

    async def mute(self, id: str, agent: str, on: bool) -> None:
        await self._ask(id, commands.Mute(agent, on))

    async def send_digits(self, id: str, agent: str, digits: str) -> None:
        await self._ask(id, commands.SendDigits(agent, digits))

    async def hang_up(self, id: str, agent: str) -> None:
        await self._ask(id, commands.HangUp(agent))

    async def transfer(self, id: str, agent: str, target: Target) -> None:
        """Blind."""
        await self._ask(id, commands.Transfer(agent, target))

    async def consult(self, id: str, agent: str, target: Target) -> None:
        await self._ask(id, commands.StartConsult(agent, target))

    async def complete_consult(self, id: str, agent: str) -> None:
        await self._ask(id, commands.CompleteConsult(agent))

    async def cancel_consult(self, id: str, agent: str) -> None:
        await self._ask(id, commands.CancelConsult(agent))

    async def conference(self, id: str, agent: str) -> None:
        await self._ask(id, commands.Conference(agent))

    async def reattach(self, id: str, agent: str) -> None:
        await self._ask(id, commands.Reattach(agent), REATTACH_TIMEOUT_S)

    async def ring_again(self, offer_id: str, agent: str) -> None:
        """The agent's page was loaded anew while it rang. Raises OfferGoneError, UnavailableError."""
        self._require_connected()
        await self._nodes.living(interaction_of(offer_id) or "").presenter.ring_again(offer_id, agent)

    async def dial(self, agent: str, number: str, device: str | None = None) -> Interaction:
        """Ring the agent's own phone (`device`: only that endpoint), then the customer. Returns at once."""
        self._require_connected()
        dialled = await self._exchange.lines.require(number, agent)
        person = self._exchange.desk.agent(agent)
        if person.status not in (AgentStatus.AVAILABLE, AgentStatus.PAUSED, AgentStatus.WRAP_UP):
            raise StageError("Go available or pause first; you cannot dial while busy or signed out.")
        online = self._exchange.phones.online(agent)
        if not online:  # before it is refused, Asterisk is asked: the news of a phone may be on its way
            for board in self._nodes:
                if board.connected:
                    await board.watch_agent(agent)
            online = self._exchange.phones.online(agent)
        if not online or (device is not None and device not in online):
            raise UnavailableError("Your phone is not connected.", agent=agent)
        board = self._nodes.nearest(device or online[0])
        contact = await self._exchange.desk.open(
            channel="voice",
            direction=Direction.OUTBOUND,
            from_address=self._exchange.plan.outbound.caller_id,
            to_address=dialled,
            node=board.exchange.plan.node,
            language=self._exchange.plan.default_language,
            agent=agent,
            data={"device": device} if device else None,
        )
        board.dial(contact)
        return contact

    async def _ask(self, id: str, command: Command, timeout_s: float = COMMAND_TIMEOUT_S) -> None:
        self._require_connected()
        call = self._owned(id, command.agent)
        if not call.exchange.connected.is_set():
            raise UnavailableError(AWAY)
        await ask(call, command, timeout_s)

    def _owned(self, id: str, agent: str) -> Call:
        contact = self._exchange.desk.interaction(id)
        if contact.agent != agent:
            raise NotAllowedError("This call belongs to another agent.", interaction=id)
        if contact.stage is not Stage.TALKING:
            raise StageError(
                "There is no conversation to do this in.", interaction=id, stage=contact.stage.value
            )
        if contact.channel != "voice":
            raise InvalidInputError("This contact is not a call.", interaction=id)
        call = self._nodes.living(id).call(id)
        if call is None:
            raise NotFoundError("This call has ended.", interaction=id)
        return call

    def _require_connected(self) -> None:
        if not self.connected:
            raise UnavailableError(AWAY)


async def ask(call: Call, command: Command, timeout_s: float = COMMAND_TIMEOUT_S) -> None:
    """Into the call's inbox, and wait for its word. Raises what the call refuses with, UnavailableError."""
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    call.deliver(Asked(command, answer))
    try:
        async with asyncio.timeout(timeout_s):
            await answer
    except TimeoutError as error:
        raise UnavailableError("The telephone did not do this in time.", interaction=call.id) from error
