"""What becomes known of a call after it was recorded, noted on its recordings too."""

from __future__ import annotations

from sqlalchemy import Connection

from recorder.description import describe_all
from voice_core.interaction import Interaction
from voice_core.ledger import Kind
from voice_core.store.reactions import Reaction

RECORDED = ("voice", "task")  # calls, and messages left by callers


def _describe(connection: Connection, contact: Interaction) -> None:
    if contact.channel in RECORDED:
        describe_all(connection, contact)


DESCRIBE = Reaction("describe_recordings", Kind.CLOSED, _describe)
