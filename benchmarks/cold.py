"""Cold start: `centralita up` on a home of yesterday → the first caller's agent is rung; beside Asterisk's own start."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from benchmarks.contest import OURS, Result
from contact_centre.scripted_caller import Call, CallTimeoutError, Line, RegistrationError
from tests.busy_centre import STRAIGHT_NUMBER, busy_centre
from tests.instance import ROOT, Instance, running

BARE = "Asterisk alone"
PHONE = "a0-sip"
TIMES_BARE = 5.0
LIMIT_S = 60.0
TRY_S = 0.1
CASE = "start"


async def measure(folder: Path, rounds: int) -> Result:
    """Alternating: the same configuration and modules, with nobody to drive it, until SIP answers."""
    result = Result("cold", "Cold start → first caller rung", "s")
    async with busy_centre(folder, agents=1) as centre:
        await centre.everybody("available")
        secret = centre.secrets[PHONE]
        instance = centre.instance
        await _stop(instance)
        for turn in range(rounds):
            for who in (OURS, BARE) if turn % 2 == 0 else (BARE, OURS):
                one = _ours(instance, secret) if who == OURS else _bare(instance)
                result.add(CASE, who, [await one])
    limit = TIMES_BARE * median(result.of(CASE, BARE))
    result.judge(f"median ≤ {TIMES_BARE:g} × Asterisk's own start", median(result.of(CASE)), limit)
    return result


async def _ours(instance: Instance, secret: str) -> float:
    """Seconds from the command to the agent's phone ringing for a caller who tries from the first moment."""
    began = time.monotonic()
    starting = asyncio.create_task(_up(instance))
    try:
        async with Line("127.0.0.1", server=instance.server) as phone, instance.trunk() as trunk:
            await _registered(phone, secret)
            call = await _first_caller(trunk)
            ring = await phone.rings(LIMIT_S)
            took_s = time.monotonic() - began
            ring.hang_up()
            call.hang_up()
            return took_s
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


async def _up(instance: Instance) -> None:
    """Until cancelled."""
    async with running(instance, people=()):
        await asyncio.Event().wait()


async def _bare(instance: Instance) -> float:
    """Seconds from Asterisk's start to its first answer to an INVITE."""
    began = time.monotonic()
    async with _asterisk(instance), instance.trunk() as trunk:
        await _first_caller(trunk)
        return time.monotonic() - began


@asynccontextmanager
async def _asterisk(instance: Instance) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        str(ROOT / ".local" / "asterisk" / "run"), "-f", "-C", str(instance.home / "asterisk" / "etc" / "asterisk.conf"),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        async with asyncio.timeout(LIMIT_S):
            await process.wait()


async def _registered(phone: Line, secret: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            with contextlib.suppress(CallTimeoutError, RegistrationError):
                await phone.register(PHONE, secret, timeout_s=TRY_S)
                return


async def _first_caller(trunk: Line) -> Call:
    """Dials until somebody takes the call up."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            call = await trunk.call(STRAIGHT_NUMBER, from_number="0995550002")
            with contextlib.suppress(CallTimeoutError):
                await call.reached(TRY_S)
                if not call.status:
                    return call
            call.hang_up()


async def _stop(instance: Instance) -> None:
    assert instance.process is not None
    instance.process.terminate()
    async with asyncio.timeout(LIMIT_S):
        await instance.process.wait()
