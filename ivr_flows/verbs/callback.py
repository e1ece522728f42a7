"""callback: the customer goes and keeps the place; when their turn comes, an agent's phone dials them."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from ivr_flows.effects import Enqueue
from ivr_flows.errors import ExpressionError
from ivr_flows.pieces import QueueName
from ivr_flows.templates import Template
from ivr_flows.verbs.base import Frame, Move, Wait
from ivr_flows.verbs.queue import Queue
from ivr_flows.verbs.transfer import dialled

_CALLER = Template("{{ caller }}")


class Callback(Queue):
    """As `queue`. `number`: whom to call, the caller unless given; one that is none goes on as `failed`."""

    verb = "callback"
    short = "queue"

    name: QueueName = Field(alias="queue")
    number: Template | None = None

    def enter(self, frame: Frame) -> Move:
        move = super().enter(frame)
        try:
            number = dialled(frame.text(self.number or _CALLER))
        except ExpressionError:
            number = ""
        if isinstance(move, Wait) and isinstance(move.effect, Enqueue):
            return Wait(replace(move.effect, callback=number), move.outcome)
        return move
