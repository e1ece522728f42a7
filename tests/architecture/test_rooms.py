"""The rooms' import rules (pyproject.toml, tool.importlinter) hold, and every room is under them."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"voice_core", "ivr_flows", "ari_apps", "digital_bridge", "recorder", "contact_centre"}


def test_imports_point_downwards() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_is_linted_and_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["importlinter"]["root_packages"]) == ROOMS
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == ROOMS
    assert set(project["tool"]["mypy"]["packages"]) >= ROOMS


def test_data_rooms_hold_no_package() -> None:
    """`docker/__init__.py` would shadow the library of that name; the others are data."""
    for name in ("docker", "dialplans", "asterisk-conf"):
        assert not list((ROOT / name).rglob("*.py")), name


def test_only_settings_reads_the_environment() -> None:
    readers = {str(path.relative_to(ROOT)) for path in _sources() if _reads_environment(path)}
    assert readers <= {"contact_centre/settings.py"}


def test_the_recorder_sees_only_the_ari_client_of_the_telephone() -> None:
    for path in (ROOT / "recorder").rglob("*.py"):
        for name in _imported(path):
            if name.split(".")[0] == "ari_apps":
                assert name == "ari_apps.ari" or name.startswith("ari_apps.ari."), f"{path}: {name}"


def test_files_stay_short() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in _sources()
        if (count := _lines(path)) > 400 and not _generated(path)
    }
    assert long == {}


def _sources() -> list[Path]:
    return [path for room in sorted(ROOMS) for path in (ROOT / room).rglob("*.py")]


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _generated(path: Path) -> bool:
    return "generated" in path.read_text(encoding="utf-8")[:400].lower()


def _imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return names


def _reads_environment(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(tree)
    )
