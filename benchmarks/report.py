"""docs/benchmarks.md and .svg, from the figures of docs/benchmarks/*.json. No library: a plot of bars is little text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contest import NATIVE, OURS, RESULTS, table
from benchmarks.measures import ALONE, ON_STAGE

BEGIN, END = "<!-- figures: written by `make bench` -->", "<!-- /figures -->"
_BAR, _GAP, _LABEL, _WIDTH = 14, 26, 330, 420
_COLOURS = {OURS: "#1971c2", NATIVE: "#868e96"}


def write(docs: Path) -> None:
    """Between the two marks of benchmarks.md, and the plot beside it. What was not measured keeps its older figures."""
    results = list(_results(docs / RESULTS.name))
    page = docs / "benchmarks.md"
    text = page.read_text() if page.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{_figures(results)}\n{END}{after}")
    (docs / "benchmarks.svg").write_text(_plot(results))


def _results(folder: Path) -> Iterator[dict[str, Any]]:
    for name in (*ON_STAGE, *ALONE):
        path = folder / f"{name}.json"
        if path.exists():
            yield json.loads(path.read_text())


def _figures(results: Sequence[dict[str, Any]]) -> str:
    lines = ["![medians, ours beside app_queue](benchmarks.svg)", ""]
    for result in results:
        lines += [
            f"### {result['title']}",
            "",
            _where(result),
            "",
            table(result["samples"], result["unit"]),
            "",
        ]
        lines += [
            f"- {'met' if verdict['met'] else '**missed**'}: {verdict['target']}: {verdict['found']}"
            for verdict in result["verdicts"]
        ]
        lines += [result["note"]] if result["note"] else []
        lines.append("")
    return "\n".join(lines).rstrip()


def _where(result: dict[str, Any]) -> str:
    at = result["surroundings"]
    return (
        f"{at['date']} · {at['cores']} cores, {at['processor']} · load {at['load']} before, {at['load_after']} after · "
        f"Asterisk {at['asterisk']}, Python {at['python']}, {at['system']} · commit {at['commit']} · `{result['command']}`"
    )


def _plot(results: Sequence[dict[str, Any]]) -> str:
    """One row a case: bars as long as the medians, each row in its own scale."""
    parts, top = [], 30
    for result in results:
        for case, contenders in result["samples"].items():
            middles = {who: median(values) for who, values in contenders.items()}
            most = max(middles.values()) or 1.0
            label = escape(f"{result['measure']}: {case}")
            parts.append(f'<text x="{_LABEL - 8}" y="{top + 12}" text-anchor="end">{label}</text>')
            for who, middle in middles.items():
                wide = max(1.0, _WIDTH * middle / most)
                colour = _COLOURS.get(who, _COLOURS[OURS])
                parts.append(
                    f'<rect x="{_LABEL}" y="{top}" width="{wide:.1f}" height="{_BAR}" fill="{colour}"/>'
                )
                words = escape(f"{who} {middle:.2f} {result['unit']}")
                parts.append(f'<text x="{_LABEL + wide + 6:.1f}" y="{top + 12}">{words}</text>')
                top += _BAR + 2
            top += _GAP - _BAR
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABEL + _WIDTH + 220}" height="{top}" '
        'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n'
        f'<text x="{_LABEL}" y="18" font-weight="bold">Medians; shorter is better, each row in its own scale</text>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"
