"""A small disk that can be filled: a file system in memory, mounted where a test wants it. Only root may mount."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import FileIO
from pathlib import Path

import pytest

_BLOCK = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class SmallDisk:
    folder: Path

    def fill(self) -> None:
        """Until it takes not one byte more."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (len(_BLOCK), 1):
                while _takes(file, _BLOCK[:size]):
                    pass

    def free(self) -> None:
        self._filler.unlink()

    @property
    def _filler(self) -> Path:
        return self.folder / "full"


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    if not _may_mount():
        pytest.skip("only root may mount a small disk to fill")
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "--lazy", str(folder))


def _takes(file: FileIO, block: bytes) -> bool:
    try:
        file.write(block)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True


@cache
def _may_mount() -> bool:
    command = ("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp")
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
