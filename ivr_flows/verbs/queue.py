"""queue: hand the contact to people. What follows happens only if the queue gives it back."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ivr_flows import effects
from ivr_flows.errors import ExpressionError
from ivr_flows.inputs import Failed, Input, NoInput
from ivr_flows.pieces import Name, QueueName, Target
from ivr_flows.templates import Expression, Template
from ivr_flows.verbs.base import Frame, Go, Move, Next, Verb, Wait
from voice_core.interaction import SkillRequirement

MAX_PRIORITY = 1_000


class Skill(BaseModel):
    """`relax`: seconds waited → the level that is then enough (0: the skill is no longer asked for)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    skill: Name
    level: int = Field(default=1, ge=0, le=10)
    relax: dict[Annotated[float, Field(ge=0, le=86_400)], Annotated[int, Field(ge=0, le=10)]] = {}
    when: Expression | None = None


def _skills(raw: Any) -> Any:
    """`{tecnico: 5}` is short for `[{skill: tecnico, level: 5}]`."""
    return [{"skill": name, "level": level} for name, level in raw.items()] if isinstance(raw, dict) else raw


class Queue(Verb):
    verb = "queue"
    short = "name"
    falls_through = False
    asks = True

    name: QueueName
    skills: Annotated[
        list[Skill] | None,
        BeforeValidator(_skills, json_schema_input_type=dict[str, int] | list[Skill] | None),
        Field(max_length=20),
    ] = None
    priority: Expression | None = None
    preferred_agent: Template | None = None
    data: dict[Name, Template] | None = Field(default=None, max_length=50)
    failed: Target | None = None

    def enter(self, frame: Frame) -> Move:
        preferred = frame.shown(self.preferred_agent).strip() if self.preferred_agent else ""
        data = self.data
        effect = effects.Enqueue(
            queue=str(self.name),
            requirements=self._requirements(frame),
            priority=self._priority(frame),
            preferred_agent=preferred[:100] or None,
            data=frame.run.shown() if data is None else {str(name): frame.shown(data[name]) for name in data},
        )
        return Wait(effect, str(self.name))

    def answer(self, frame: Frame, given: Input) -> Move:
        if isinstance(given, Failed):
            outcome = f"failed: {given.reason}"
            return Go(self.failed, outcome) if self.failed else Next(outcome)
        if isinstance(given, NoInput):  # restarted before it was done
            return self.enter(frame)
        return Next("came back")

    def _requirements(self, frame: Frame) -> tuple[SkillRequirement, ...] | None:
        if self.skills is None:
            return None
        return tuple(
            SkillRequirement(str(wanted.skill), wanted.level, tuple(sorted(wanted.relax.items())))
            for wanted in self.skills
            if wanted.when is None or frame.evaluate(wanted.when)
        )

    def _priority(self, frame: Frame) -> int | None:
        if self.priority is None:
            return None
        value = frame.evaluate(self.priority)
        try:
            return max(-MAX_PRIORITY, min(MAX_PRIORITY, int(value)))
        except (TypeError, ValueError, OverflowError) as error:
            raise ExpressionError("priority is not a number") from error
