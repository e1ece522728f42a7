"""The steps of a first start that can be judged without installing anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import asterisk, debian, panel
from bootstrap.progress import BootstrapError
from bootstrap.run import run
from bootstrap.stamp import Stamp, digest_of

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


def test_without_a_mirror_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BootstrapError, match="install Asterisk"):
        debian.machine_mirror(tmp_path)


def test_an_asterisk_that_does_not_start_is_none(tmp_path: Path) -> None:
    program = tmp_path / "asterisk"
    assert asterisk.version_of(program) is None
    program.write_text("#!/bin/sh\necho something else\n")
    program.chmod(0o755)
    assert asterisk.version_of(program) is None
    program.write_text("#!/bin/sh\necho 'Asterisk certified/22.10.1-cert2'\n")
    assert asterisk.version_of(program) == (22, 10, 1)


def test_bootstrap_and_the_running_centre_ask_for_the_same_asterisk() -> None:
    from contact_centre import asterisk_installation

    assert asterisk.OLDEST == asterisk_installation.OLDEST


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
