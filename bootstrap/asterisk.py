"""A private Asterisk: the system's own when it is new enough, else Debian unstable's in `.local/asterisk`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from bootstrap import debian
from bootstrap.progress import BootstrapError, say, step
from contact_centre.asterisk_installation import OLDEST, dotted, search_asterisk, version_of

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


def install(checkout: Path) -> Path:
    """Make sure an Asterisk is there; returns the program to run. Raises BootstrapError."""
    home = checkout / ".local" / "asterisk"
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / "asterisk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two `make run` at once: the second waits and finds it done
        search = search_asterisk(home)
        if search.found is not None:
            return search.found.program
        for reason in search.passed_over:
            say(f"{reason}: not used")
        with step("Asterisk (private copy, once)"):
            _install_private(home)
    return home / "run"


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
            raise BootstrapError(
                f"the mirror's Asterisk is {version}: {dotted(OLDEST)} or later is needed; install one on PATH"
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
