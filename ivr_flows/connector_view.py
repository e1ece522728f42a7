"""What a flow needs to know of an institution's own systems to be checked; how they are reached is not its business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperationView:
    """`changes`: something is different afterwards, so it is done with `act` and never looked up."""

    arguments: frozenset[str] = frozenset()
    results: frozenset[str] = frozenset()
    changes: bool = False


ConnectorViews = Mapping[str, Mapping[str, OperationView]]  # by connector, by operation
