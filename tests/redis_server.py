"""A private Redis server for tests: its own folder, port and password; it can be killed and started again, empty."""

from __future__ import annotations

import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0


class RedisServer:
    """`start()` first; `stop()` removes everything."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="centralita-redis-"))
        self._password = secrets.token_hex(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._program = self._folder / "redis-server"  # one program, which looks at the name it is called by
        self._program.symlink_to(_program())
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Returns once it answers."""
        options = {
            "port": self._port, "bind": "127.0.0.1", "dir": self._folder, "save": "", "appendonly": "no",
            "requirepass": self._password,
        }  # fmt: skip
        command = [
            self._program,
            *(str(part) for name, value in options.items() for part in (f"--{name}", value)),
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis does not start:\n{(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_TIMEOUT_S)

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_TIMEOUT_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return True
        except OSError:
            return False


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One server for all tests of the session. Whoever kills it starts it again."""
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _program() -> str:
    found = shutil.which("redis-server") or shutil.which("redis-check-rdb")
    if found is None:
        raise RuntimeError("The tests need Redis' server program: as root, `apt-get install redis-tools`.")
    return found
