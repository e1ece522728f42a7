"""A home folder that is full or read-only: one sentence that says what to do, and nothing half made stays.

Root may write anywhere, so permissions prove nothing where tests run as root. The home is therefore a small file
system of its own, in a mount namespace that ends with the command. Where nobody may mount, a limit on the length of
files stands for the full disk, and a folder without permission, met without capabilities, for the read-only one.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from contact_centre.centre_reading import ensure_centre_file
from contact_centre.settings import load_settings
from tests.instance import free_ports

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 90.0
NAMESPACE = (
    ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--user", "--map-root-user", "--mount")
)
AS_ANYBODY = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
# What is left in the home is copied to where the test can see it; then there is room, and it is used again.
FULL = """
mount -t tmpfs -o "size=$(( FREE_KB + 4 ))k,mode=700" tmpfs "$PLACE" && head -c 4096 /dev/zero >"$PLACE/full" || exit 99
"$@"; code=$?
cp -a "$PLACE/." "$LEFT"
rm "$PLACE/full" && mount -o remount,size=50M "$PLACE" && "$PYTHON" -m contact_centre user list --json >"$LEFT/people" || exit 99
cp "$PLACE/home/centre.yaml" "$LEFT/centre-after.yaml"
exit $code
"""
FULL_BY_LIMIT = """
( ulimit -f $(( FREE_KB * 2 + 1 )); exec "$@" ); code=$?
cp -a "$PLACE/." "$LEFT"
"$PYTHON" -m contact_centre user list --json >"$LEFT/people" || exit 99
cp "$PLACE/home/centre.yaml" "$LEFT/centre-after.yaml"
exit $code
"""
READ_ONLY = """
mount -t tmpfs -o ro tmpfs "$PLACE" || exit 99
exec "$@"
"""
FORBIDDEN = """
chmod 555 "$PLACE" || exit 99
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a command said, and what it left in the home."""

    code: int
    said: str
    left: Path


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    left: Path
    ports: Sequence[int] = field(default_factory=lambda: free_ports(5))

    async def attempt(self, script: str, home: Path, *words: str, free_kb: int = 0) -> Attempt:
        wrapped = NAMESPACE if "mount -t" in script else AS_ANYBODY if script == FORBIDDEN else ()
        command = (*wrapped, "sh", "-c", script, "sh", sys.executable, "-m", "contact_centre", *words)
        process = await asyncio.create_subprocess_exec(
            *command, env=self._environment(home, free_kb), cwd=ROOT, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(TIMEOUT_S):
            said, _ = await process.communicate()
        assert process.returncode != 99, f"the test could not make its file system: {said.decode()}"
        return Attempt(process.returncode or 0, said.decode(), self.left)

    def _environment(self, home: Path, free_kb: int) -> Mapping[str, str]:
        names = ("HTTP_PORT", "SIP_PORT", "ASTERISK_HTTP_PORT", "AMI_PORT", "TRUNK_PORT")
        ports = {f"CENTRALITA_{name}": str(port) for name, port in zip(names, self.ports, strict=True)}
        rtp = {"CENTRALITA_RTP_START": "12000", "CENTRALITA_RTP_END": "12003"}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CENTRALITA_")}
        own = {"CENTRALITA_HOME": str(home), "PLACE": str(self.folder), "LEFT": str(self.left)}
        return clean | ports | rtp | own | {"FREE_KB": str(free_kb), "PYTHON": sys.executable}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="h-") as folder:  # a home's path must be short
        (tmp_path / "left").mkdir()
        yield Place(Path(folder), tmp_path / "left")
        Path(folder).chmod(0o700)


@cache
def may_mount() -> bool:
    command = (*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", tempfile.gettempdir())
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def is_one_sentence(attempt: Attempt, home: Path) -> None:
    assert attempt.code == 1, attempt.said
    lines = attempt.said.strip().splitlines()
    assert len(lines) == 1, attempt.said
    for words in (str(home), "libere espacio o devuelva la carpeta", "free some space", "CENTRALITA_HOME"):
        assert words in lines[0]


def no_process_of(home: Path) -> None:
    wanted, mine = os.fsencode(f"CENTRALITA_HOME={home}"), []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                mine.append((path.parent / "cmdline").read_bytes())
        except OSError:
            continue
    assert mine == []


@pytest.mark.parametrize("words", [("up",), ("user", "add", "rosa")], ids=["up", "user add"])
async def test_a_read_only_home(place: Place, words: tuple[str, ...]) -> None:
    attempt = await place.attempt(READ_ONLY if may_mount() else FORBIDDEN, place.folder, *words)
    is_one_sentence(attempt, place.folder)
    no_process_of(place.folder)


async def test_a_home_without_permission(place: Place) -> None:
    attempt = await place.attempt(FORBIDDEN, place.folder, "up")
    is_one_sentence(attempt, place.folder)
    assert list(place.folder.iterdir()) == []
    no_process_of(place.folder)


@pytest.mark.parametrize(
    ("words", "free_kb", "stopped_at"),
    [
        (("up",), 0, "centre.yaml"),
        (("up",), 300, ""),  # on the way: where, the sizes of the day decide
        (("user", "add", "rosa"), 0, "centre.yaml"),
    ],
)
async def test_a_full_home(place: Place, words: tuple[str, ...], free_kb: int, stopped_at: str) -> None:
    home, script = place.folder / "home", FULL if may_mount() else FULL_BY_LIMIT
    attempt = await place.attempt(script, home, *words, free_kb=free_kb)
    is_one_sentence(attempt, home / stopped_at)
    is_clean(attempt, place)


async def test_a_home_where_no_file_may_grow(place: Place) -> None:
    home = place.folder / "home"
    attempt = await place.attempt(FULL_BY_LIMIT, home, "up")
    is_one_sentence(attempt, home / "centre.yaml")
    is_clean(attempt, place)


def is_clean(attempt: Attempt, place: Place) -> None:
    """What there is, is whole: the operator's file is there or not, and once there is room all goes on from here."""
    home = attempt.left / "home"
    assert list(home.rglob(".*")) == []
    assert all(path.stat().st_size > 0 for path in home.glob("*.yaml"))
    demo = ensure_centre_file(load_settings({"CENTRALITA_HOME": str(attempt.left / "demo")})).read_text()
    port = place.ports[4]
    assert (attempt.left / "centre-after.yaml").read_text() == demo.replace("port: 5170", f"port: {port}")
    assert (attempt.left / "people").read_text().startswith("[")
    no_process_of(place.folder / "home")
