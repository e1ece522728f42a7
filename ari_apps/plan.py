"""What the telephone is told about the centre: numbers, queues, where it may dial. Fixed while running."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ari_apps.caps import Caps
from ari_apps.legs import node_of
from voice_core.errors import InvalidInputError, NotAllowedError
from voice_core.queue import QueueConfig

_DIALLABLE = re.compile(r"\+?[0-9]{2,20}")
_SEPARATORS = re.compile(r"[ ().\-]")


class DestinationError(NotAllowedError):
    """No prefix allows it."""

    code = "destination_not_allowed"


@dataclass(frozen=True, slots=True)
class OutboundRules:
    """Where the centre may dial (fault 26): nothing goes out that no prefix allows, nor past the caps."""

    trunk: str = ""  # PJSIP endpoint; "" = no way out
    allowed_prefixes: tuple[str, ...] = ()  # leading digits, with or without "+"; "" would allow everything
    caller_id: str = ""  # the number shown to those we call
    ring_timeout_s: float = 45.0
    caps: Caps = field(default_factory=Caps)

    def check(self, number: str) -> str:
        """The number as it may be dialled. Raises InvalidInputError, NotAllowedError."""
        bare = _SEPARATORS.sub("", number)
        if not _DIALLABLE.fullmatch(bare):
            raise InvalidInputError("This is not a telephone number.", number=number[:32])
        if not self.trunk:
            raise NotAllowedError("This centre has no trunk for outgoing calls.")
        if not any(prefix and bare.startswith(prefix) for prefix in self.allowed_prefixes):
            raise DestinationError("Calls to this number are not allowed here.", number=bare)
        return bare

    def allows(self, number: str) -> bool:
        try:
            self.check(number)
        except (InvalidInputError, NotAllowedError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class TelephonePlan:
    numbers: Mapping[str, str]  # DID → flow
    queues: Mapping[str, QueueConfig]
    outbound: OutboundRules = field(default_factory=OutboundRules)
    default_language: str = "es"
    node: str = "asterisk-1"  # which Asterisk this is, in `Interaction.node`
    nodes: tuple[str, ...] = ()  # all of them, the first one first; empty where there is one
    app: str = "centralita"  # the Stasis application
    auto_answer: Mapping[str, str] = field(
        default_factory=lambda: {"PJSIP_HEADER(add,X-Centralita-Auto-Answer)": "yes"}
    )

    @property
    def is_alone(self) -> bool:
        """There is no other node."""
        return len(self.nodes) < 2

    @property
    def mark(self) -> str:
        """The node as it is in names; "" for the first."""
        return "" if self.is_alone or self.node == self.nodes[0] else self.node

    def carries(self, node: str) -> bool:
        """Whether contacts of that node are this one's; those of a node that is no more are the first one's."""
        return node == self.node or (not self.mark and node not in self.nodes)

    def owns(self, channel_id: str) -> bool:
        """Whether a channel of that name is (or would be) this node's."""
        return self.carries(node_of(channel_id) or (self.nodes[0] if self.nodes else self.node))

    def queue(self, name: str | None) -> QueueConfig:
        """The queue's configuration; a plain one when the name is unknown (it was removed meanwhile)."""
        return self.queues.get(name or "") or QueueConfig(name=name or "")
