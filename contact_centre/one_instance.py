"""One running centre a home: two would both believe they own its calls (house law 6). And one writer a folder."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO

from voice_core.errors import UnavailableError, UnwritableError

NAME = "centralita.lock"
WRITING = "writing.lock"


@contextmanager
def one_instance(home: Path) -> Iterator[None]:
    """Held while the context is open; the kernel lets go of it however the process ends. Raises UnavailableError."""
    with _opened(home, NAME) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            reason = (
                f"{home} is in use by another Centralita: stop it, or set CENTRALITA_HOME to another folder."
            )
            raise UnavailableError(reason) from None
        yield


@asynccontextmanager
async def alone_with(folder: Path) -> AsyncIterator[None]:
    """Nobody else who asks this way writes there while the context is open; waits for its turn. Raises UnwritableError."""
    with _opened(folder, WRITING) as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


def _opened(folder: Path, name: str) -> IO[str]:
    """A file to lock. Raises UnwritableError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (folder / name).open("w", encoding="ascii")
    except OSError as error:
        raise UnwritableError(folder, error.strerror) from error
