"""Two questions about a small directed graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Ways = Callable[[str], set[str]]


def reachable(starts: Iterable[str], ways: Ways) -> set[str]:
    seen: set[str] = set()
    pending = list(starts)
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending.extend(ways(node))
    return seen


def loops(nodes: set[str], ways: Ways) -> list[set[str]]:
    """The groups of `nodes` in which one can go round for ever without leaving `nodes`."""

    def inside(node: str) -> set[str]:
        return ways(node) & nodes

    after = {node: reachable(inside(node), inside) for node in nodes}
    found: list[set[str]] = []
    for node in sorted(nodes):
        if node in after[node] and not any(node in group for group in found):
            found.append({other for other in after[node] if node in after[other]})
    return found
