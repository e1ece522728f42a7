"""Several Asterisks: which of them carries a contact, rings an agent, serves a page (decision 0017)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ari_apps import absence
from ari_apps.exchange import Exchange
from ari_apps.switchboard import Switchboard
from voice_core.desk import Desk
from voice_core.errors import NotFoundError
from voice_core.interaction import Interaction, Offer
from voice_core.ports import Presenter


class Nodes:
    """Their switchboards, the first node's first. What is asked of no node in particular is asked of the first that is there."""

    def __init__(self, boards: Sequence[Switchboard]) -> None:
        self._boards = tuple(boards)
        if len(boards) > 1:
            for board in boards:
                _introduce(board, [other for other in boards if other is not board])

    def __iter__(self) -> Iterator[Switchboard]:
        return iter(self._boards)

    @property
    def first(self) -> Switchboard:
        """The first that is there; the first of all while none is."""
        return next((board for board in self._boards if board.connected), self._boards[0])

    @property
    def exchange(self) -> Exchange:
        """For what all have in common: the desk, the phones, the lines."""
        return self._boards[0].exchange

    @property
    def connected(self) -> Mapping[str, bool]:
        """Which are there, by name."""
        return {board.exchange.plan.node: board.connected for board in self._boards}

    @property
    def presenter(self) -> Presenter:
        """Rings agents for whichever node's contact."""
        return self._boards[0].presenter if len(self._boards) == 1 else _Presenter(self, self.exchange.desk)

    def of(self, contact: Interaction) -> Switchboard:
        carrying = (board for board in self._boards if board.exchange.plan.carries(contact.node))
        return next(carrying, self._boards[0])

    def living(self, interaction_id: str) -> Switchboard:
        """Where this contact is lived; over for the desk, two people may still talk whom we joined."""
        if len(self._boards) == 1:
            return self._boards[0]
        lives = next((board for board in self._boards if board.call(interaction_id) is not None), None)
        if lives is not None:
            return lives
        try:
            return self.of(self.exchange.desk.interaction(interaction_id))
        except NotFoundError:
            return self._boards[0]

    def nearest(self, endpoint: str) -> Switchboard:
        """Where this phone is registered, so that its calls need no second node."""
        there = (board for board in self._boards if board.connected and board.exchange.phones.has(endpoint))
        return next(there, self.first)


class _Presenter:
    """The Presenter of channel "voice", each offer at its contact's node."""

    def __init__(self, nodes: Nodes, desk: Desk) -> None:
        self._nodes = nodes
        self._desk = desk

    async def present(self, offer: Offer, interaction: Interaction) -> None:
        await self._nodes.of(interaction).presenter.present(offer, interaction)

    async def withdraw(self, offer: Offer, reason: str) -> None:
        for board in self._nodes:  # the contact may be over; elsewhere it is a no-op
            await board.presenter.withdraw(offer, reason)


def _introduce(board: Switchboard, others: Sequence[Switchboard]) -> None:
    node = board.exchange.plan.node

    async def lost() -> None:
        for other in others:
            other.spawn(absence.break_legs_through(other, node))

    board.on_lost = lost
    board.exchange.phones.introduce({other.exchange.plan.node: other.exchange.phones for other in others})
