"""What lives in Asterisk now, read by the names we give: whose leg is it, and where does it stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ari_apps.ari import Snapshot, models
from ari_apps.legs import (
    consult_bridge_id,
    customer_leg_id,
    head_of,
    interaction_of,
    offer_leg_id,
    talk_bridge_id,
    third_party_of,
)
from ari_apps.phones import SIP_SUFFIX
from voice_core.interaction import Interaction, Offer


@dataclass(frozen=True, slots=True)
class Living:
    """A snapshot by name: channels, bridges and who is in them. `node`: as it is in names, "" for the first."""

    channels: Mapping[str, models.Channel]
    rooms: Mapping[str, frozenset[str]]
    node: str = ""

    @classmethod
    def of(cls, snapshot: Snapshot, node: str = "") -> Living:
        return cls(
            {channel.id: channel for channel in snapshot.channels},
            {bridge.id: frozenset(bridge.channels) for bridge in snapshot.bridges},
            node,
        )

    def is_up(self, leg: str) -> bool:
        return leg in self.channels and self.channels[leg].state == "Up"

    def in_our_hands(self, leg: str) -> bool:
        """It has entered our application: only then can it be put into a room."""
        return leg in self.channels and self.channels[leg].dialplan.app_name == "Stasis"

    def talking(self, interaction_id: str) -> frozenset[str]:
        """Who is in the conversation's room."""
        return self.rooms.get(talk_bridge_id(self._head(interaction_id)), frozenset())

    def consulting(self, interaction_id: str, number: int) -> frozenset[str]:
        return self.rooms.get(consult_bridge_id(self._head(interaction_id), number), frozenset())

    def customer_of(self, contact: Interaction) -> str:
        names = (contact.external_id, customer_leg_id(self._head(contact.id)))
        return next((name for name in names if name and name in self.channels), "")

    def agent_of(self, contact: Interaction, customer: str) -> str:
        """Who is on the line already, whatever first brought them there: an offer, a consultation, listening, their
        own desk phone. "" when there is nobody.
        """
        if not contact.agent:
            return ""
        talking = self.talking(contact.id)
        mine = [leg for leg in self.channels if self.in_our_hands(leg) and self._is_agents(contact, leg)]
        mine.sort(key=lambda leg: self.channels[leg].creationtime, reverse=True)
        phone = [leg for leg in self.channels if _dialled_by(self.channels[leg]) == contact.agent]
        strangers = [leg for leg in talking if leg != customer and interaction_of(leg) is None]
        in_room = [leg for leg in mine if leg in talking]
        return next(iter([*in_room, *mine, *phone, *strangers]), "")

    def own_phone_rings(self, contact: Interaction) -> bool:
        """The agent's own phone rings, without an offer: the customer has not been dialled yet."""
        prefix = f"{self._head(contact.id)}.{contact.agent}.r"
        return any(leg.startswith(prefix) and not self.in_our_hands(leg) for leg in self.channels)

    def thirds_of(self, contact: Interaction) -> tuple[int, list[str]]:
        """The newest consultation's number, and its legs: whoever is asked beside customer and agent."""
        found: dict[int, list[str]] = {}
        for leg in self.channels:
            third = third_party_of(leg)
            if third is not None and interaction_of(leg) == contact.id and third[1] != contact.agent:
                found.setdefault(third[0], []).append(leg)
        newest = max(found, default=0)
        return newest, found.get(newest, [])

    def rings_of(self, offer: Offer) -> dict[str, bool]:
        """The offer's legs, and whether each has been answered."""
        name = offer_leg_id(offer, offer.agent, node=self.node)
        legs = (name, name + SIP_SUFFIX)
        return {leg: self.is_up(leg) for leg in legs if leg in self.channels}

    def _head(self, interaction_id: str) -> str:
        return head_of(interaction_id, self.node)

    def _is_agents(self, contact: Interaction, leg: str) -> bool:
        if interaction_of(leg) != contact.id:
            return False
        third = third_party_of(leg)
        if third is not None:
            return third[1] == contact.agent
        head = self._head(contact.id)
        return leg.startswith(f"{head}.{contact.agent}.") or leg == f"{head}.supervisor.{contact.agent}"


def _dialled_by(channel: models.Channel) -> str:
    """The agent whose own phone dialled this, "" for any other channel."""
    match channel.dialplan.app_data.split(","):
        case [_, "agent_dialled", _, endpoint] if channel.dialplan.app_name == "Stasis":
            return endpoint.removesuffix(SIP_SUFFIX)
        case _:
            return ""
