"""Debian packages in a private folder: apt with its own state, `dpkg-deb -x`; no root, nothing on the system changes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrap.progress import BootstrapError, say
from bootstrap.run import run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEEPEST_LIBRARY = 4  # folders: usr/lib/<machine>/<one more>
DOWNLOAD_TIMEOUT_S = 1200
UNPACK_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Source:
    """One archive: its address, and the suite to read."""

    uri: str
    suite: str


def unpack(
    names: Sequence[str], into: Path, suite: str, *, leave_out: Collection[str] = (), alone: bool = False
) -> None:
    """Download `names` of `suite` with all they depend on, check the signatures, unpack them into `into`.

    `leave_out` names packages (and, with a final `*`, beginnings) that are not wanted although depended on;
    `alone` leaves out all of those. Raises BootstrapError.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise BootstrapError(
                f"{tool} is missing: this machine is not Debian; install {', '.join(names)} yourself"
            )
    if not KEYRING.exists():
        raise BootstrapError(
            f"{KEYRING} is missing, so {', '.join(names)} cannot be checked: install the package debian-archive-keyring"
        )
    source = Source(machine_mirror(names), suite)
    with tempfile.TemporaryDirectory(prefix="centralita-apt-") as folder:
        apt = _PrivateApt(Path(folder), source)
        say(f"  reading Debian's list of packages ({suite})")
        apt.update()
        closure = list(names) if alone else apt.closure(names)
        wanted = [name for name in closure if not _left_out(name, leave_out)]
        say(f"  downloading {len(wanted)} packages")
        archives = apt.download(wanted)
        say(f"  unpacking {len(archives)} packages")
        for archive in archives:
            run(["dpkg-deb", "-x", str(archive), str(into)], timeout_s=UNPACK_TIMEOUT_S)


def machine_mirror(wanted: Sequence[str], etc: Path = Path("/etc/apt")) -> str:
    """The Debian mirror this machine already uses: an institution's own mirror keeps being the one asked.

    Raises BootstrapError, naming the packages `wanted`.
    """
    codename = machine_suite()
    candidates = [
        source
        for source in machine_sources(etc)
        if source.uri.startswith(("http", "file:", "cdrom:", "mirror"))
    ]
    for source in candidates:
        if source.suite == codename:
            return source.uri
    for source in candidates:
        if source.suite in {"stable", "testing", "unstable", "sid"}:
            return source.uri
    raise BootstrapError(
        f"no Debian mirror in {etc}: name one there, or install {', '.join(wanted)} yourself"
    )


def machine_suite() -> str:
    """The suite of this machine's own Debian, `bookworm` for one."""
    return _os_release().get("VERSION_CODENAME") or "stable"


def write_launcher(root: Path, program: str, settings: Sequence[str] = ()) -> Path:
    """`<root>/run`: runs `program` of an unpacked folder with that folder's C library.

    `settings` are `NAME=value` set first; `$here` in them is the folder. Raises BootstrapError.
    """
    loader = next(iter(sorted(root.glob("usr/lib*/**/ld-linux-*.so.*"))), None)
    if loader is None:
        raise BootstrapError(
            f"the packages brought no ld-linux: this processor is not supported, install {program}"
        )
    folders = {path.parent.relative_to(root) for path in root.glob("usr/lib/**/lib*.so*") if path.is_file()}
    libraries = ":".join(
        f"$here/{folder}" for folder in sorted(folders) if len(folder.parts) <= DEEPEST_LIBRARY
    )
    launcher = root / "run"
    launcher.write_text(
        "#!/bin/sh\n"
        "# Runs this folder's program with this folder's C library.\n"
        'here=$(dirname "$(readlink -f "$0")")\n'
        + "".join(f'export {setting.replace("=", "=" + chr(34), 1)}"\n' for setting in settings)
        + f'exec "$here/{loader.relative_to(root)}" --library-path "{libraries}" "$here/{program}" "$@"\n',
        encoding="utf-8",
    )
    launcher.chmod(0o755)
    return launcher


def machine_sources(etc: Path) -> Iterator[Source]:
    """Every archive named in sources.list and sources.list.d, both notations."""
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".sources":
            yield from _deb822(text)
        elif path.suffix == ".list":
            yield from _one_line(text)


def _one_line(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if not words or words[0] != "deb":
            continue
        rest = words[1:]
        while rest and rest[0].startswith("["):
            while rest and not rest[0].endswith("]"):
                rest = rest[1:]
            rest = rest[1:]
        if len(rest) >= 2 and "main" in rest[2:]:
            yield Source(rest[0], rest[1])


def _deb822(text: str) -> Iterator[Source]:
    for stanza in text.replace("\r", "").split("\n\n"):
        fields: dict[str, str] = {}
        last = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[last] = fields.get(last, "") + " " + line.strip()
            elif ":" in line:
                last, value = line.split(":", 1)
                last = last.strip().lower()
                fields[last] = value.strip()
        if fields.get("enabled", "yes") == "no" or "deb" not in fields.get("types", "").split():
            continue
        if "main" not in fields.get("components", "").split():
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield Source(uri, suite)


class _PrivateApt:
    """apt-get with state, cache and sources of its own."""

    def __init__(self, folder: Path, source: Source) -> None:
        self._archives = folder / "archives"
        for name in ("state/lists/partial", "cache/archives/partial", "parts", "archives"):
            (folder / name).mkdir(parents=True)
        (folder / "state/status").touch()  # an empty machine: every dependency is then downloaded
        sources = folder / "sources.list"
        sources.write_text(f"deb [signed-by={KEYRING}] {source.uri} {source.suite} main\n", encoding="utf-8")
        options = {
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "state/status",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": sources,
            "Dir::Etc::sourceparts": folder / "parts",
            "Dir::Etc::preferences": folder / "none",
            "Dir::Etc::preferencesparts": folder / "parts",
            # Mirrors of unstable may lag behind the index's date; its signature is still checked.
            "Acquire::Check-Valid-Until": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "APT::Update::Post-Invoke-Success": "",
            "APT::Get::AllowUnauthenticated": "false",
        }
        self._command = ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items())]

    def update(self) -> None:
        run([*self._command, "-oAPT::Update::Error-Mode=any", "update"], timeout_s=DOWNLOAD_TIMEOUT_S)

    def closure(self, names: Sequence[str]) -> list[str]:
        """`names` and everything they need, in apt's order."""
        output = run([*self._command, "-s", "install", *names], timeout_s=UNPACK_TIMEOUT_S)
        return [line.split()[1] for line in output.splitlines() if line.startswith("Inst ")]

    def download(self, names: Sequence[str]) -> list[Path]:
        run([*self._command, "download", *names], timeout_s=DOWNLOAD_TIMEOUT_S, folder=self._archives)
        return sorted(self._archives.glob("*.deb"))


def _left_out(name: str, leave_out: Iterable[str]) -> bool:
    return any(name == rule or (rule.endswith("*") and name.startswith(rule[:-1])) for rule in leave_out)


def _os_release() -> dict[str, str]:
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {name: value.strip().strip('"') for name, value in pairs}
