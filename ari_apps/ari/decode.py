"""Tolerant reading of Asterisk's JSON: what is absent or of the wrong kind becomes neutral, never an error.

Fields that Asterisk's description calls required decode to `""`, `0`, `False`, `()`, `{}` or `EPOCH` when
they are missing; optional ones to `None`. The generated `models` and `events` are built from these.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


def maybe_text(value: Any) -> str | None:
    return None if value is None else text(value)


def whole(value: Any) -> int:
    """An integer; Asterisk sends some as strings or floats."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def maybe_whole(value: Any) -> int | None:
    return None if value is None else whole(value)


def real(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def maybe_real(value: Any) -> float | None:
    return None if value is None else real(value)


def flag(value: Any) -> bool:
    return value is True or value == "true"


def maybe_flag(value: Any) -> bool | None:
    return None if value is None else flag(value)


def moment(value: Any) -> datetime:
    """An aware UTC time from Asterisk's `2026-11-22T05:37:07.123+0000`; `EPOCH` when unreadable."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return EPOCH
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def maybe_moment(value: Any) -> datetime | None:
    return None if value is None else moment(value)


def record(value: Any) -> Mapping[str, Any]:
    """A JSON object; anything else reads as an empty one."""
    return value if isinstance(value, dict) else {}


def maybe_record(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def items(value: Any) -> list[Any]:
    """A JSON array; anything else reads as an empty one."""
    return value if isinstance(value, list) else []
