"""What every measure shares: turns in alternating order, percentiles, verdicts, and the surroundings of a run."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "benchmarks"
OURS = "centralita"
NATIVE = "app_queue"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target of the table: what was asked, what came out."""

    target: str
    found: str
    met: bool

    def __str__(self) -> str:
        return f"{'met   ' if self.met else 'MISSED'} {self.target}: {self.found}"


@dataclass(slots=True)
class Result:
    """`samples`: case → contender → values in `unit`; less is better in all of them."""

    measure: str
    title: str
    unit: str
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    note: str = ""

    def add(self, case: str, who: str, values: Sequence[float]) -> None:
        self.samples.setdefault(case, {}).setdefault(who, []).extend(values)

    def of(self, case: str, who: str = OURS) -> list[float]:
        """Raises LookupError when nothing was measured: a verdict over nothing would be a lie."""
        values = self.samples.get(case, {}).get(who, [])
        if not values:
            raise LookupError(f"{self.measure}: nothing was measured of {who} for {case}")
        return values

    def judge(self, target: str, found: float, limit: float, unit: str | None = None) -> None:
        """`found` must be at most `limit`."""
        unit = unit or self.unit
        self.verdicts.append(Verdict(target, f"{found:.2f} of at most {limit:.2f} {unit}", found <= limit))

    @property
    def met(self) -> bool:
        return bool(self.verdicts) and all(verdict.met for verdict in self.verdicts)


def alternating(rounds: int) -> Iterator[tuple[int, str]]:
    """(round, contender): whoever began is second in the next round, so that drift falls on both alike."""
    for turn in range(rounds):
        for who in (OURS, NATIVE) if turn % 2 == 0 else (NATIVE, OURS):
            yield turn, who


def at(values: Sequence[float], percent: float) -> float:
    """The percentile by nearest rank: of few values, the p99 is the worst."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def summary(values: Sequence[float]) -> dict[str, float]:
    shown = {"median": median(values), "p95": at(values, 95), "p99": at(values, 99), "worst": max(values)}
    return {"n": len(values), **{name: round(value, 3) for name, value in shown.items()}}


def surroundings() -> dict[str, Any]:
    """Machine, versions, load and date: what a figure means nothing without."""
    models = (
        line.split(":", 1)[1].strip() for line in _read("/proc/cpuinfo").splitlines() if "model name" in line
    )
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "cores": os.cpu_count(),
        "processor": next(models, platform.machine()),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",  # not the build's own name
        "python": platform.python_version(),
        "asterisk": _asterisk_version(),
        "commit": _said("git", "rev-parse", "--short", "HEAD"),
        "load": round(os.getloadavg()[0], 2),
    }


def save(result: Result, before: Mapping[str, Any], rounds: int, folder: Path = RESULTS) -> Path:
    """`<measure>.json`: all that was measured, so that the table and the plot can be made anew."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.measure}.json"
    shown = asdict(result) | {
        "samples": {
            case: {who: [round(value, 3) for value in values] for who, values in contenders.items()}
            for case, contenders in result.samples.items()
        },
        "rounds": rounds,
        "surroundings": dict(before) | {"load_after": round(os.getloadavg()[0], 2)},
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
    }
    path.write_text(json.dumps(shown, ensure_ascii=False) + "\n")
    return path


def table(samples: Mapping[str, Mapping[str, Sequence[float]]], unit: str) -> str:
    """Markdown: a line for each case and contender."""
    lines = [f"| {unit} | | n | median | p95 | p99 | worst |", "|---|---|---|---|---|---|---|"]
    for case, contenders in samples.items():
        for who, values in contenders.items():
            cells = summary(values)
            figures = " | ".join(f"{cells[name]:.2f}" for name in ("median", "p95", "p99", "worst"))
            lines.append(f"| {case} | {who} | {cells['n']} | {figures} |")
    return "\n".join(lines)


def _asterisk_version() -> str:
    said = _said(str(ROOT / ".local" / "asterisk" / "run"), "-V")
    return said.removeprefix("Asterisk ").split("+", 1)[0]


def _said(*command: str) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=20
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
