"""`centralita up` on a server database: one setting is enough; a second one stands by and takes over."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.databases import fresh_database
from tests.instance import ROOT, Instance, prepare
from tests.postgres_server import PostgresServer

START_TIMEOUT_S = 40.0
TAKEOVER_TIMEOUT_S = 8.0  # 5 s is promised; this machine may be busy with other tests


async def test_two_on_one_database_one_serves_and_the_other_takes_over(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = await fresh_database(postgres_server, template="template1")
    one, two = (prepare(tmp_path / name, database_url=url) for name in ("one", "two"))
    async with up(one) as first:
        await checks(one, START_TIMEOUT_S)
        async with up(two) as second:
            await until_said(two, "standing_by")
            assert second.returncode is None
            assert str(one.home) in said(two)
            assert await health(two) is None
            for pid in family(first.pid):
                os.kill(pid, signal.SIGKILL)
            died = asyncio.get_running_loop().time()
            await checks(two, TAKEOVER_TIMEOUT_S)
            print(f"taken over after {asyncio.get_running_loop().time() - died:.1f} s")


async def test_one_that_was_frozen_finds_itself_replaced_and_stands_by(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = await fresh_database(postgres_server, template="template1")
    one, two = (prepare(tmp_path / name, database_url=url) for name in ("one", "two"))
    async with up(one) as first:
        await checks(one, START_TIMEOUT_S)
        async with up(two):
            await until_said(two, "standing_by")
            everyone = family(first.pid)
            for pid in everyone:
                os.kill(pid, signal.SIGSTOP)
            try:
                await checks(two, TAKEOVER_TIMEOUT_S)
            finally:
                for pid in everyone:
                    os.kill(pid, signal.SIGCONT)
            await until_said(one, "standing_by")
            assert await health(one) is None
            await checks(two, 5)


async def test_health_tells_that_the_database_is_away_and_that_it_is_back(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = await fresh_database(postgres_server, template="template1")
    instance = prepare(tmp_path / "home", database_url=url)
    async with up(instance) as process:
        await checks(instance, START_TIMEOUT_S)
        await asyncio.to_thread(postgres_server.kill)
        try:
            await checks(instance, 10, database=False)
        finally:
            await asyncio.to_thread(postgres_server.start)
        await checks(instance, 10)
        assert process.returncode is None
    assert instance.process is None


@asynccontextmanager
async def up(instance: Instance) -> AsyncIterator[asyncio.subprocess.Process]:
    """Without a telephone, in a process group of its own."""
    command = [sys.executable, "-m", "contact_centre", "up", "--no-telephone"]
    with log_of(instance).open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, env=instance.environment, stdout=log, stderr=log, cwd=ROOT, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(20):
                await process.wait()


async def checks(instance: Instance, timeout_s: float, *, database: bool = True) -> None:
    """Until it answers that the router runs, and what it says of the database is so."""
    seen: dict[str, Any] | None = None
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                seen = await health(instance)
                if seen and (seen["database"], seen["router"]) == (database, True):
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"it answered {seen}:\n{said(instance)[-3000:]}") from None


def family(pid: int) -> list[int]:
    """The parent, and the controller it watches."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


async def until_said(instance: Instance, words: str) -> None:
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while words not in said(instance):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"it never said {words}:\n{said(instance)[-3000:]}") from None


async def health(instance: Instance) -> dict[str, Any] | None:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{instance.url}/api/v1/health") as answer:
            return dict((await answer.json())["checks"])
    except aiohttp.ClientError:
        return None


def log_of(instance: Instance) -> Path:
    return instance.home.parent / f"{instance.home.name}.out"


def said(instance: Instance) -> str:
    return log_of(instance).read_text(errors="replace")
