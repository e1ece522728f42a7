"""The legs of a call, and the names we give them. Every name of ours begins with the contact's and its node's: its head.

The first node's names have no node in them (decision 0017): `<interaction>.…` there, `<interaction>-<node>.…` elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ari_apps.ari.channel import Channel
from ari_apps.phones import SIP_SUFFIX
from voice_core.interaction import Offer

MUTED = "CENTRALITA_MUTED"
"""Set on the leg of an agent who has muted themselves."""

NO_MEDIA = "38"
"""Q.850, network out of order, for a leg that hears nobody any more: `conversation` takes it for a line that broke."""

_LIFE = re.compile("(^|-)[0-9a-f]{8}$")
_ULID = 26  # letters and digits


@dataclass(slots=True)
class Leg:
    """One channel of a call. `user` is set when a person of the house is on it."""

    channel: Channel
    user: str = ""
    ringing: bool = False

    @property
    def id(self) -> str:
        return self.channel.id


def head_of(interaction_id: str, node: str) -> str:
    """What the contact's names begin with; `node` is "" for the first."""
    return f"{interaction_id}-{node}" if node else interaction_id


def offer_leg_id(offer: Offer, endpoint: str, again: int = 0, *, node: str = "") -> str:
    """`<head>.<agent>.o<n>`, with `-sip` for the agent's SIP phone, `.a<n>` once rung again."""
    number = offer.id.rsplit(".", 1)[-1]
    repeated = f".a{again}" if again else ""
    head = head_of(offer.interaction_id, node)
    return f"{head}.{offer.agent}.{number}{_suffix(offer.agent, endpoint)}{repeated}"


def own_leg_id(head: str, agent: str, endpoint: str, attempt: str) -> str:
    """The leg of an agent we ring without an offer: dialling out, or after a page reload."""
    return f"{head}.{agent}.r{attempt}{_suffix(agent, endpoint)}"


def consult_leg_id(head: str, number: int, endpoint: str) -> str:
    """`<head>.consult.<n>.<endpoint>`: tells whom it rings."""
    return f"{consult_bridge_id(head, number)}.{endpoint}"


def customer_leg_id(head: str) -> str:
    return f"{head}.customer"


def outside_leg_id(head: str, number: int) -> str:
    return f"{head}.out.{number}"


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


def talk_bridge_id(head: str) -> str:
    return f"{head}.talk"


def consult_bridge_id(head: str, number: int) -> str:
    return f"{head}.consult.{number}"


def queue_bridge_id(queue: str, node: str = "") -> str:
    return f"queue.{node}.{queue}" if node else f"queue.{queue}"


def interaction_of(channel_or_bridge_id: str) -> str | None:
    """The interaction a name of ours belongs to; None for Asterisk's own ids and the queues' rooms."""
    head, dot, _ = channel_or_bridge_id.partition(".")
    return head[:_ULID] if dot and _is_ours(head) else None


def node_of(channel_id: str) -> str:
    """The node in a channel's or recording's name, "" for the first: in a name of ours, or in Asterisk's own id, which
    its `systemname` begins: the node, and a word for this life of it (`asterisk-2-6d0199db-1764381442.12`).
    """
    head = channel_id.partition(".")[0]
    return head[_ULID + 1 :] if _is_ours(head) else _LIFE.sub("", head.rpartition("-")[0])


def _is_ours(head: str) -> bool:
    return len(head) >= _ULID and head[:_ULID].isalnum() and head[_ULID : _ULID + 1] in ("", "-")


def is_browser_leg(channel_id: str) -> bool:
    """A leg we dialled to a person's page; a phone that dialled has Asterisk's own id."""
    return interaction_of(channel_id) is not None and not channel_id.endswith(SIP_SUFFIX)


def _suffix(agent: str, endpoint: str) -> str:
    return endpoint.removeprefix(agent)
