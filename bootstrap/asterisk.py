"""A private Asterisk: the system's own when it is new enough, else Debian unstable's in `.local/asterisk`."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrap import debian
from bootstrap.progress import BootstrapError, say, step

# Older ones have holes: GHSA-vrfp-mg3q-3959, GHSA-wcvv-g26m-wx5c, CVE-2026-57191.
OLDEST = (22, 10, 1)
PACKAGES = (
    "asterisk",
    "asterisk-core-sounds-es-wav",
    "asterisk-core-sounds-en-wav",
    "asterisk-moh-opsound-wav",
)
# Dependencies of Debian's maintainer scripts, not of the program.
LEFT_OUT = (
    "adduser", "base-passwd", "debconf", "dirmngr", "gnupg*", "gpg*", "libaudit*", "libdb5*", "libpam*", "libperl*",
    "libsemanage*", "login.defs", "passwd", "pci.ids", "perl*", "pinentry*", "tzdata",
)  # fmt: skip
NOT_NEEDED = (
    "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian", "usr/share/bash-completion",
    "usr/share/perl5", "etc", "var", "usr/sbin/adsistutils",
)  # fmt: skip
START_TIMEOUT_S = 20


def install(checkout: Path) -> Path:
    """Make sure an Asterisk is there; returns the program to run. Raises BootstrapError."""
    found = shutil.which("asterisk")
    if found is not None and (version_of(Path(found)) or (0,)) >= OLDEST:
        return Path(found)
    home = checkout / ".local" / "asterisk"
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / "asterisk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two `make run` at once: the second waits and finds it done
        if (version_of(home / "run") or (0,)) < OLDEST:
            with step("Asterisk (private copy, once)"):
                _install_private(home)
    return home / "run"


def version_of(program: Path) -> tuple[int, ...] | None:
    """(22, 10, 1), or None where it is not there, does not start, or says something else."""
    try:
        done = subprocess.run(
            [program, "-V"],
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"Asterisk (?:certified/)?(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(int(part) for part in found.groups()) if found else None


def _install_private(home: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="asterisk.new-", dir=home.parent) as folder:
        root = Path(folder) / "asterisk"
        root.mkdir()
        debian.unpack(PACKAGES, root, "unstable", leave_out=LEFT_OUT)
        for name in NOT_NEEDED:
            shutil.rmtree(root / name, ignore_errors=True)
        _localise_links(root)
        debian.write_launcher(root, "usr/sbin/asterisk")
        version = version_of(root / "run")
        if version is None or version < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise BootstrapError(
                f"the mirror's Asterisk is {version}: {oldest} or later is needed; install one on PATH"
            )
        (root / "version.json").write_text(
            json.dumps({"asterisk": ".".join(map(str, version))}), encoding="utf-8"
        )
        if home.exists():
            shutil.rmtree(home)
        root.rename(home)


def _localise_links(root: Path) -> None:
    """Links that name places of a whole system are made to name the same places in here; `share` is a short cut."""
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            link = Path(folder) / name
            if link.is_symlink() and (target := str(link.readlink())).startswith("/"):
                inside = root / target.lstrip("/")
                link.unlink()
                if inside.exists():
                    link.symlink_to(os.path.relpath(inside, link.parent))
    (root / "share").symlink_to("usr/share")
    sounds = root / "share/asterisk/sounds"
    for language in ("es", "en"):  # Debian's alternatives make these on a whole system
        voice = next(iter(sorted(sounds.glob(f"{language}_*"))), None)
        if voice is not None and not (sounds / language).exists():
            (sounds / language).symlink_to(voice.name)


def main() -> int:
    """`python3 -m bootstrap.asterisk`: for whoever wants only this step."""
    try:
        say(f"Asterisk: {install(Path(__file__).resolve().parent.parent)}")
    except BootstrapError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
