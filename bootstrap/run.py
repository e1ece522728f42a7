"""Runs one program of a step; its failure becomes a sentence with its last lines."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bootstrap.progress import BootstrapError

LAST_LINES = 8


def run(
    command: Sequence[str | Path],
    *,
    timeout_s: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    remedy: str = "",
) -> str:
    """Standard output. Raises BootstrapError when it is missing, fails, or takes more than `timeout_s`."""
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            timeout=timeout_s,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise BootstrapError(f"`{name}` took more than {timeout_s:.0f} s. {remedy}".strip()) from error
    except OSError as error:
        raise BootstrapError(f"`{name}` cannot be run: {error.strerror}. {remedy}".strip()) from error
    if done.returncode != 0:
        last = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-LAST_LINES:])
        raise BootstrapError(f"`{name}` failed. {remedy}\n{last}".strip())
    return done.stdout
