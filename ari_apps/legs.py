"""The legs of a call, and the names we give them."""

from __future__ import annotations

from dataclasses import dataclass

from ari_apps.ari.channel import Channel
from ari_apps.phones import SIP_SUFFIX
from voice_core.interaction import Offer


@dataclass(slots=True)
class Leg:
    """One channel of a call. `user` is set when a person of the house is on it."""

    channel: Channel
    user: str = ""
    ringing: bool = False

    @property
    def id(self) -> str:
        return self.channel.id


def offer_leg_id(offer: Offer, endpoint: str, again: int = 0) -> str:
    """`<interaction>.<agent>.o<n>`, with `-sip` for the agent's SIP phone, `.a<n>` once rung again."""
    number = offer.id.rsplit(".", 1)[-1]
    repeated = f".a{again}" if again else ""
    return f"{offer.interaction_id}.{offer.agent}.{number}{_suffix(offer.agent, endpoint)}{repeated}"


def own_leg_id(interaction_id: str, agent: str, endpoint: str, attempt: str) -> str:
    """The leg of an agent we ring without an offer: dialling out, or after a page reload."""
    return f"{interaction_id}.{agent}.r{attempt}{_suffix(agent, endpoint)}"


def consult_leg_id(interaction_id: str, number: int, endpoint: str) -> str:
    """`<interaction>.consult.<n>.<endpoint>`: tells whom it rings."""
    return f"{consult_bridge_id(interaction_id, number)}.{endpoint}"


def customer_leg_id(interaction_id: str) -> str:
    return f"{interaction_id}.customer"


def outside_leg_id(interaction_id: str, number: int) -> str:
    return f"{interaction_id}.out.{number}"


def third_party_of(channel_id: str) -> tuple[int, str] | None:
    """The consultation's number and the colleague asked, "" for an outside number; None for any other leg."""
    match channel_id.split("."):
        case [_, "consult", number, endpoint] if number.isdecimal():
            return int(number), endpoint.removesuffix(SIP_SUFFIX)
        case [_, "out", number] if number.isdecimal():
            return int(number), ""
        case _:
            return None


def is_outside_line(channel_id: str) -> bool:
    """Whether this leg occupies a line we dialled out on."""
    third = third_party_of(channel_id)
    return channel_id.endswith(".customer") or (third is not None and not third[1])


def talk_bridge_id(interaction_id: str) -> str:
    return f"{interaction_id}.talk"


def consult_bridge_id(interaction_id: str, number: int) -> str:
    return f"{interaction_id}.consult.{number}"


def queue_bridge_id(queue: str) -> str:
    return f"queue.{queue}"


def interaction_of(channel_or_bridge_id: str) -> str | None:
    """The interaction a name of ours belongs to; None for Asterisk's own ids and the queues' rooms."""
    head, dot, _ = channel_or_bridge_id.partition(".")
    is_ulid = len(head) == 26 and head.isalnum()
    return head if dot and is_ulid else None


def is_browser_leg(channel_id: str) -> bool:
    """A leg we dialled to a person's page; a phone that dialled has Asterisk's own id."""
    return interaction_of(channel_id) is not None and not channel_id.endswith(SIP_SUFFIX)


def _suffix(agent: str, endpoint: str) -> str:
    return endpoint.removeprefix(agent)
