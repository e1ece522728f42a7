"""Fault 2: a controller that stands still. Its own watchdog ends it; where it cannot even do that, the parent does.

`make soak` freezes it for 30 s: long enough for a caller who comes in meanwhile to be taken back by the dialplan.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contact_centre.provision import CONTROLLER_TAKES_S
from contact_centre.scripted_caller import Line, Sound
from contact_centre.watchdog import EXIT_CODE
from tests.faults.processes import controller_of, long_form, part, ready, serving_again
from tests.instance import Api, Instance, prepare, running
from tests.people import newest_from

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
WATCHDOG_S = 2.0
FROZEN_S = long_form(30.0, WATCHDOG_S + 0.5)
ACTS_WITHIN_S = long_form(2.0, 4.0)  # 2 s of the watchdog; as a test, on a machine that is busy with others


@asynccontextmanager
async def in_parts(instance: Instance) -> AsyncIterator[asyncio.subprocess.Process]:
    """Asterisk and the controller as two services; the controller is given."""
    async with part(instance, "run", "asterisk"), part(instance, "run", "controller") as controller:
        await ready(instance)
        yield controller


async def test_the_watchdog_ends_it_and_new_calls_take_the_way_out(tmp_path: Path) -> None:
    instance = prepare(tmp_path / "home", watchdog_s=str(WATCHDOG_S))
    async with in_parts(instance) as controller, instance.trunk() as trunk:
        kept = await trunk.call("101", from_number="0991420001")
        await kept.answered()
        controller.send_signal(signal.SIGSTOP)
        async with asyncio.TaskGroup() as frozen:
            frozen.create_task(asyncio.sleep(FROZEN_S))
            if FROZEN_S > CONTROLLER_TAKES_S:
                frozen.create_task(takes_the_way_out(trunk, "0991420004"))
        controller.send_signal(signal.SIGCONT)
        thawed_at = asyncio.get_running_loop().time()
        async with asyncio.timeout(ACTS_WITHIN_S):
            assert await controller.wait() == EXIT_CODE
        print(f"ended {asyncio.get_running_loop().time() - thawed_at:.2f} s after it could run")
        await takes_the_way_out(trunk, "0991420002")
        async with part(instance, "run", "controller"):
            await ready(instance)
            await kept.hears_sound(Sound.SPEECH, within_s=15)
    said = (tmp_path / "home-run-controller.out").read_text()
    assert "watchdog: the event loop stood still" in said
    assert "Current thread" in said


async def takes_the_way_out(trunk: Line, number: str) -> None:
    """Who calls now is spoken to by Asterisk alone."""
    call = await trunk.call("101", from_number=number)
    await call.answered(timeout_s=CONTROLLER_TAKES_S + 10)
    await call.hears_sound(Sound.SPEECH, within_s=15)
    call.hang_up()


async def test_the_parent_ends_one_that_does_not_run_at_all(tmp_path: Path) -> None:
    """And who came in while it was frozen, unheard, is served afterwards."""
    instance = prepare(tmp_path / "home", watchdog_s=str(WATCHDOG_S))
    async with running(instance, people=("sofia",)), instance.trunk() as trunk:
        frozen = controller_of(instance)
        assert frozen is not None
        os.kill(frozen, signal.SIGSTOP)
        caller = await trunk.call("101", from_number="0991420003")
        await serving_again(instance, frozen)
        await caller.answered(timeout_s=10)
        await caller.hears_sound(Sound.SPEECH, within_s=15)
        async with Api(instance, "sofia") as sofia:
            assert (await newest_from(sofia, "0991420003"))["stage"] == "flow"


BLOCKED = """
import asyncio, time
from contact_centre.watchdog import Watchdog

async def main() -> None:
    asyncio.get_running_loop().call_later(0.2, time.sleep, 30)
    await Watchdog(0.5).run()

asyncio.run(main())
"""


async def test_a_blocked_loop_ends_the_process_and_shows_where() -> None:
    root = Path(__file__).resolve().parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BLOCKED, cwd=root, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        _, said = await process.communicate()
    assert process.returncode == EXIT_CODE
    assert b"the event loop stood still for" in said
    assert b"File" in said
