"""What every verb is: a schema, and what happens when the contact enters the step and when it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from ivr_flows.context import Context, Organisation
from ivr_flows.effects import Effect, Prompt
from ivr_flows.inputs import Input
from ivr_flows.phrases import has_words, phrase
from ivr_flows.pieces import FlowName, Prompts, Target
from ivr_flows.run import Plain, Run
from ivr_flows.spoken.filters import MANNER
from ivr_flows.spoken.manner import Manner
from ivr_flows.spoken.values import say
from ivr_flows.templates import Expression, Template


@dataclass(frozen=True, slots=True)
class Next:
    """On to the step named by `next`, or the one below."""

    outcome: str


@dataclass(frozen=True, slots=True)
class Go:
    target: Target | str
    outcome: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing more until the world has done this."""

    effect: Effect
    outcome: str


@dataclass(frozen=True, slots=True)
class Call:
    """Into a subflow and back. `into`: our variable → theirs."""

    flow: FlowName
    arguments: dict[str, Plain]
    secrets: frozenset[str]
    into: dict[str, str] = field(default_factory=dict)
    outcome: str = "called"


Move = Next | Go | Wait | Call


class Frame:
    """What a verb sees of the contact while it runs."""

    __slots__ = ("__dict__", "_default_language", "_organisation", "context", "run")

    def __init__(self, run: Run, context: Context, organisation: Organisation) -> None:
        self.run = run
        self.context = context
        self._organisation = organisation
        self._default_language = organisation.default_language

    @property
    def country(self) -> str:
        return self._organisation.country

    @property
    def timezone(self) -> str:
        return self._organisation.timezone

    @property
    def languages(self) -> tuple[str, ...]:
        return self._organisation.languages

    def text(self, template: Template) -> str:
        return template.render(self.values_for(template))

    def evaluate(self, expression: Expression) -> Any:
        return expression.evaluate(self.values_for(expression))

    def prompts(self, prompts: Prompts) -> tuple[Prompt, ...]:
        values = self.values if prompts.needs_values else {}
        return prompts.heard(values, self.run.language, self._default_language, self.manner)

    def phrase(self, name: str, value: Any = None, way: str = "text") -> tuple[Prompt, ...]:
        """Our own words, with a value in them; in the default language where we have none in the caller's."""
        language = self.run.language if has_words(self.run.language) else self._default_language
        manner = self.manner(language)
        return phrase(name, language, say(value, manner, way), in_writing=manner.is_written)

    def shown(self, template: Template) -> str:
        """Rendered for agents, who read: secrets are left out. A name they hide behind renders as nothing."""
        secrets = self.run.secrets
        values = {name: value for name, value in self.values.items() if name not in secrets}
        if MANNER in template.names:
            values[MANNER] = replace(self.manner(self.run.language), medium="text")
        return template.render(values)

    def is_secret(self, template: Template) -> bool:
        return not self.run.secrets.isdisjoint(template.names)

    @property
    def values(self) -> Mapping[str, Any]:
        run = self.run
        return {**run.variables, **self._surroundings, "language": run.language}

    def values_for(self, template: Template) -> Mapping[str, Any]:
        """What this one needs: most need nothing, and few say values."""
        if not template.names:
            return {}
        if MANNER in template.names:
            return {**self.values, MANNER: self.manner(self.run.language)}
        return self.values

    def manner(self, language: str) -> Manner:
        """How values are said in a text of that language."""
        organisation = self._organisation
        return Manner(language, self.context.medium, organisation.country, organisation.timezone)

    @cached_property
    def today(self) -> date:
        """Where the organisation is."""
        return self.context.now.astimezone(ZoneInfo(self.timezone)).date()

    @cached_property
    def _surroundings(self) -> dict[str, Any]:
        context = self.context
        return {
            "caller": context.caller,
            "called": context.called,
            "contact": context.contact,
            "data": context.data,
            "organisation": self._organisation.name,
            "medium": context.medium,
            "now": _clock_face(context.now.astimezone(ZoneInfo(self._organisation.timezone))),
            "queues": {
                name: {
                    "waiting": view.waiting,
                    "agents_available": view.agents_available,
                    "expected_wait_s": view.expected_wait_s,
                }
                for name, view in context.queues.items()
            },
        }


class Verb(BaseModel):
    """A step's verb. `short` names the field that a bare value fills: `goto: menu`."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    verb: ClassVar[str]
    short: ClassVar[str | None] = None
    falls_through: ClassVar[bool] = True  # without `next`, the step below follows
    asks: ClassVar[bool] = False  # somebody outside acts here, so going round through it is no endless loop

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Raises pydantic.ValidationError."""
        named = isinstance(raw, dict) and not set(raw).isdisjoint(cls.field_names())
        if cls.short is not None and not named and raw is not None:
            raw = {cls.short: raw}
        return cls.model_validate({} if raw is None else raw)

    @classmethod
    def field_names(cls) -> set[str]:
        return {info.alias or name for name, info in cls.model_fields.items()}

    def enter(self, frame: Frame) -> Move:
        raise NotImplementedError

    def answer(self, frame: Frame, given: Input) -> Move:
        """Only verbs that wait are answered."""
        return self.enter(frame)


def _clock_face(now: datetime) -> dict[str, Any]:
    """`weekday`: 1 is Monday. `part_of_day`: morning, afternoon, evening."""
    part = "morning" if 5 <= now.hour < 12 else "afternoon" if 12 <= now.hour < 19 else "evening"
    return {
        "year": now.year,
        "month": now.month,
        "day": now.day,
        "weekday": now.isoweekday(),
        "hour": now.hour,
        "minute": now.minute,
        "part_of_day": part,
        "date": now.date().isoformat(),
        "time": f"{now:%H:%M}",
    }
