"""What the telephone needs from its neighbours; the composition root joins them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ivr_flows.effects import AskSystem
from ivr_flows.inputs import Answered, NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of whoever has a number. Without id and name: the organisation does not know them."""

    contact_id: str | None = None
    name: str = ""
    last_agent: str | None = None  # who talked with them last, lately; may no longer work here


class Contacts(Protocol):
    """The customers the organisation knows."""

    async def find_by_number(self, number: str) -> Caller: ...


class Recording(Protocol):
    """Whoever keeps the recordings."""

    async def started(self, interaction_id: str, channel_id: str) -> None:
        """The dialplan records this channel for this interaction."""

    async def finished(self, interaction_id: str) -> None:
        """The recorded channel is gone: the file is complete."""

    async def voicemail_left(self, task_id: str, name: str, seconds: int) -> None:
        """`<spool>/recording/<name>.wav` holds a message of so many seconds for this task."""


class Keeping(Protocol):
    """Asterisk's own database, which outlives it. Raises AmiError."""

    async def kept(self, family: str) -> Mapping[str, str]: ...

    async def forget(self, family: str, key: str) -> None: ...


class Connectors(Protocol):
    """The institution's own systems, as flows ask them."""

    async def ask(self, asked: AskSystem, key: str) -> Answered | NotFound | Unavailable:
        """In a bounded time, and without raising. `key`: the same for what is asked again after a crash."""


class NoConnectors:
    """An institution that has described none."""

    async def ask(self, asked: AskSystem, key: str) -> Answered | NotFound | Unavailable:
        return Unavailable("unknown_connector")


class Audit(Protocol):
    """Remembers who was refused which call (fault 26)."""

    async def record(
        self, actor: str, action: str, target: str, data: Mapping[str, Any] | None = None
    ) -> None: ...
