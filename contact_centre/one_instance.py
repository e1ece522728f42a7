"""One running centre a home: two would both believe they own its calls (house law 6)."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voice_core.errors import UnavailableError, UnwritableError

NAME = "centralita.lock"


@contextmanager
def one_instance(home: Path) -> Iterator[None]:
    """Held while the context is open; the kernel lets go of it however the process ends. Raises UnavailableError."""
    path = home / NAME
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = path.open("w", encoding="ascii")
    except OSError as error:
        raise UnwritableError(home, error.strerror) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            reason = (
                f"{home} is in use by another Centralita: stop it, or set CENTRALITA_HOME to another folder."
            )
            raise UnavailableError(reason) from None
        yield
