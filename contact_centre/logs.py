"""Structured logs to standard error: JSON for machines, lines for people. An interaction's id is bound to its task.

Personal data goes under keys that begin with `pii.`; secrets, digits and transcripts nowhere.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any

import structlog
import structlog.stdlib

_NEVER = frozenset({"password", "secret", "token", "digits", "csrf", "authorization", "cookie"})


def set_up_logs(level: str, *, as_json: bool) -> None:
    """Once a process, before anything logs. `level`: debug, info, warning, error."""
    threshold = getattr(logging, level.upper())
    first: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        # plain: the richer kind prints local variables, and callers' numbers and secrets with them
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    _set_up_libraries(max(threshold, logging.WARNING), first, last)


def _set_up_libraries(threshold: int, first: Sequence[Any], last: Sequence[Any]) -> None:
    """They log the ordinary way: in the same form as ours, and only what matters of theirs is let through."""
    outlet = logging.StreamHandler(sys.stderr)
    outlet.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=threshold, handlers=[outlet], force=True)
    logging.captureWarnings(capture=True)


def _without_secrets(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name in fields:
        if name.lower() in _NEVER:
            fields[name] = "…"
    return fields
