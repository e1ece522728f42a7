"""ask: digits into a variable. A lone `0` leads to a person."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ivr_flows import effects
from ivr_flows.effects import Prompt
from ivr_flows.inputs import Digits, Input, Words
from ivr_flows.pieces import Target, VariableName
from ivr_flows.templates import Expression
from ivr_flows.verbs.base import Frame, Go, Move, Next, Wait
from ivr_flows.verbs.question import Question, wants_a_person


class Ask(Question):
    """`valid` is a condition on `value`. `zero: answer` lets a lone 0 be an answer."""

    verb = "ask"
    falls_through = True

    into: VariableName
    min_length: int = Field(default=1, ge=1, le=40)
    max_length: int = Field(default=20, ge=1, le=40)
    terminator: Literal["#", "*", ""] = "#"
    secret: bool = False
    valid: Expression | None = None
    inter_digit_timeout_s: float = Field(default=3, gt=0, le=20)
    zero: Literal["human", "answer"] = "human"
    go: Target | None = None

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        if self.min_length > self.max_length:
            raise PydanticCustomError("bad_lengths", "bad_lengths")
        return self

    def ask(self, frame: Frame, prompts: tuple[Prompt, ...], outcome: str) -> Wait:
        gather = effects.Gather(
            prompts, None, self.min_length, self.max_length, self.terminator, self.timeout_s,
            self.inter_digit_timeout_s, self.secret, self.verb,
        )  # fmt: skip
        return Wait(gather, outcome)

    def answer(self, frame: Frame, given: Input) -> Move:
        if wants_a_person(given) and not (self.zero == "answer" and isinstance(given, Digits)):
            return Go("human", "human")
        digits = _digits(given)
        if not digits:
            return self.again(frame, "invalid" if isinstance(given, Words) else "no_input")
        if not self.min_length <= len(digits) <= self.max_length or not self._is_valid(frame, digits):
            return self.again(frame, "invalid")
        frame.run.store(self.into, digits, secret=self.secret)
        return Go(self.go, "answered") if self.go else Next("answered")

    def _is_valid(self, frame: Frame, digits: str) -> bool:
        return self.valid is None or bool(self.valid.evaluate({**frame.values, "value": digits}))


def _digits(given: Input) -> str:
    """What was pressed, or written with its spaces and dashes; "" when it was neither."""
    if isinstance(given, Digits):
        return given.digits if re.fullmatch(r"[0-9]{1,40}", given.digits) else ""
    written = re.sub(r"[\s.-]", "", given.text[:80]) if isinstance(given, Words) else ""
    return written if re.fullmatch(r"[0-9]{1,40}", written) else ""
