"""How little and how much an answer may be: numbers and days, as constants or as expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Self

from pydantic_core import PydanticCustomError

from ivr_flows.errors import ExpressionError
from ivr_flows.templates import Expression

MOST_DAYS = 60_000  # some 160 years


class Day(Expression):
    """A date (`2026-12-03`), so many days from today (`30`, `-7`, `hoy`), or an expression that gives either."""

    __slots__ = ()

    def on(self, values: Mapping[str, Any], today: date) -> date:
        """Raises ExpressionError."""
        return as_day(self.evaluate(values), today)

    @classmethod
    def read(cls, raw: object) -> Self:
        text = str(raw).strip()
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return cls(f"'{text}'")
        return cls("0") if text.lower() in ("hoy", "today") else super().read(raw)


def as_day(value: object, today: date) -> date:
    """Raises ExpressionError."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST_DAYS:
        return today + timedelta(days=value)
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise ExpressionError(f"neither a date nor so many days from today: {str(value)[:40]!r}") from error


def as_number(value: object) -> int | float:
    """Raises ExpressionError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(str(value)[:40])
    except ValueError as error:
        raise ExpressionError(f"not a number: {str(value)[:40]!r}") from error
    return int(number) if number.is_integer() else number


def check_numbers(**bounds: Expression | None) -> None:
    """What can be told of the lower and the upper one without running the flow. Raises PydanticCustomError."""
    _in_order([(field, as_number(value)) for field, value in _constants(bounds, as_number)])


def check_days(**bounds: Day | None) -> None:
    """A date and a number of days cannot be compared before the day comes."""
    someday = date(2000, 1, 1)
    found = _constants(bounds, lambda value: as_day(value, someday))
    if len({type(value) for _, value in found}) == 1:
        _in_order([(field, as_day(value, someday)) for field, value in found])


def _constants(
    bounds: Mapping[str, Expression | None], read: Callable[[object], object]
) -> list[tuple[str, Any]]:
    found = []
    for field, bound in bounds.items():
        if bound is None or bound.names:
            continue
        try:
            value = bound.evaluate({})
            read(value)
        except ExpressionError as error:
            data = {"field": field, "name": bound.source[:60]}
            raise PydanticCustomError("bad_bound", "bad_bound", data) from error
        found.append((field, value))
    return found


def _in_order(ends: list[tuple[str, Any]]) -> None:
    if len(ends) == 2 and ends[0][1] > ends[1][1]:
        data = {"field": ends[0][0], "low": ends[0][0], "high": ends[1][0]}
        raise PydanticCustomError("bad_bounds", "bad_bounds", data)
