"""The processes of an instance under `centralita up`, found by their names, and ways to hurt them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import aiohttp

from tests.databases import rows
from tests.instance import ROOT, Instance

T = TypeVar("T")
LOOK_S = 0.02
TAKE_UP_LIMIT_S = 15.0  # on a machine that is busy with other tests; what it took is printed


def children(pid: int) -> dict[str, int]:
    """Name → pid of the children of a process."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            found[Path(f"/proc/{child}/comm").read_text().strip()] = int(child)
        except OSError:
            continue
    return found


def controller_of(instance: Instance) -> int | None:
    assert instance.process is not None
    return children(instance.process.pid).get("c-controller")


def asterisk_of(instance: Instance, node: str = "asterisk") -> int:
    """The first node's, or a further one's."""
    assert instance.process is not None
    return next(iter(children(children(instance.process.pid)[f"c-{node}"]).values()))


async def kill_controller(instance: Instance, number: signal.Signals = signal.SIGKILL) -> int:
    """The pid that was; returns when it is no more."""
    pid = controller_of(instance)
    assert pid is not None
    os.kill(pid, number)
    async with asyncio.timeout(TAKE_UP_LIMIT_S):
        while controller_of(instance) == pid:
            await asyncio.sleep(LOOK_S)
    return pid


async def serving_again(instance: Instance, before: int) -> float:
    """Seconds from the new process's start to its word that it is ready."""
    async with asyncio.timeout(TAKE_UP_LIMIT_S), aiohttp.ClientSession() as http:
        while (pid := controller_of(instance)) in (None, before):
            await asyncio.sleep(LOOK_S)
        began = time.monotonic()
        while True:
            try:
                async with http.get(f"{instance.url}/api/v1/health") as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(LOOK_S)
    took_s = time.monotonic() - began
    print(f"controller {pid} serves {took_s:.2f} s after its start")
    return took_s


def long_form(long: T, short: T) -> T:
    """What `make soak` does, and what `make test` does of it."""
    return long if os.environ.get("FAULT_LONG") else short


def seeded() -> random.Random:
    """Random moments that can be had again: the seed is printed, and taken from FAULT_SEED when set."""
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"FAULT_SEED={seed}")
    return random.Random(seed)


@asynccontextmanager
async def part(
    instance: Instance, *arguments: str, program: Sequence[str] = ("-m", "contact_centre")
) -> AsyncIterator[asyncio.subprocess.Process]:
    """One part of the centre as a service of its own; ended by SIGTERM. `program`: for Python, when it is another one."""
    log = (instance.home.parent / f"{instance.home.name}-{'-'.join(arguments)}.out").open("ab")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *program, *arguments,
        env=instance.environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(TAKE_UP_LIMIT_S):
                await process.wait()
        log.close()


async def ready(instance: Instance, timeout_s: float = 60.0) -> None:
    """The health page says so."""
    async with asyncio.timeout(timeout_s), aiohttp.ClientSession() as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"{instance.url}/api/v1/health") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(LOOK_S)


async def not_ready(instance: Instance, timeout_s: float = 10.0) -> dict[str, bool]:
    """Wait until the health page says 503; what it then says of each part."""
    async with asyncio.timeout(timeout_s), aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{instance.url}/api/v1/health") as answer:
                if answer.status == 503:
                    said = await answer.json()
                    assert said["status"] == "not_ready", said
                    return dict(said["checks"])
            await asyncio.sleep(LOOK_S)


def first_password(instance: Instance, user: str) -> str:
    """As the first start shows it."""
    said = (instance.home.parent / "home-run-controller.out").read_text()
    found = re.search(rf"^  {user} +(\S+)", said, re.MULTILINE)
    assert found is not None, said
    return found[1]


def phone_secret(instance: Instance, user: str) -> str:
    [(secret,)] = rows(instance, "SELECT phone_secret FROM users WHERE username = :user", user=user)
    return str(secret)


def ended(instance: Instance, number: str) -> list[str]:
    """The reasons of all contacts of this caller: one contact, one end."""
    found = rows(instance, "SELECT end_reason FROM interactions WHERE from_address = :number", number=number)
    return [reason for (reason,) in found]
