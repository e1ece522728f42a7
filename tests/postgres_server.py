"""A private PostgreSQL server for tests: its own folder, port and password; it can be frozen, killed, started again.

PostgreSQL refuses to run as root: under root it runs as `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
USER = "centralita"


class PostgresServer:
    """`start()` first; `stop()` removes everything."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="centralita-postgres-"))
        self._password = secrets.token_hex(16)
        self._as_user = _unprivileged()
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://{USER}:{self._password}@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        """Returns once it answers."""
        options = {
            "listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": self._folder,
            # A killed process loses nothing without fsync, only a power cut would; and tests are quicker.
            "fsync": "off", "shared_buffers": "32MB", "max_connections": 100, "jit": "off",
        }  # fmt: skip
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [self._programs / "postgres", "-D", self._folder / "data", *settings]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **self._as_user)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"PostgreSQL does not start:\n{(self._folder / 'log').read_text()[-2000:]}"
                )
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut would, without the lost page cache: every process of it, at once."""
        children = self._signal(signal.SIGKILL)
        self._wait()
        while any(map(_lives, children)):
            time.sleep(0.01)
        (self._folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None and self.runs:
            self.thaw()
            self._process.send_signal(signal.SIGINT)
            self._wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _initialise(self) -> None:
        password = self._folder / "password"
        password.write_text(self._password)
        if "user" in self._as_user:
            for path in (self._folder, password):
                os.chown(path, self._as_user["user"], self._as_user["group"])
        command = [
            self._programs / "initdb", "-D", self._folder / "data", "-U", USER, "--pwfile", password,
            "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **self._as_user)
        if done.returncode:
            raise RuntimeError(f"PostgreSQL cannot make its folder: {done.stderr[-2000:]}")

    def _answers(self) -> bool:
        command = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(command, check=False, timeout=10).returncode == 0

    def _signal(self, number: int) -> list[int]:
        """To the server and its children, which are all in sessions of their own; returns those."""
        assert self._process is not None
        if not self.runs:
            return []
        listed = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        children = [int(pid) for pid in listed.split()]
        for pid in (self._process.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return children

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(STOP_TIMEOUT_S)


def frozen(server: PostgresServer) -> Callable[[], None]:
    """Takes it away; gives what brings it back."""
    server.freeze()
    return server.thaw


def killed(server: PostgresServer) -> Callable[[], None]:
    """Takes it away; gives what brings it back."""
    server.kill()
    return server.start


def _programs() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if folders and (folders[-1] / "initdb").exists():
        return folders[-1]
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    raise RuntimeError("The tests need PostgreSQL's server programs: as root, `apt-get install postgresql`.")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    names = [entry.pw_name for entry in pwd.getpwall()]
    person = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
