"""What the telephone needs from its neighbours; the composition root joins them."""

from __future__ import annotations

from typing import Protocol


class Contacts(Protocol):
    """The customers the organisation knows."""

    async def find_by_number(self, number: str) -> tuple[str, str] | None:
        """(contact id, name) of whoever calls from `number`."""


class Recording(Protocol):
    """Whoever keeps the recordings."""

    async def started(self, interaction_id: str, channel_id: str) -> None:
        """The dialplan records this channel for this interaction."""

    async def finished(self, interaction_id: str) -> None:
        """The recorded channel is gone: the file is complete."""

    async def voicemail_left(self, task_id: str, name: str, seconds: int) -> None:
        """`<spool>/recording/<name>.wav` holds a message of so many seconds for this task."""
