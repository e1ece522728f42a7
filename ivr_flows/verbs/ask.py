"""ask: an answer of some kind into a variable, digits unless said otherwise. A lone `0` leads to a person."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ivr_flows import effects
from ivr_flows.answers.base import Asked, Kind, NotAnAnswerError
from ivr_flows.answers.documents import usual
from ivr_flows.answers.kinds import NO_KEY, YES_KEY, kind_of
from ivr_flows.effects import Prompt
from ivr_flows.errors import ExpressionError
from ivr_flows.inputs import Digits, Input, Words
from ivr_flows.phrases import HUMAN_KEY
from ivr_flows.pieces import Target, VariableName
from ivr_flows.run import Plain
from ivr_flows.templates import Expression
from ivr_flows.verbs.base import Frame, Go, Move, Next, Wait
from ivr_flows.verbs.bounds import Day, as_number, check_days, check_numbers
from ivr_flows.verbs.question import Question, one_of, wants_a_person

KindName = Literal["digits", "number", "date", "money", "yes_no", "document", "phone", "text", "code"]
DocumentName = Literal["cedula", "ruc", "dui", "nit_sv", "ci"]
_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "min_length": ("digits", "code"),
    "max_length": ("digits", "code"),
    "minimum": ("number", "money"),
    "maximum": ("number", "money"),
    "earliest": ("date",),
    "latest": ("date",),
    "of": ("document",),
}
_ZERO_IS_ONE = ("digits", "number", "money", "code")  # elsewhere it would only keep people from a person


class Ask(Question):
    """`valid` is a condition on `value`. `zero: answer` lets a lone 0 be an answer.

    `minimum`, `maximum`: of numbers and money. `earliest`, `latest`: of dates, a day or so many days from today.
    `of`: which document; by default the usual one of the organisation's country.
    """

    verb = "ask"
    falls_through = True

    into: VariableName
    kind: Annotated[KindName, BeforeValidator(one_of(KindName))] = "digits"
    of: Annotated[DocumentName | None, BeforeValidator(one_of(DocumentName))] = None
    min_length: int = Field(default=1, ge=1, le=40)
    max_length: int = Field(default=20, ge=1, le=40)
    minimum: Expression | None = None
    maximum: Expression | None = None
    earliest: Day | None = None
    latest: Day | None = None
    terminator: Literal["#", "*", ""] = "#"
    secret: bool = False
    valid: Expression | None = None
    inter_digit_timeout_s: float = Field(default=3, gt=0, le=20)
    zero: Literal["human", "answer"] = "human"
    go: Target | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.min_length > self.max_length:
            raise PydanticCustomError("bad_lengths", "bad_lengths")
        for name, kinds in _ONLY_FOR.items():
            if name in self.model_fields_set and self.kind not in kinds:
                raise _not_for_kind(name, name, self.kind, ", ".join(kinds))
        if self.zero == "answer" and self.kind not in _ZERO_IS_ONE:
            raise _not_for_kind("zero", "zero: answer", self.kind, ", ".join(_ZERO_IS_ONE))
        if self.terminator == "*" and self.kind in ("number", "money"):
            raise _not_for_kind("terminator", "terminator: *", self.kind, "digits")
        check_numbers(minimum=self.minimum, maximum=self.maximum)
        check_days(earliest=self.earliest, latest=self.latest)
        return self

    def enter(self, frame: Frame) -> Move:
        if self.kind == "text" and frame.context.medium == "voice":
            return Go(self.otherwise, "only in writing")  # there are no letters on a telephone
        return super().enter(frame)

    def ask(self, frame: Frame, prompts: tuple[Prompt, ...], outcome: str) -> Wait:
        choices = (YES_KEY, NO_KEY, HUMAN_KEY) if self.kind == "yes_no" else None
        least, most = self._keys(frame)
        gather = effects.Gather(
            prompts, choices, least, most, self.terminator if choices is None else "", self.timeout_s,
            self.inter_digit_timeout_s, self.secret, self.verb,
        )  # fmt: skip
        return Wait(gather, outcome)

    def answer(self, frame: Frame, given: Input) -> Move:
        if wants_a_person(given) and not (self.zero == "answer" and isinstance(given, Digits)):
            return Go("human", "human")
        if self.kind == "digits":
            return self._digits_answer(frame, given)
        if not isinstance(given, Digits | Words) or given in (Digits(""), Words("")):
            return self.again(frame, "no_input")
        try:
            value = self._read(frame, given)
        except NotAnAnswerError as refusal:
            return self.again(frame, "invalid", self._refusal(frame, refusal))
        return self._keep(frame, value)

    def _keys(self, frame: Frame) -> tuple[int, int]:
        if self.kind in ("digits", "code"):
            return self.min_length, self.max_length
        return self._kind(frame).keys

    def _kind(self, frame: Frame) -> Kind:
        document = self.of or usual(frame.country) or ""
        if self.kind == "document" and not document:
            raise ExpressionError(f"ask: no usual document is known for {frame.country}; name one in `of`")
        return kind_of(self.kind, document)

    def _digits_answer(self, frame: Frame, given: Input) -> Move:
        digits = _digits(given)
        if not digits:
            return self.again(frame, "invalid" if isinstance(given, Words) else "no_input")
        if not self.min_length <= len(digits) <= self.max_length or not self._is_valid(frame, digits):
            return self.again(frame, "invalid")
        return self._keep(frame, digits)

    def _read(self, frame: Frame, given: Digits | Words) -> Plain:
        """Raises NotAnAnswerError."""
        kind, asked = self._kind(frame), self._asked(frame)
        value = (
            kind.pressed(given.digits, asked)
            if isinstance(given, Digits)
            else kind.written(given.text, asked)
        )
        if self.kind == "code" and not self.min_length <= len(str(value)) <= self.max_length:
            raise NotAnAnswerError("code")
        if not self._is_valid(frame, value):
            raise NotAnAnswerError("not_accepted")
        return value

    def _asked(self, frame: Frame) -> Asked:
        days = (
            bound and bound.on(frame.values_for(bound), frame.today) for bound in (self.earliest, self.latest)
        )
        numbers = (bound and as_number(frame.evaluate(bound)) for bound in (self.minimum, self.maximum))
        return Asked(frame.country, frame.today, *(days if self.kind == "date" else numbers))

    def _refusal(self, frame: Frame, refusal: NotAnAnswerError) -> tuple[Prompt, ...]:
        way = self.kind if self.kind in ("number", "money", "date") else "text"
        return frame.phrase(refusal.phrase, refusal.bound, way)

    def _keep(self, frame: Frame, value: Plain) -> Move:
        frame.run.store(self.into, value, secret=self.secret)
        return Go(self.go, "answered") if self.go else Next("answered")

    def _is_valid(self, frame: Frame, value: Plain) -> bool:
        return self.valid is None or bool(
            self.valid.evaluate({**frame.values_for(self.valid), "value": value})
        )


def _not_for_kind(field: str, name: str, kind: str, kinds: str) -> PydanticCustomError:
    data = {"field": field, "name": name, "kind": kind, "kinds": kinds}
    return PydanticCustomError("not_for_kind", "not_for_kind", data)


def _digits(given: Input) -> str:
    """What was pressed, or written with its spaces and dashes; "" when it was neither."""
    if isinstance(given, Digits):
        return given.digits if re.fullmatch(r"[0-9]{1,40}", given.digits) else ""
    written = re.sub(r"[\s.-]", "", given.text[:80]) if isinstance(given, Words) else ""
    return written if re.fullmatch(r"[0-9]{1,40}", written) else ""
