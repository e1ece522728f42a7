"""espeak-ng, which speaks the texts of flows: the system's, else a private copy in `.local/espeak-ng`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from bootstrap import debian
from bootstrap.progress import BootstrapError, step
from bootstrap.run import run

LEFT_OUT = ("debconf", "perl*", "libdb5*", "gcc-*")


def install(checkout: Path) -> Path:
    """The program to run. Raises BootstrapError."""
    if (found := shutil.which("espeak-ng")) is not None:
        return Path(found)
    home = checkout / ".local" / "espeak-ng"
    if not (home / "run").exists():
        with step("espeak-ng (private copy, once)"):
            _install_private(home)
    return home / "run"


def _install_private(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="espeak.new-", dir=home.parent) as folder:
        root = Path(folder) / "espeak-ng"
        root.mkdir()
        debian.unpack(["espeak-ng"], root, debian.machine_suite(), leave_out=LEFT_OUT)
        _join_library_folders(root)
        for name in ("doc", "man", "locale", "alsa", "lintian"):
            shutil.rmtree(root / "usr/share" / name, ignore_errors=True)
        data = next(iter(root.glob("usr/lib/**/espeak-ng-data")), None)
        if data is None:
            raise BootstrapError("espeak-ng came without its voices: install the package espeak-ng")
        where = data.parent.relative_to(root)
        launcher = debian.write_launcher(root, "usr/bin/espeak-ng", [f"ESPEAK_DATA_PATH=$here/{where}"])
        run([launcher, "-v", "es-419", "-q", "sí"], timeout_s=20, remedy="Install the package espeak-ng.")
        if home.exists():
            shutil.rmtree(home)
        root.rename(home)


def _join_library_folders(root: Path) -> None:
    """Until Debian 12 some packages still bring /lib beside /usr/lib."""
    for name in ("lib", "lib64"):
        if (root / name).is_dir() and not (root / name).is_symlink():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)
