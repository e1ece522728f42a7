"""Where a contact is in its flow. Kept as plain JSON between turns, so that it survives anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ivr_flows.errors import ExpressionError
from ivr_flows.templates import sayable

MAX_VARIABLES = 200
MAX_TEXT = 2_000  # characters kept in one variable
Plain = str | int | float | bool | None


@dataclass(slots=True)
class Caller:
    """Who called this subflow, and what it wants back: its variable → ours."""

    flow: str
    step: str
    variables: dict[str, Plain]
    secrets: set[str]
    into: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return {
            "flow": self.flow,
            "step": self.step,
            "variables": dict(self.variables),
            "secrets": sorted(self.secrets),
            "into": dict(self.into),
        }


@dataclass(slots=True)
class Run:
    flow: str
    step: str
    language: str
    variables: dict[str, Plain] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)  # variables nobody may see
    attempts: int = 0  # how often the present question was asked
    steps: int = 0  # walked in this contact
    errors: int = 0
    asked: int = 0  # how often an institution's own system has answered
    ahead: str = ""  # keys pressed while something was being said
    ended: str = ""  # the reason, once hung up
    stack: list[Caller] = field(default_factory=list)

    def store(self, name: str, value: object, *, secret: bool = False) -> None:
        """Raises ExpressionError for what cannot be kept as a plain value."""
        if value is not None and not isinstance(value, str | int | float | bool):
            raise ExpressionError(f"{name}: only texts, numbers and truths can be kept")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ExpressionError(f"{name}: longer than {MAX_TEXT} characters")
        if name not in self.variables and len(self.variables) >= MAX_VARIABLES:
            raise ExpressionError(f"more than {MAX_VARIABLES} variables")
        self.variables[name] = sayable(value) if isinstance(value, str) else value
        (self.secrets.add if secret else self.secrets.discard)(name)

    def back_to_caller(self) -> Caller:
        caller = self.stack.pop()
        self.flow, self.step = caller.flow, caller.step
        self.variables, self.secrets = caller.variables, caller.secrets
        return caller

    def shown(self) -> dict[str, Plain]:
        """What agents may see of the answers given."""
        return {name: value for name, value in self.variables.items() if name not in self.secrets}

    def to_json(self) -> dict[str, Any]:
        return {
            "v": 1,
            "flow": self.flow,
            "step": self.step,
            "language": self.language,
            "variables": dict(self.variables),
            "secrets": sorted(self.secrets),
            "attempts": self.attempts,
            "steps": self.steps,
            "errors": self.errors,
            "asked": self.asked,
            "ahead": self.ahead,
            "ended": self.ended,
            "stack": [caller.to_json() for caller in self.stack],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError for what is not a state of ours."""
        return cls(
            flow=_text(state["flow"]),
            step=_text(state["step"]),
            language=_text(state["language"]),
            variables=_variables(state["variables"]),
            secrets=_names(state["secrets"]),
            attempts=_count(state["attempts"]),
            steps=_count(state["steps"]),
            errors=_count(state["errors"]),
            asked=_count(state.get("asked", 0)),  # not there in what was stored before there were systems
            ahead=_text(state["ahead"]),
            ended=_text(state["ended"]),
            stack=[_caller(one) for one in state["stack"]],
        )


def _caller(raw: Mapping[str, Any]) -> Caller:
    into = {_text(ours): _text(theirs) for ours, theirs in raw["into"].items()}
    return Caller(
        _text(raw["flow"]), _text(raw["step"]), _variables(raw["variables"]), _names(raw["secrets"]), into
    )


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError(raw)
    return raw


def _names(raw: object) -> set[str]:
    if not isinstance(raw, list):
        raise TypeError(raw)
    return {_text(name) for name in raw}


def _count(raw: object) -> int:
    if not isinstance(raw, int) or raw < 0:
        raise ValueError(raw)
    return raw


def _variables(raw: object) -> dict[str, Plain]:
    if not isinstance(raw, dict):
        raise TypeError(raw)
    for value in raw.values():
        if value is not None and not isinstance(value, str | int | float | bool):
            raise TypeError(value)
    return {_text(name): value for name, value in raw.items()}
