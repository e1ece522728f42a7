"""Callers by the hundred, from SIPp: a program that shares no code with ours, so that the meter is not what is measured."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.message_log import Placed, placed
from tests.instance import TRUNK_HOST
from tests.sip.asterisk_box import free_udp_port

_SCENARIO = Path(__file__).parent / "scenarios" / "caller.xml"
_SOUND_S = 8
_ULAW_HZ = 8000
_LOOK_S = 0.1
_runs = itertools.count(100)


@dataclass(slots=True)
class Crowd:
    """One SIPp: `calls` callers, one after the other at a rate."""

    process: asyncio.subprocess.Process
    log: Path
    calls: int

    async def over(self, timeout_s: float) -> Sequence[Placed]:
        """Every caller has hung up or was hung up on."""
        async with asyncio.timeout(timeout_s):
            await self.process.wait()
        return placed(self.log)

    async def in_line(self, count: int, timeout_s: float) -> None:
        """`count` callers have been answered, be it by music."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.answered < count:
                    if self.process.returncode is not None:
                        raise RuntimeError(
                            f"SIPp ended with {self.process.returncode}; see {self.log.parent}"
                        )
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise TimeoutError(
                f"{self.answered} of {count} callers were answered in {timeout_s:g} s"
            ) from None

    @property
    def answered(self) -> int:
        return self.log.read_bytes().count(b"\nACK ") if self.log.exists() else 0


@asynccontextmanager
async def crowd(
    server: tuple[str, int], folder: Path, number: str, *, calls: int, rate: float, hold_s: float
) -> AsyncIterator[Crowd]:
    """They dial `number`, send sound once answered, and hang up `hold_s` after that. Killed on leaving."""
    run = next(_runs)
    place = folder / f"crowd-{run}"
    place.mkdir(parents=True)
    text = _SCENARIO.read_text().replace("HOLD_MS", str(int(hold_s * 1000))).replace("PREFIX", f"09{run}")
    (place / "caller.xml").write_text(text)
    (place / "voice.ulaw").write_bytes((b"\x90" * 8 + b"\x10" * 8) * (_ULAW_HZ * _SOUND_S // 16))
    log = place / "messages"
    words = (
        "sipp", f"{server[0]}:{server[1]}", "-sf", "caller.xml", "-s", number, "-i", TRUNK_HOST,
        "-p", str(free_udp_port(TRUNK_HOST)), "-mp", str(20000 + run * 1000 % 40000), "-m", str(calls),
        "-l", str(calls), *_pace(rate), "-nostdin", "-trace_err", "-trace_msg", "-message_file", str(log),
    )  # fmt: skip
    with (place / "out").open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *words, cwd=place, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield Crowd(process, log, calls)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _pace(rate: float) -> tuple[str, ...]:
    """Calls a second; up to 100 a second evenly, one at a time."""
    if rate >= 100:
        return ("-r", str(int(rate)))
    return ("-r", "1", "-rp", str(round(1000 / rate)))
