"""What was done is remembered by the hash of what it was done from, so that a second start takes seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


class Stamp:
    """`.local/stamps/<name>`; holds the hash of the last successful run."""

    def __init__(self, checkout: Path, name: str) -> None:
        self._path = checkout / ".local" / "stamps" / name

    def holds(self, digest: str) -> bool:
        try:
            return self._path.read_text(encoding="ascii") == digest
        except OSError:
            return False

    def set(self, digest: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(digest, encoding="ascii")

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)


def digest_of(paths: Iterable[Path], *words: str) -> str:
    """SHA-256 of names and contents of files; of whatever `words` add."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"\0{path}\0{content}".encode())
    return total.hexdigest()
