"""Structured logs to standard error: JSON for machines, lines for people. An interaction's id is bound to its task.

Personal data goes under keys that begin with `pii.`; secrets, digits and transcripts nowhere.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NEVER = frozenset({"password", "secret", "token", "digits", "csrf", "authorization", "cookie"})


def set_up_logs(level: str, *, as_json: bool) -> None:
    """Once a process, before anything logs. `level`: debug, info, warning, error."""
    threshold = getattr(logging, level.upper())
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        # plain: the richer kind prints local variables, and callers' numbers and secrets with them
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_secrets,
            structlog.processors.StackInfoRenderer(),
            *([structlog.processors.format_exc_info] if as_json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Libraries log the ordinary way; only what matters of theirs is let through.
    logging.basicConfig(level=max(threshold, logging.WARNING), stream=sys.stderr)


def _without_secrets(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name in fields:
        if name.lower() in _NEVER:
            fields[name] = "…"
    return fields
