"""What the recorder needs from its neighbours; the composition root joins them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from ari_apps.ari import AriClient


class MixMonitorControl(Protocol):
    """Mutes the recording of a channel (AMI MixMonitorMute); what is said meanwhile becomes silence."""

    async def mix_monitor_mute(self, channel: str, on: bool) -> None: ...


class Audit(Protocol):
    """Remembers who did what to which recording (fault 35)."""

    async def record(
        self, actor: str, action: str, target: str, data: Mapping[str, Any] | None = None
    ) -> None: ...


class Leg(Protocol):
    """A channel we asked for, seen by whoever asked: it enters Stasis, and one day it is gone."""

    async def entered(self) -> None:
        """Wait until the leg is in Stasis (it was answered). Raises UnavailableError when it ends instead."""

    async def gone(self) -> None:
        """Wait until the leg has left."""


class LiveCalls(Protocol):
    """The telephone, as far as listening needs it."""

    def bridge_id(self, interaction_id: str) -> str:
        """The conversation's bridge. Raises NotFoundError when nobody is talking."""

    def agent_channel(self, interaction_id: str) -> str: ...

    def expect(self, channel_id: str) -> AbstractAsyncContextManager[Leg]:
        """Claim the events of a channel about to be created, until the context closes."""

    def ari(self, interaction_id: str) -> AriClient:
        """Of the Asterisk that carries it."""

    def head(self, interaction_id: str) -> str:
        """What the names of its channels and bridges begin with."""

    def phones(self, interaction_id: str, user: str) -> list[str]:
        """How the user's registered phones are dialled from where this contact is, the browser's first."""

    async def ended(self, interaction_id: str) -> None:
        """Wait until the conversation is over."""

    async def take_over(self, interaction_id: str, supervisor: str, channel_id: str) -> None:
        """Put the supervisor's channel in the agent's place; the agent's leg is hung up."""
