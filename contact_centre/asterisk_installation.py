"""Which Asterisk there is on this machine: the system's when new enough and whole, else the private one of `make run`.

Standard library only: the bootstrap asks here before anything is installed, so that both always mean the same one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from voice_core.errors import UnavailableError

# Older ones have holes: GHSA-vrfp-mg3q-3959, GHSA-wcvv-g26m-wx5c, CVE-2026-57191.
OLDEST = (22, 10, 1)
LOCAL = Path(__file__).resolve().parent.parent / ".local"
PRIVATE = LOCAL / "asterisk"
VERSION_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Installation:
    """A program that can be run, and the folders it came with."""

    program: Path
    version: tuple[int, ...]
    modules: Path
    data: Path  # sounds, moh, documentation, rest-api

    @property
    def api_description(self) -> Path:
        """The folder of ARI's own JSON description."""
        return self.data / "rest-api"


@dataclass(frozen=True, slots=True)
class Search:
    """`passed_over`: why each one before it will not do, in a few words a person can act on."""

    found: Installation | None
    passed_over: tuple[str, ...]


def find_asterisk(private: Path = PRIVATE, path: str | None = None) -> Installation:
    """Raises UnavailableError saying what to do when there is none, or only one that will not do. `path`: instead of PATH."""
    search = search_asterisk(private, path)
    if search.found is not None:
        return search.found
    seen = f" ({'; '.join(search.passed_over)})" if search.passed_over else ""
    raise UnavailableError(
        f"no Asterisk {dotted(OLDEST)} or later{seen}: run `make asterisk`, or install one on PATH"
    )


def search_asterisk(private: Path = PRIVATE, path: str | None = None) -> Search:
    """The system's first; one that would leave callers in silence is passed over."""
    passed_over: list[str] = []
    for program, roots in _candidates(private, path):
        version = version_of(program)
        if version is None:
            continue
        if version < OLDEST:
            passed_over.append(f"{program} is {dotted(version)}")
            continue
        whole = [root for root in roots if not _lacks(root)]
        if whole:
            return Search(_installation(program, version, whole[0]), tuple(passed_over))
        passed_over.append(f"{program} lacks {_lacks(roots[0])}")
    return Search(None, tuple(passed_over))


def _candidates(private: Path, path: str | None) -> Iterator[tuple[Path, list[Path]]]:
    """Each program, and the folders that may hold what belongs to it."""
    system = shutil.which("asterisk", path=path)
    if system is not None:
        program = Path(system)
        own = program.resolve().parents
        yield program, list(dict.fromkeys([own[min(2, len(own) - 1)], Path("/")]))
    yield private / "run", [private]


def _installation(program: Path, version: tuple[int, ...], root: Path) -> Installation:
    return Installation(program, version, _modules(root) or root, _data(root) or root)


def _lacks(root: Path) -> str:
    """What is missing beside a program; "" when nothing is."""
    modules, data = _modules(root), _data(root)
    if modules is None or data is None:
        return "its modules or its data"
    wanted = {
        "the music on hold (package asterisk-moh-opsound-wav)": "moh/*",
        "Spanish sounds (package asterisk-core-sounds-es-wav)": "sounds/es*/*",
        "ARI's description": "rest-api/*.json",
    }
    return ", ".join(name for name, files in wanted.items() if not any(data.glob(files)))


def _modules(root: Path) -> Path | None:
    places = ("usr/lib*/asterisk/modules", "usr/lib*/*/asterisk/modules")
    return next((found for place in places for found in sorted(root.glob(place))), None)


def _data(root: Path) -> Path | None:
    places = (root / "usr/share/asterisk", root / "var/lib/asterisk")
    return next((place for place in places if place.is_dir()), None)


def version_of(program: Path) -> tuple[int, ...] | None:
    """(22, 10, 1), or None when it is not there or does not start."""
    try:
        done = subprocess.run(
            [program, "-V"],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"Asterisk (?:certified/)?(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(int(part) for part in found.groups()) if found else None


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def find_espeak(private: Path = LOCAL / "espeak-ng") -> str | None:
    """The synthesiser: the system's, else the private one of `make run`; None where there is neither."""
    if (system := shutil.which("espeak-ng")) is not None:
        return system
    return str(private / "run") if (private / "run").exists() else None
