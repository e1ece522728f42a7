"""Which Asterisk there is on this machine: the system's when new enough, else the private one of `make run`."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from contact_centre.settings import CHECKOUT
from voice_core.errors import UnavailableError

# Older ones have holes: GHSA-vrfp-mg3q-3959, GHSA-wcvv-g26m-wx5c, CVE-2026-57191.
OLDEST = (22, 10, 1)
PRIVATE = CHECKOUT / ".local" / "asterisk"
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


def find_asterisk(private: Path = PRIVATE, path: str | None = None) -> Installation:
    """Raises UnavailableError saying what to do when there is none, or only an old one. `path`: instead of PATH."""
    seen: list[str] = []
    system = shutil.which("asterisk", path=path)
    roots = [(Path(system), Path("/"))] if system else []
    roots.append((private / "run", private))
    for program, root in roots:
        version = version_of(program)
        if version is None:
            continue
        if version < OLDEST:
            seen.append(f"{program} is {_dotted(version)}")
            continue
        modules = next(iter(sorted(root.glob("usr/lib*/**/asterisk/modules"))), None)
        data = next(
            (data for data in (root / "usr/share/asterisk", root / "var/lib/asterisk") if data.is_dir()), None
        )
        if modules is not None and data is not None:
            return Installation(program, version, modules, data)
        seen.append(f"{program} has no modules or sounds beside it")
    found = f" ({'; '.join(seen)})" if seen else ""
    raise UnavailableError(
        f"no Asterisk {_dotted(OLDEST)} or later{found}: run `make asterisk`, or install one on PATH"
    )


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


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def find_espeak(private: Path = CHECKOUT / ".local" / "espeak-ng") -> str | None:
    """The synthesiser: the system's, else the private one of `make run`; None where there is neither."""
    if (system := shutil.which("espeak-ng")) is not None:
        return system
    return str(private / "run") if (private / "run").exists() else None
