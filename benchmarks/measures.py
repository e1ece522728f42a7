"""All measures by name, in the order they are made."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import (
    burst,
    cold,
    cpu,
    dashboards,
    freed,
    hundred_thousand,
    idle,
    kill,
    recorded,
    refusal,
    sustained,
    waiting,
)
from benchmarks.contest import Result
from benchmarks.stage import Stage

# On one stage for all; `kill` after those it must not disturb. Where nobody takes turns, three rounds are enough.
ON_STAGE: dict[str, Callable[[Stage, argparse.Namespace], Awaitable[Result]]] = {
    "idle": lambda stage, options: idle.measure(stage, options.rounds),
    "freed": lambda stage, options: freed.measure(stage, options.rounds),
    "refusal": lambda stage, options: refusal.measure(stage, options.rounds),
    "burst": lambda stage, options: burst.measure(stage, options.rounds),
    "waiting": lambda stage, options: waiting.measure(stage, options.rounds),
    "cpu": lambda stage, options: cpu.measure(stage, options.rounds),
    "recorded": lambda stage, options: recorded.measure(stage, options.rounds),
    "dashboards": lambda stage, options: dashboards.measure(stage, min(3, options.rounds)),
    "sustained": lambda stage, options: sustained.measure(stage, options.rates, options.minutes),
    "kill": lambda stage, options: kill.measure(stage, min(3, options.rounds)),
}
# Each with homes of its own, in a folder.
ALONE: dict[str, Callable[[Path, argparse.Namespace], Awaitable[Result]]] = {
    "cold": lambda folder, options: cold.measure(folder, options.rounds),
    "hundred_thousand": lambda folder, options: hundred_thousand.measure(folder, options.calls),
}
