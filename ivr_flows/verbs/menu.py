"""menu: one key of several. `0` leads to a person unless the menu uses it; words may name an option."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ivr_flows import effects
from ivr_flows.effects import Prompt
from ivr_flows.inputs import Digits, Input, NoInput, Words
from ivr_flows.phrases import HUMAN_KEY
from ivr_flows.pieces import Target
from ivr_flows.verbs.base import Frame, Go, Move, Wait
from ivr_flows.verbs.question import Question, plain_words, wants_a_person


def _key(raw: str) -> str:
    if not re.fullmatch(r"[0-9*#]{1,4}", raw):
        raise PydanticCustomError("bad_key", "bad_key", {"name": raw[:20]})
    return raw


class Option(BaseModel):
    """Where a key leads; `words` are what may be said or written instead of pressing it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    go: Target
    words: list[str] = Field(default=[], max_length=30)


def _option(raw: Any) -> Any:
    """`1: claims` is short for `1: {go: claims}`."""
    return {"go": raw} if isinstance(raw, str) else raw


class Menu(Question):
    verb = "menu"

    options: dict[
        Annotated[str, AfterValidator(_key)],
        Annotated[Option, BeforeValidator(_option, json_schema_input_type=Target | Option)],
    ] = Field(min_length=1, max_length=20)
    inter_digit_timeout_s: float = Field(default=2, gt=0, le=20)

    def ask(self, frame: Frame, prompts: tuple[Prompt, ...], outcome: str) -> Wait:
        keys = tuple(dict.fromkeys([*self.options, HUMAN_KEY]))
        longest = max(map(len, keys))
        gather = effects.Gather(
            prompts,
            keys,
            1,
            longest,
            "",
            self.timeout_s,
            self.inter_digit_timeout_s,
            secret=False,
            kind=self.verb,
        )
        return Wait(gather, outcome)

    def answer(self, frame: Frame, given: Input) -> Move:
        key = self._chosen(given)
        if key is not None:
            return Go(self.options[key].go, key)
        if wants_a_person(given):
            return Go("human", "human")
        silent = isinstance(given, NoInput) or not isinstance(given, Digits | Words)
        return self.again(frame, "no_input" if silent else "invalid")

    def _chosen(self, given: Input) -> str | None:
        if isinstance(given, Digits):
            return given.digits if given.digits in self.options else None
        if not isinstance(given, Words):
            return None
        said = plain_words(given.text)
        named = (key for key, option in self.options.items() if said in map(plain_words, option.words))
        return said if said in self.options else next(named, None)
