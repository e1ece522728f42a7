"""The steps of a first start that can be judged without installing anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import asterisk, debian, panel, python, test_tools
from bootstrap.progress import BootstrapError
from bootstrap.run import run
from bootstrap.stamp import Stamp, digest_of
from contact_centre.asterisk_installation import find_asterisk, search_asterisk
from voice_core.errors import UnavailableError

ROOT = Path(__file__).resolve().parents[2]


def test_sources_are_read_in_both_notations(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(
        "# deb file:/old stable main\ndeb-src file:/src bookworm main\n"
        "deb [arch=amd64 signed-by=/k] file:/one bookworm main contrib\n"
    )
    (tmp_path / "sources.list.d" / "debian.sources").write_text(
        "Types: deb\nURIs: file:/two\nSuites: bookworm bookworm-updates\nComponents: main\n"
        "\nTypes: deb\nEnabled: no\nURIs: file:/off\nSuites: bookworm\nComponents: main\n"
        "\nTypes: deb\nURIs: file:/other\nSuites: nodistro\nComponents: other\n"
    )
    (tmp_path / "sources.list.d" / "debian.sources.bak").write_text(
        "Types: deb\nURIs: file:/no\nSuites: x\nComponents: main\n"
    )
    found = [(source.uri, source.suite) for source in debian.machine_sources(tmp_path)]
    assert found == [("file:/one", "bookworm"), ("file:/two", "bookworm"), ("file:/two", "bookworm-updates")]


@pytest.mark.parametrize("wanted", [list(asterisk.PACKAGES), ["espeak-ng"], ["python3-pip-whl"]])
def test_without_apt_a_keyring_or_a_mirror_it_names_what_to_install(
    wanted: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ", ".join(wanted)
    with pytest.raises(BootstrapError, match=f"no Debian mirror in .*install {names} yourself"):
        debian.machine_mirror(wanted, tmp_path)
    with monkeypatch.context() as changed:
        changed.setattr(debian, "KEYRING", tmp_path / "no-keyring.gpg")
        with pytest.raises(
            BootstrapError, match=f"{names} cannot be checked: install the package debian-archive"
        ):
            debian.unpack(wanted, tmp_path, "unstable")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BootstrapError, match=f"apt-get is missing: .*install {names} yourself"):
        debian.unpack(wanted, tmp_path, "unstable")
    assert list(tmp_path.iterdir()) == []


def test_without_root_the_tests_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_tools, "TOOLS", {"no-such-program": "some-package", "nor-this": "another"})
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BootstrapError, match="as root, `apt-get install some-package another`"):
        test_tools.install(tmp_path)


def test_a_python_without_pip_on_no_debian_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho 'No module named pip' >&2; exit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(BootstrapError, match="pip is missing: install python3-pip and python3-venv"):
        python._pip(tmp_path, tmp_path / "venv-python")


def system_asterisk(root: Path, *parts: str) -> Path:
    """A system's Asterisk that is new enough, with these parts beside it; the folder for PATH."""
    program = root / "usr" / "sbin" / "asterisk"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'Asterisk 22.11.0'\n")
    program.chmod(0o755)
    for part in parts:
        (root / "usr" / part).parent.mkdir(parents=True, exist_ok=True)
        (root / "usr" / part).touch()
    return program.parent


WHOLE = (
    "lib/x86_64-linux-gnu/asterisk/modules/chan_pjsip.so", "share/asterisk/rest-api/channels.json",
    "share/asterisk/moh/music.wav", "share/asterisk/sounds/es_MX/hello.wav",
)  # fmt: skip


def test_a_systems_asterisk_that_is_new_and_whole_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = system_asterisk(tmp_path, *WHOLE)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    assert asterisk.install(tmp_path / "checkout") == folder / "asterisk"
    found = find_asterisk(tmp_path / "none", path=f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert (found.program, found.data) == (folder / "asterisk", tmp_path / "usr/share/asterisk")
    assert not (tmp_path / "checkout" / ".local" / "asterisk").exists()


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("lib/", "modules or its data"),
        ("moh", "asterisk-moh-opsound-wav"),
        ("sounds", "asterisk-core-sounds-es-wav"),
    ],
)
def test_one_that_would_leave_callers_in_silence_is_passed_over(
    tmp_path: Path, missing: str, told: str
) -> None:
    folder = system_asterisk(tmp_path, *(part for part in WHOLE if missing not in part))
    private = tmp_path / "private"
    (system_asterisk(private, *WHOLE) / "asterisk").rename(private / "run")
    search = search_asterisk(private, path=f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert search.found is not None
    assert search.found.program == private / "run"
    assert told in search.passed_over[0]
    with pytest.raises(UnavailableError, match=told):
        find_asterisk(tmp_path / "none", path=f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_an_asterisk_that_does_not_start_is_none(tmp_path: Path) -> None:
    program = tmp_path / "asterisk"
    assert asterisk.version_of(program) is None
    program.write_text("#!/bin/sh\necho something else\n")
    program.chmod(0o755)
    assert asterisk.version_of(program) is None
    program.write_text("#!/bin/sh\necho 'Asterisk certified/22.10.1-cert2'\n")
    assert asterisk.version_of(program) == (22, 10, 1)


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a")
    first = digest_of([one])
    one.write_text("b")
    assert digest_of([one]) != first
    one.rename(two)
    two.write_text("a")
    assert digest_of([two]) != first
    stamp = Stamp(tmp_path, "x")
    assert not stamp.holds(first)
    stamp.set(first)
    assert stamp.holds(first)
    stamp.clear()
    assert not stamp.holds(first)


def test_a_panel_without_sources_is_no_work(tmp_path: Path) -> None:
    panel.build(tmp_path, tmp_path / ".venv")
    assert list(tmp_path.iterdir()) == []


def test_a_failing_program_tells_its_last_words_and_the_remedy() -> None:
    with pytest.raises(BootstrapError, match=r"Ask Ana\.\nlast words"):
        run(["sh", "-c", "echo last words >&2; exit 3"], timeout_s=10, remedy="Ask Ana.")
    with pytest.raises(BootstrapError, match="cannot be run"):
        run(["/no/such/program"], timeout_s=10)


def test_the_bootstrap_needs_only_the_standard_library() -> None:
    """Isolated: no site-packages, as on a machine where nothing is installed yet."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import bootstrap.__main__"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_locks_name_hashes_and_no_addresses() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        lines = [line for line in lock.read_text().splitlines() if line and not line.lstrip().startswith("#")]
        assert lines
        assert not [line for line in lines if "://" in line or line.startswith("-")], lock.name
        pinned = [line for line in lines if "==" in line]
        assert all(line.endswith("\\") for line in pinned), f"{lock.name}: a package without a hash"
    assert not (ROOT / "uv.lock").exists()
