"""The filters that say values. They learn from the template's own values who hears them (`MANNER`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from ivr_flows.spoken import values
from ivr_flows.spoken.manner import Manner

MANNER = " manner"  # no name a designer can write, so none hides it
_DEFAULT = Manner()


def _saying(say: Callable[..., str]) -> Any:
    @pass_context
    def said(context: Context, value: object, *options: object) -> str:
        return say(value, context.get(MANNER) or _DEFAULT, *options)

    return said


FILTERS: dict[str, Any] = {
    name: _saying(say)
    for names, say in {
        ("fecha", "date"): values.say_date,
        ("dinero", "money"): values.say_money,
        ("numero", "number"): values.say_number,
        ("hora", "time"): values.say_time,
        ("cifras", "digits"): values.say_digits,
        ("deletreo", "spell"): values.spell,
    }.items()
    for name in names
}
