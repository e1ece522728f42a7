"""The parent of `centralita up` with children that do nothing but live and die; and what systemd is told."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from contact_centre.service_manager import Notifier

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 30.0
START = """
import os, signal, sys, time
import structlog
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is for the children's words
from contact_centre.family import Child, Family
from contact_centre.service_manager import FILES, Notifier

def say(word):
    os.write(1, f"{word}\\n".encode())

def stay(name, word):
    def leave(*_):
        say(f"{name} leaves")
        os._exit(0)
    signal.signal(signal.SIGTERM, leave)
    say(word)
    while True:
        time.sleep(60)

def first(parent):
    parent.files()
    parent.ready()
    stay("first", f"first {os.getpid()}")

def second(parent):
    parent.ready()
    stay("second", "second")

def refuses(parent):
    return 7
"""


async def started(code: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", START + code, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(TIMEOUT_S):
        return (await process.stdout.readline()).decode().strip()


async def test_a_child_that_dies_is_started_again_and_the_end_is_in_order() -> None:
    process = await started(
        "children = [Child('first', first), Child('second', second, starts_after=FILES)]\n"
        "sys.exit(Family(children, Notifier(), on_stop=lambda: say('stopping')).run())"
    )
    word, pid = (await line(process)).split()
    assert (word, await line(process)) == ("first", "second")
    os.kill(int(pid), signal.SIGKILL)
    again = await line(process)
    assert again.startswith("first ")
    assert again != f"first {pid}"
    process.send_signal(signal.SIGTERM)
    rest = [await line(process) for _ in range(3)]
    assert rest == ["stopping", "first leaves", "second leaves"]
    assert await process.wait() == 0


async def test_a_child_that_never_served_ends_everything_with_its_code() -> None:
    process = await started(
        "children = [Child('first', first), Child('refuses', refuses, starts_after=FILES)]\n"
        "sys.exit(Family(children, Notifier()).run())"
    )
    async with asyncio.timeout(TIMEOUT_S):
        said, _ = await process.communicate()
    assert process.returncode == 7
    assert b"first leaves" in said


async def test_a_child_that_is_not_needed_is_tried_again_and_ends_nothing() -> None:
    process = await started(
        "def late(parent):\n"
        "    say('late')\n"
        "    return 7\n"
        "children = [Child('first', first), Child('late', late, starts_after=FILES, needed=False)]\n"
        "sys.exit(Family(children, Notifier()).run())"
    )
    words = [await line(process) for _ in range(3)]
    assert words.count("late") == 2
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(TIMEOUT_S):
        said, _ = await process.communicate()
    assert process.returncode == 0
    assert b"first leaves" in said


async def test_a_frozen_child_is_killed_and_started_again() -> None:
    process = await started(
        "children = [Child('first', first, frozen_after_s=0.5)]\nsys.exit(Family(children, Notifier()).run())"
    )
    before = await line(process)
    again = await line(process)
    assert again.startswith("first ")
    assert again != before
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(TIMEOUT_S):
        await process.communicate()


def test_systemd_is_told_and_nobody_is_fine(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        notifier = Notifier.to_address(path)
        notifier.ready()
        assert listener.recv(200).decode().splitlines() == ["READY=1", f"MAINPID={os.getpid()}"]
        notifier.alive()
        assert listener.recv(200) == b"WATCHDOG=1"
    notifier.stopping()
    Notifier.to_address("").ready()
    Notifier.to_address(str(tmp_path / "nobody")).ready()
