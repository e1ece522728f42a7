"""voicemail: a message is recorded and delivered to a queue as a task."""

from __future__ import annotations

from pydantic import Field

from ivr_flows import effects
from ivr_flows.inputs import Failed, Input, NoInput
from ivr_flows.pieces import Prompts, QueueName
from ivr_flows.verbs.base import Frame, Move, Next, Verb, Wait


class Voicemail(Verb):
    """What follows is heard by a caller who stays on the line."""

    verb = "voicemail"
    asks = True

    queue: QueueName
    prompt: Prompts
    max_length_s: float = Field(default=120, gt=0, le=600)
    silence_s: float = Field(default=4, gt=0, le=30)

    def enter(self, frame: Frame) -> Move:
        return Wait(
            effects.RecordVoicemail(
                frame.prompts(self.prompt), str(self.queue), self.max_length_s, self.silence_s
            ),
            str(self.queue),
        )

    def answer(self, frame: Frame, given: Input) -> Move:
        if isinstance(given, Failed):
            return Next(f"failed: {given.reason}")
        return Next("nothing left" if isinstance(given, NoInput) else "left")
