"""`.venv` with the locked packages. Works where Debian ships Python without pip and venv, and without root."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import tomllib
from pathlib import Path

from bootstrap import debian
from bootstrap.progress import BootstrapError, say, step
from bootstrap.run import run
from bootstrap.stamp import Stamp, digest_of

OLDEST = (3, 11)
RUNTIME, TESTS, BUILD = "requirements.lock", "requirements-dev.lock", "requirements-build.lock"
INSTALL_TIMEOUT_S = 1800
REMEDY = "Are the package index and its certificate set for pip (`pip config list`)?"
PIP_FROM_WHEEL = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('pip', run_name='__main__')"
)


def install(checkout: Path, *, tests: bool) -> Path:
    """The `.venv` with what running needs, or what testing needs. Raises BootstrapError."""
    if sys.version_info < OLDEST:
        raise BootstrapError(
            f"Python {'.'.join(map(str, OLDEST))} or later is needed: install it, and set PYTHON=…"
        )
    venv = checkout / ".venv"
    project = json.dumps(tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"])
    testing = digest_of([checkout / TESTS], str(checkout), project)
    running = digest_of([checkout / RUNTIME], str(checkout), project)
    for_tests, for_running = Stamp(checkout, "python-tests"), Stamp(checkout, "python")
    there = (venv / "bin" / "centralita").exists()
    if there and (for_tests.holds(testing) or (not tests and for_running.holds(running))):
        return venv
    # Once a machine tests, it keeps what tests need: `make run` must not take it away.
    tests = tests or (venv / "bin" / "pytest").exists()
    with step("Python packages"):
        for stamp in (for_tests, for_running):
            stamp.clear()
        _ensure_uv(checkout, venv)
        lock = TESTS if tests else RUNTIME
        # compiled once, here: a service may not write into its own installation, and would compile at every start
        _uv(venv, "pip", "sync", "--require-hashes", "--compile-bytecode", str(checkout / lock))
        _uv(venv, "pip", "install", "--no-deps", "--no-build-isolation", "--editable", str(checkout))
        packages = [package.parent for package in checkout.glob("*/__init__.py")]
        run([venv / "bin" / "python", "-m", "compileall", "-q", *packages], timeout_s=120)
        (for_tests if tests else for_running).set(testing if tests else running)
    return venv


def _ensure_uv(checkout: Path, venv: Path) -> None:
    if not (venv / "bin" / "python").exists():
        say("  making .venv")
        run(
            [sys.executable, "-m", "venv", "--without-pip", "--clear", venv],
            timeout_s=120,
            remedy="Install python3-venv.",
        )
    if (venv / "bin" / "uv").exists():
        return
    say("  fetching the installer")
    with tempfile.TemporaryDirectory(prefix="centralita-pip-") as folder:
        options = ["install", "--quiet", "--require-hashes", "--no-deps", "-r", str(checkout / BUILD)]
        run(
            [*_pip(Path(folder), venv / "bin" / "python"), *options],
            timeout_s=INSTALL_TIMEOUT_S,
            remedy=REMEDY,
        )


def _pip(folder: Path, into: Path) -> list[str]:
    """pip that installs for the Python `into`: this Python's own, else the wheel of Debian's python3-pip-whl."""
    try:
        run([sys.executable, "-m", "pip", "--version"], timeout_s=60)
    except BootstrapError:
        say("  this Python has no pip: taking Debian's wheel of it")
        try:
            debian.unpack(["python3-pip-whl"], folder, debian.machine_suite(), alone=True)
        except BootstrapError as error:
            raise BootstrapError(f"pip is missing: install python3-pip and python3-venv ({error})") from error
        wheel = next(iter(folder.glob("usr/share/python-wheels/pip-*.whl")), None)
        if wheel is None:
            raise BootstrapError("pip is missing: install python3-pip and python3-venv") from None
        return [str(into), "-c", PIP_FROM_WHEEL, str(wheel)]
    return [sys.executable, "-m", "pip", "--python", str(into)]


def _uv(venv: Path, *arguments: str) -> None:
    environment = {
        "VIRTUAL_ENV": str(venv),
        "UV_LINK_MODE": "copy",
        "UV_PYTHON_DOWNLOADS": "never",
        **package_index(venv),
    }
    remedy = REMEDY if "sync" in arguments else ""
    run(
        [venv / "bin" / "uv", "--quiet", *arguments],
        timeout_s=INSTALL_TIMEOUT_S,
        environment=environment,
        remedy=remedy,
    )


def package_index(venv: Path) -> dict[str, str]:
    """uv does not read pip's settings; an institution's mirror is usually written there. Hashes keep it honest."""
    listed = run([sys.executable, "-c", _SETTINGS, str(venv)], timeout_s=60)
    settings: dict[str, str] = json.loads(listed)
    found = {
        "UV_DEFAULT_INDEX": settings.get("index-url", ""),
        "UV_INDEX": settings.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(settings.get("find-links", "").split()),
        "SSL_CERT_FILE": settings.get("cert", ""),
    }
    if found["UV_INDEX"]:
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in found.items() if value and name not in os.environ}


# Reads pip.conf files in pip's order (site, user, environment), without pip.
_SETTINGS = """
import configparser, json, os, pathlib, sys
found = {}
home = pathlib.Path.home()
places = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", str(home / ".pip/pip.conf"), str(home / ".config/pip/pip.conf")]
for place in [*places, sys.prefix + "/pip.conf", sys.argv[1] + "/pip.conf", os.environ.get("PIP_CONFIG_FILE", "")]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(place)
    except configparser.Error:
        continue
    for section in ("global", "install"):
        if parser.has_section(section):
            found.update({name.replace("_", "-"): " ".join(value.split()) for name, value in parser.items(section)})
for name in ("index-url", "extra-index-url", "find-links", "cert"):
    value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if value:
        found[name] = value
print(json.dumps(found))
"""
