"""What the domain needs from outside, as protocols. Each has an in-memory twin for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from voice_core.agent import Agent, StatusSpan
from voice_core.interaction import Interaction, Offer
from voice_core.ledger import Entry


@dataclass(frozen=True, slots=True)
class Change:
    """What one decision changes; stored in one transaction, then told to the world."""

    interactions: tuple[Interaction, ...] = ()
    agents: tuple[Agent, ...] = ()
    entries: tuple[Entry, ...] = ()
    spans: tuple[
        StatusSpan, ...
    ] = ()  # a span with `until` closes the open one of the same agent and `since`
    offers: tuple[Offer, ...] = ()  # offers made; the store keeps the last one of each interaction
    notices: tuple[Notice, ...] = ()  # told, not stored


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should see now: an agent paused by the missed-offer rule, an alarm."""

    code: str  # translated by the panel: "agent_paused_missed_offers", "recording_failed" …
    for_role: str = "supervisor"  # who sees it, besides `agent`
    agent: str | None = None
    interaction_id: str | None = None
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Live:
    """Everything not finished, as the store remembers it: what a starting controller begins with."""

    interactions: tuple[Interaction, ...] = ()
    offers: tuple[Offer, ...] = ()
    agents: tuple[Agent, ...] = ()


class Store(Protocol):
    """The ledger's keeper."""

    async def commit(self, *changes: Change) -> None:
        """Store all of them, in order, in one transaction.

        Raises StaleWriteError when a row's version is not the one expected, UnavailableError when the
        database does not answer; in both cases nothing was stored.
        """

    async def load_live(self) -> Live: ...

    async def interaction(self, interaction_id: str) -> Interaction | None: ...

    async def by_external_id(self, node: str, external_id: str) -> Interaction | None: ...

    async def entries(self, interaction_id: str) -> Sequence[Entry]: ...


class Presenter(Protocol):
    """How an offer reaches an agent on one kind of channel. Returns at once; the answer comes as
    `desk.accept(offer.id)` or `desk.decline(offer.id, reason)`."""

    async def present(self, offer: Offer, interaction: Interaction) -> None: ...

    async def withdraw(self, offer: Offer, reason: str) -> None: ...


class News(Protocol):
    """Carries committed changes to whoever watches (panel sockets, reactions). Never blocks."""

    def publish(self, change: Change) -> None: ...
