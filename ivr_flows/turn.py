"""What one turn of the machine gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr_flows.effects import Effect


@dataclass(frozen=True, slots=True)
class Step:
    """One step walked. `outcome` never holds what was asked for."""

    flow: str
    step_id: str
    verb: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Turn:
    """`state` is to be stored and given back. `data` is what agents may see, `language` what is now spoken.

    `error` says what the flow did wrong in this turn ("" when nothing); it is contained already.
    """

    state: Mapping[str, Any]
    effect: Effect
    trace: tuple[Step, ...]
    language: str
    data: Mapping[str, Any]
    error: str = ""
