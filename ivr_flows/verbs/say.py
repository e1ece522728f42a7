"""say: a text is spoken."""

from __future__ import annotations

from ivr_flows import effects
from ivr_flows.inputs import Digits, Failed, Input, NoInput
from ivr_flows.pieces import Prompts
from ivr_flows.verbs.base import Frame, Move, Next, Verb, Wait


class Say(Verb):
    verb = "say"
    short = "prompt"

    prompt: Prompts
    interruptible: bool = True

    def enter(self, frame: Frame) -> Move:
        return Wait(effects.Say(frame.prompts(self.prompt), self.interruptible), "said")

    def answer(self, frame: Frame, given: Input) -> Move:
        if isinstance(given, Digits):
            frame.run.ahead = given.digits[:20]
            return Next("interrupted")
        if isinstance(given, NoInput):  # restarted while it was said
            return self.enter(frame)
        return Next(f"failed: {given.reason}" if isinstance(given, Failed) else "heard")
