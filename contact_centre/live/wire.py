"""Live messages from the controller to the webs: each under a number, with whom it is for; and a beat.

On the line: `{"at": [epoch, number], "for": {…}}`, a newline, the message as screens get it. A beat has no message.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from pydantic_core import from_json, to_json

from contact_centre.live.joint import Heard, Position
from contact_centre.live.screens import Audience
from contact_centre.shared.outbox import Outbox

KIND = "live"
BEAT_EVERY_S = 1.0


class Wire:
    """Satisfies `feed.Wire`. `epoch`: the lease's token."""

    def __init__(self, outbox: Outbox, epoch: int) -> None:
        self._outbox = outbox
        self.position = Position(epoch, 0)

    def tell(self, audience: Audience, text: bytes) -> None:
        self.tear()
        head = {"at": self.position, "for": {name: each for name, each in asdict(audience).items() if each}}
        self._outbox.put(KIND, to_json(head) + b"\n" + text)

    def tear(self) -> None:
        """A number that nobody will hear."""
        self.position = Position(self.position.epoch, self.position.number + 1)

    async def beat(self) -> None:
        """Until cancelled: the last number, so that the loss of the last message is noticed too."""
        while True:
            self._outbox.put(KIND, to_json({"at": self.position}))
            await asyncio.sleep(BEAT_EVERY_S)


def read(text: bytes) -> tuple[Heard, Audience]:
    """Raises ValueError."""
    head, _, message = text.partition(b"\n")
    said = from_json(head)
    at = Position(*said["at"])
    return Heard(at, message or None, beat=not message), Audience(**said.get("for", {}))
