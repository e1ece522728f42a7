"""One contact through a flow without a telephone, in virtual time: what is said, what is asked, what follows."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from ivr_flows import effects, inputs
from ivr_flows.context import Context
from ivr_flows.effects import AskSystem, Effect, Gather, Prompt, RecordVoicemail, Say
from ivr_flows.inputs import Input
from ivr_flows.keypad import take, when_quiet
from ivr_flows.machine import Machine
from ivr_flows.turn import Step, Turn

LETTERS_A_SECOND = 14.0  # of a text that is spoken, roughly; a recording counts as one of RECORDING_S
RECORDING_S = 4.0
Systems = Callable[[AskSystem], Input]
"""What an institution's own systems answer, at once."""
LEAVES_TO = (effects.Enqueue, effects.TransferOut, effects.TransferAgent)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said to the customer, at which step."""

    step: str
    prompt: Prompt

    @property
    def words(self) -> str:
        return self.prompt.text or f"[{self.prompt.file}]"


def unknown(_: AskSystem) -> Input:
    return inputs.Unavailable("unknown_connector")


class NobodyListensError(Exception):
    """The customer acts, and the flow waits for something else."""


class Conversation:
    """Stands at the effect that waits for somebody: the customer, a queue, a destination; or at the last one.

    Raises FlowNotFoundError when made; nothing else but NobodyListensError afterwards.
    """

    def __init__(self, machine: Machine, flow: str, context: Context, systems: Systems) -> None:
        self.asked: list[AskSystem] = []
        self._systems = systems
        self.heard: list[Heard] = []
        self.trace: list[Step] = []
        self.errors: list[str] = []
        self._machine = machine
        self._context = context
        self._typed: deque[str] = deque()
        self._take(machine.start(flow, context))

    @property
    def effect(self) -> Effect:
        return self._turn.effect

    @property
    def step(self) -> str:
        return str(self._turn.state["step"])

    # --- what the customer does

    def press(self, keys: str) -> None:
        """Keys, `#` and `*` among them. More than one question's worth is kept for the next ones."""
        if isinstance(self.effect, RecordVoicemail):
            self._answer(inputs.Done())
            return
        if not isinstance(self.effect, Gather):
            raise NobodyListensError
        self._typed.extend(keys)
        self._gather(self.effect)

    def say(self, words: str) -> None:
        self._expect(Gather)
        self._answer(inputs.Words(words))

    def stay_silent(self) -> None:
        self._expect(Gather, RecordVoicemail)
        if isinstance(self.effect, Gather):
            self.pass_time(timedelta(seconds=self.effect.first_timeout_s))
        self._answer(inputs.NoInput())

    def leave_message(self) -> None:
        self._expect(RecordVoicemail)
        self._answer(inputs.Done())

    # --- what the world does

    def fail(self, reason: str) -> None:
        """The queue does not take the contact, or the destination is not reached."""
        self._expect(*LEAVES_TO)
        self._answer(inputs.Failed(reason))

    def pass_time(self, some: timedelta) -> None:
        self._context = replace(self._context, now=self._context.now + some)

    # --- turns

    def _expect(self, *kinds: type[Effect]) -> None:
        if not isinstance(self.effect, kinds):
            raise NobodyListensError

    def _answer(self, given: Input) -> None:
        stored = json.loads(json.dumps(self._turn.state))  # as it comes back from the store
        self._take(self._machine.resume(stored, given, self._context))

    def _take(self, turn: Turn) -> None:
        """Everything that needs nobody is done at once."""
        while True:
            self._turn = turn
            self.trace += turn.trace
            self._context = replace(self._context, data={**self._context.data, **turn.data})
            if turn.error:
                self.errors.append(turn.error)
            if isinstance(turn.effect, Say):
                self._hear(turn.effect.prompts, can_skip=turn.effect.interruptible)
                given: Input = inputs.Done()
            elif isinstance(turn.effect, AskSystem):
                self.asked.append(turn.effect)
                given = self._systems(turn.effect)
            else:
                break
            turn = self._machine.resume(turn.state, given, self._context)
        if isinstance(turn.effect, Gather | RecordVoicemail):
            self._hear(turn.effect.prompts, can_skip=isinstance(turn.effect, Gather))
        if self._typed and isinstance(turn.effect, Gather):
            self._gather(turn.effect)

    def _gather(self, wanted: Gather) -> None:
        keys, answer = take(self._typed, "", wanted)
        if answer is None:
            self.pass_time(timedelta(seconds=wanted.inter_digit_timeout_s))
            answer = when_quiet(keys)
        self._answer(answer)

    def _hear(self, prompts: tuple[Prompt, ...], *, can_skip: bool) -> None:
        """Keys typed ahead cut short what would be said, as on the telephone."""
        if can_skip and self._typed:
            return
        for prompt in prompts:
            self.heard.append(Heard(self.step, prompt))
            seconds = len(prompt.text) / LETTERS_A_SECOND if prompt.text else RECORDING_S
            self.pass_time(timedelta(seconds=seconds))
