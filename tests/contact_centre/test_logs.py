"""Logs as a machine reads them: every line JSON, whoever wrote it; secrets nowhere."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

PROGRAM = """
import logging, warnings
import structlog
from contact_centre.logs import set_up_logs

set_up_logs("info", as_json={as_json})
log = structlog.get_logger("ours")
with structlog.contextvars.bound_contextvars(interaction="01abc"):
    log.info("contact_opened", password="hunter2", **{{"pii.from": "0991234567"}})
    logging.getLogger("asyncio").warning("late by %d ms", 70)
logging.getLogger("sqlalchemy").info("too much")
warnings.warn("old ways", DeprecationWarning)
try:
    raise ValueError("first line\\nsecond line")
except ValueError:
    log.exception("ours_failed")
    logging.getLogger("aiohttp").exception("theirs failed")
"""


async def written(*, as_json: bool) -> list[str]:
    """The lines on standard error of a program that logs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "always", "-c", PROGRAM.format(as_json=as_json),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert (process.returncode, out) == (0, b"")
    return err.decode().splitlines()


async def test_every_line_is_json_the_libraries_too() -> None:
    lines: list[dict[str, Any]] = [json.loads(line) for line in await written(as_json=True)]
    ours, late, warning, failed, theirs = lines
    assert (ours["event"], ours["interaction"], ours["level"]) == ("contact_opened", "01abc", "info")
    assert (ours["pii.from"], ours["password"]) == ("0991234567", "…")
    assert (late["event"], late["logger"], late["interaction"]) == ("late by 70 ms", "asyncio", "01abc")
    assert (late["level"], "timestamp" in late) == ("warning", True)
    assert "old ways" in warning["event"]
    for line in (failed, theirs):
        assert "ValueError: first line\nsecond line" in line["exception"]
    assert (failed["event"], theirs["event"]) == ("ours_failed", "theirs failed")


async def test_people_read_lines_of_words() -> None:
    lines = await written(as_json=False)
    assert any("contact_opened" in line and "interaction=01abc" in line for line in lines)
    assert any("late by 70 ms" in line for line in lines)
    assert not any("hunter2" in line or "too much" in line for line in lines)
    with pytest.raises(json.JSONDecodeError):
        json.loads(lines[0])
