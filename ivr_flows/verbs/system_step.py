"""What look_up and act share: an institution's own system is asked, and its answer is kept or its absence borne."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from ivr_flows import effects
from ivr_flows.effects import Prompt
from ivr_flows.errors import ExpressionError
from ivr_flows.inputs import Answered, Failed, Input, NoInput, NotFound, Unavailable
from ivr_flows.phrases import phrase
from ivr_flows.pieces import ConnectorName, Name, Prompts, Target, VariableName
from ivr_flows.run import MAX_TEXT, Plain
from ivr_flows.templates import MAX_NUMBER, Value, sayable
from ivr_flows.verbs.base import Frame, Go, Move, Next, Verb, Wait

MAX_ANSWER_TEXT = 500  # characters kept of one value: more than anybody wants to hear


class SystemStep(Verb):
    """`with`: its argument → value. `into`: our variable → its result. Without `failed`, the caller is told and goes
    to a person; what does not exist goes to a person too, unless `not_found` says otherwise.
    """

    changes: ClassVar[bool]

    connector: ConnectorName
    operation: Name
    arguments: dict[Name, Value] = Field(default={}, alias="with", max_length=30)
    into: dict[VariableName, Name] = Field(default={}, max_length=30)
    while_waiting: Prompts | None = None
    not_found: Target = Target("human")
    failed: Target = Target("human")

    def enter(self, frame: Frame) -> Move:
        run = frame.run
        asked = effects.AskSystem(
            connector=str(self.connector),
            operation=str(self.operation),
            arguments={str(name): self._argument(frame, name) for name in self.arguments},
            secrets=frozenset(str(name) for name, value in self.arguments.items() if frame.is_secret(value)),
            key=f"{run.flow}.{run.step}.{run.asked}",
            waiting=frame.prompts(self.while_waiting)
            if self.while_waiting is not None
            else phrase("one_moment", run.language),
        )
        return Wait(asked, f"{self.connector}.{self.operation}")

    def answer(self, frame: Frame, given: Input) -> Move:
        match given:
            case Answered(values=values):
                frame.run.asked += 1
                return self._keep(frame, values)
            case NotFound():
                frame.run.asked += 1
                return Go(self.not_found, "not_found")
            case Unavailable(reason=reason, words=words):
                frame.run.asked += 1
                return self._without(frame, reason, words)
            case NoInput():  # restarted before it was done
                return self.enter(frame)
            case Failed(reason=reason):
                return Go(self.failed, f"failed: {reason}")
            case _:
                return Go(self.failed, "told")

    def _argument(self, frame: Frame, name: Name) -> Plain:
        template = self.arguments[name]
        value = template.evaluate(frame.values if template.names else {})
        if value is not None and not isinstance(value, str | int | float | bool):
            raise ExpressionError(f"{name}: only texts, numbers and truths can be sent")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ExpressionError(f"{name}: longer than {MAX_TEXT} characters")
        return value

    def _keep(self, frame: Frame, values: Mapping[str, object]) -> Move:
        """All of the answer, or nothing of it: what a flow goes on with is never half of it."""
        kept: dict[str, Plain] = {}
        for ours, theirs in self.into.items():
            value = values.get(theirs)
            if not _is_plain(value):
                return self._without(frame, "bad_answer", {})
            kept[str(ours)] = _short(value) if isinstance(value, str) else value  # type: ignore[assignment]
        for name, value in kept.items():
            frame.run.store(name, value)
        return Next("answered")

    def _without(self, frame: Frame, reason: str, words: Mapping[str, str]) -> Move:
        if "failed" in self.model_fields_set:
            return Go(self.failed, f"failed: {reason}")
        language = frame.run.language
        spoken = language if language in words else next(iter(words), language)
        said = (Prompt(words[spoken], None, spoken),) if words else phrase("system_down", language)
        return Wait(effects.Say(said), f"failed: {reason}")


def _is_plain(value: object) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return math.isfinite(value) and abs(value) <= MAX_NUMBER
    return value is None or isinstance(value, str | bool)


def _short(text: str) -> str:
    return " ".join(sayable(text[: 4 * MAX_ANSWER_TEXT]).split())[:MAX_ANSWER_TEXT]
