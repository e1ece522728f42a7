"""Files that are there whole or not at all: a full disk or a kill in the middle leaves nothing half written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def create_whole(path: Path, text: str) -> None:
    """Make `path` with `text` (UTF-8), readable by its owner only; one that is there already is left as it is.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A link never goes over an existing file: two first starts at once agree on one.
    with _beside(path, text) as whole, suppress(FileExistsError):
        os.link(whole, path)


def replace_whole(path: Path, text: str) -> None:
    """The same, in the place of one that is there. Raises OSError."""
    with _beside(path, text) as whole:
        whole.replace(path)


@contextmanager
def _beside(path: Path, text: str) -> Iterator[Path]:
    """A synced file in the same folder, gone afterwards unless it was given its name."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # 0600 from the start
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
