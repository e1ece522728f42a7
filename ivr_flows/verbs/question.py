"""What menus and asked digits share: changing words, a limited patience, and the way to a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from pydantic import Field
from pydantic_core import PydanticCustomError

from ivr_flows.effects import Prompt
from ivr_flows.inputs import Digits, Input, Words
from ivr_flows.letters import folded
from ivr_flows.phrases import HUMAN_KEY, HUMAN_WORDS, phrase
from ivr_flows.pieces import Prompts, Target
from ivr_flows.problems import nearest
from ivr_flows.verbs.base import Frame, Go, Move, Verb, Wait

Wordings = list[Prompts]


class Question(Verb):
    """`no_input` and `invalid` are said instead of `prompt` from the second time on, each in its turn."""

    asks = True
    falls_through = False

    prompt: Prompts
    no_input: Wordings = Field(default=[], max_length=5)
    invalid: Wordings = Field(default=[], max_length=5)
    attempts: int = Field(default=3, ge=1, le=10)
    timeout_s: float = Field(default=6, gt=0, le=60)
    otherwise: Target = Target("human")

    def enter(self, frame: Frame) -> Move:
        frame.run.attempts = 1
        return self.ask(frame, self.question(frame), "asked")

    def question(self, frame: Frame) -> tuple[Prompt, ...]:
        return frame.prompts(self.prompt)

    def ask(self, frame: Frame, prompts: tuple[Prompt, ...], outcome: str) -> Wait:
        raise NotImplementedError

    def again(self, frame: Frame, cause: str, why: tuple[Prompt, ...] | None = None) -> Move:
        """Ask once more in other words; out of patience, go `otherwise`. `cause`: "no_input" or "invalid".

        `why` is said, before the question, when the designer has no words for it.
        """
        run = frame.run
        if run.attempts >= self.attempts:
            return Go(self.otherwise, f"{cause}: enough")
        wordings = self.no_input if cause == "no_input" else self.invalid
        if wordings:
            prompts = frame.prompts(wordings[min(max(run.attempts, 1), len(wordings)) - 1])
        else:
            prompts = (phrase(cause, run.language) if why is None else why) + self.question(frame)
        run.attempts += 1
        return self.ask(frame, prompts, cause)


def wants_a_person(given: Input) -> bool:
    if isinstance(given, Words):
        return plain_words(given.text) in HUMAN_WORDS
    return isinstance(given, Digits) and given.digits == HUMAN_KEY


def plain_words(text: str) -> str:
    """Lower case, no accents, no punctuation at the ends: how written and recognised words are compared."""
    return folded(text[:200]).strip(" .,;!¡¿?\n\t")


def one_of(choices: Any) -> Callable[[object], object]:
    """Refuses a word that is none of them, and says which was perhaps meant."""
    names = [str(name) for one in get_args(choices) for name in (get_args(one) or (one,))]

    def check(raw: object) -> object:
        if isinstance(raw, str) and raw not in names:
            data = {"name": raw[:40], "nearest": nearest(raw, names)}
            raise PydanticCustomError("unknown_choice", "unknown_choice", data)
        return raw

    return check
