"""confirm: what was understood is said; yes goes on, no goes back to the question."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ivr_flows import effects
from ivr_flows.answers.base import Asked, NotAnAnswerError
from ivr_flows.answers.kinds import NO_KEY, YES_KEY, yes_no_pressed, yes_no_written
from ivr_flows.effects import Prompt
from ivr_flows.inputs import Digits, Input, Words
from ivr_flows.phrases import HUMAN_KEY
from ivr_flows.pieces import Prompts, Target
from ivr_flows.templates import Expression
from ivr_flows.verbs.base import Frame, Go, Move, Next, Wait
from ivr_flows.verbs.question import Question, one_of, wants_a_person

WayName = Literal["plain", "text", "number", "money", "date", "time", "digits", "pairs", "spell"]


class Confirm(Question):
    """`value` is said in our words, `as` it should be; or `prompt` says it in the designer's.

    `again` is the step that asked; by default the ask above it that gave the value, else the nearest one.
    """

    verb = "confirm"
    falls_through = True

    prompt: Prompts | None = None  # type: ignore[assignment]  # here it may be missing
    value: Expression | None = None
    way: Annotated[WayName, BeforeValidator(one_of(WayName))] = Field(default="plain", alias="as")
    again_step: Target | None = Field(default=None, alias="again")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.prompt is None) == (self.value is None):
            raise PydanticCustomError("confirm_what", "confirm_what")
        return self

    def question(self, frame: Frame) -> tuple[Prompt, ...]:
        if self.value is None:
            return super().question(frame)
        return frame.phrase("confirm", frame.evaluate(self.value), self.way)

    def ask(self, frame: Frame, prompts: tuple[Prompt, ...], outcome: str) -> Wait:
        gather = effects.Gather(
            prompts, (YES_KEY, NO_KEY, HUMAN_KEY), 1, 1, "", self.timeout_s, self.timeout_s,
            secret=False, kind=self.verb,
        )  # fmt: skip
        return Wait(gather, outcome)

    def answer(self, frame: Frame, given: Input) -> Move:
        if wants_a_person(given):
            return Go("human", "human")
        if not isinstance(given, Digits | Words) or given in (Digits(""), Words("")):
            return self.again(frame, "no_input")
        asked = Asked(frame.country, frame.today)
        try:
            right = (
                yes_no_pressed(given.digits, asked)
                if isinstance(given, Digits)
                else yes_no_written(given.text, asked)
            )
        except NotAnAnswerError as refusal:
            return self.again(frame, "invalid", frame.phrase(refusal.phrase))
        return Next("yes") if right else Go(self.again_step or "human", "no")
