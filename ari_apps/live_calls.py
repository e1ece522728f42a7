"""The telephone as supervisors' listening needs it: which channels talk, a leg of one's own, taking over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ari_apps import commands
from ari_apps.ari import AriClient
from ari_apps.call import Call
from ari_apps.legs import head_of, interaction_of
from ari_apps.nodes import Nodes
from ari_apps.signals import LegEntered, LegGone, Signal
from ari_apps.telephone import ask
from voice_core.errors import NotFoundError, UnavailableError
from voice_core.interaction import Stage


class ExpectedLeg:
    """A channel somebody asked for: it enters, and one day it is gone."""

    def __init__(self) -> None:
        self._entered = asyncio.Event()
        self._gone = asyncio.Event()
        self.why: LegGone | None = None

    def heard(self, signal: Signal) -> None:
        match signal:
            case LegEntered():
                self._entered.set()
            case LegGone():
                self.why = signal
                self._gone.set()
                self._entered.set()

    async def entered(self) -> None:
        """Wait until it is in our hands. Raises UnavailableError when it ends instead."""
        await self._entered.wait()
        if self._gone.is_set():
            raise UnavailableError("The phone did not answer.", cause=self.why.cause if self.why else 0)

    async def gone(self) -> None:
        await self._gone.wait()


class LiveCalls:
    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    def ari(self, interaction_id: str) -> AriClient:
        """Of the Asterisk that carries it."""
        return self._nodes.living(interaction_id).exchange.ari

    def head(self, interaction_id: str) -> str:
        """What the names of its channels and bridges begin with."""
        return head_of(interaction_id, self._nodes.living(interaction_id).exchange.plan.mark)

    def bridge_id(self, interaction_id: str) -> str:
        """The conversation's bridge. Raises NotFoundError when nobody is talking."""
        call = self._call(interaction_id)
        if call is None or call.stage is not Stage.TALKING or call.agent is None:
            raise NotFoundError("Nobody is talking in this call.", interaction=interaction_id)
        return call.room_id

    def agent_channel(self, interaction_id: str) -> str:
        call = self._call(interaction_id)
        if call is None or call.agent is None:
            raise NotFoundError("No agent is in this call.", interaction=interaction_id)
        return call.agent.id

    def customer_channel(self, interaction_id: str) -> str:
        call = self._call(interaction_id)
        if call is None or call.customer is None:
            raise NotFoundError("No customer is in this call.", interaction=interaction_id)
        return call.customer.id

    @asynccontextmanager
    async def expect(self, channel_id: str) -> AsyncIterator[ExpectedLeg]:
        """Claim the events of a channel about to be created, until the context closes."""
        leg = ExpectedLeg()
        routes = self._nodes.living(interaction_of(channel_id) or "").exchange.routes
        routes.claim(channel_id, leg.heard)
        try:
            yield leg
        finally:
            if routes.owner(channel_id) == leg.heard:  # a call may have taken it over meanwhile
                routes.release(channel_id)

    def phones(self, interaction_id: str, user: str) -> list[str]:
        """How the user's registered phones are dialled from where this contact is, the browser's first."""
        phones = self._nodes.living(interaction_id).exchange.phones
        return [phones.dial(endpoint) for endpoint in phones.online(user)]

    async def ended(self, interaction_id: str) -> None:
        """Wait until the conversation is over."""
        call = self._call(interaction_id)
        if call is not None:
            await call.conversation_over.wait()

    async def take_over(self, interaction_id: str, supervisor: str, channel_id: str) -> None:
        """The supervisor's leg, in Stasis already, takes the agent's place; the agent's is hung up."""
        self.bridge_id(interaction_id)
        call = self._call(interaction_id)
        if call is None:
            raise NotFoundError("This call has ended.", interaction=interaction_id)
        await ask(call, commands.TakeOver(supervisor, channel_id))

    def _call(self, interaction_id: str) -> Call | None:
        return self._nodes.living(interaction_id).call(interaction_id)
