"""Programs the tests drive: a browser, SIPp, PostgreSQL, Redis, openssl. Debian's packages: without root they are named."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bootstrap.progress import BootstrapError, say, step
from bootstrap.run import run

# program, or library → Debian package
TOOLS = {
    "chromium": "chromium",
    "sipp": "sip-tester",
    "initdb": "postgresql",
    "redis-check-rdb": "redis-tools",  # the same program as redis-server, without its service
    "openssl": "openssl",
    "libatomic.so.1": "libatomic1",  # what drives the browser (Playwright's own Node) is linked against it
}
LIBRARIES = Path("/usr/lib")
POSTGRES_PROGRAMS = Path("/usr/lib/postgresql")  # Debian keeps PostgreSQL's server programs off the path
CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.conf")
TIMEOUT_S = 1200


def install(_checkout: Path) -> None:
    """Raises BootstrapError naming what to install."""
    missing = [package for program, package in TOOLS.items() if not _is_there(program)]
    if not missing:
        return
    names = " ".join(missing)
    root = _as_root()
    if root is None or shutil.which("apt-get") is None:
        raise BootstrapError(f"the tests need {names}: as root, `apt-get install {names}`")
    say(f"installing on this system, for the tests: {names}")
    with step(f"Debian packages {names}"):
        run([*root, "apt-get", "-q", "update"], timeout_s=TIMEOUT_S, environment=_QUIET)
        if TOOLS["initdb"] in missing:
            _apt(root, ["postgresql-common"])
            with _without_a_cluster(root):
                _apt(root, missing)
        else:
            _apt(root, missing)


_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def _is_there(program: str) -> bool:
    if ".so" in program:
        return any(LIBRARIES.glob(f"*/{program}"))
    return shutil.which(program) is not None or any(POSTGRES_PROGRAMS.glob(f"*/bin/{program}"))


def _apt(root: Sequence[str], packages: Sequence[str]) -> None:
    run(
        [*root, "apt-get", "-q", "-y", "--no-install-recommends", "install", *packages],
        timeout_s=TIMEOUT_S,
        environment=_QUIET,
        remedy=f"As root: `apt-get install {' '.join(packages)}`.",
    )


@contextmanager
def _without_a_cluster(root: Sequence[str]) -> Iterator[None]:
    """The package would make and start a server of the system's; the tests start their own. Put back afterwards."""
    kept = f"{CLUSTER_SETTINGS}.centralita"
    command = f"cp -p {CLUSTER_SETTINGS} {kept} && echo 'create_main_cluster = false' >> {CLUSTER_SETTINGS}"
    run([*root, "sh", "-c", command], timeout_s=10)
    try:
        yield
    finally:
        run([*root, "mv", kept, str(CLUSTER_SETTINGS)], timeout_s=10)


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    try:
        run(["sudo", "-n", "true"], timeout_s=10)
    except BootstrapError:
        return None
    return ["sudo", "-n"]
