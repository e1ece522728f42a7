"""Agent idle → ring, and agent freed → next ring: ours beside app_queue, on one Asterisk, in alternating rounds.

Everything is real: callers and the agent's phone speak SIP and RTP, our store is durable (SQLite, WAL, FULL).
Times are taken in one process, from a packet sent to a packet received: BYE (or INVITE) out → INVITE in.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

from contact_centre.scripted_caller import Call, Line
from tests.busy_centre import STRAIGHT_NUMBER, BusyCentre, busy_centre

APP_QUEUE_NUMBER = "802"
APP_QUEUE = "medida"
TALK_S = 0.25
BATCH = 20
_PHONE = "a0"

Contender = Literal["centralita", "app_queue"]

_QUEUE_CONF = """
[{name}]
strategy = rrmemory
timeout = 20
retry = 1
wrapuptime = 0
ringinuse = no
autofill = yes
musicclass = default
member => PJSIP/{phone}-sip
"""


@dataclass(slots=True)
class Times:
    """Milliseconds."""

    idle_to_ring: list[float] = field(default_factory=list)
    freed_to_ring: list[float] = field(default_factory=list)


class Bench:
    def __init__(self, centre: BusyCentre, trunk: Line, phone: Line) -> None:
        self._centre = centre
        self._trunk = trunk
        self._phone = phone
        self._loop = asyncio.get_running_loop()
        self.times: dict[Contender, Times] = {"centralita": Times(), "app_queue": Times()}

    async def set_up_app_queue(self) -> None:
        """The same phone as a member of a native queue, and a number that leads to it, recorded too."""
        instance = self._centre.instance
        path = instance.home / "asterisk" / "etc" / "queues.conf"
        path.write_text(path.read_text() + _QUEUE_CONF.format(name=APP_QUEUE, phone=_PHONE))
        await instance.asterisk("queue reload all")
        for step in ("1,Gosub(record,s,1)", "2,Answer()", f"3,Queue({APP_QUEUE})", "4,Hangup()"):
            await instance.asterisk(f"dialplan add extension {APP_QUEUE_NUMBER},{step} into from-trunk")

    async def idle(self, who: Contender, samples: int) -> None:
        """Nobody waits, the agent is free, a call comes in."""
        await self._centre.everybody("available" if who == "centralita" else "offline")
        for _ in range(samples):
            call = await self._trunk.call(_number(who), from_number="0995550000")
            ring = await self._phone.rings(timeout_s=15)
            self.times[who].idle_to_ring.append(1000 * (ring.began_at - call.began_at))
            await ring.answer()
            await call.answered()
            await call.listen(TALK_S)
            ring.hang_up()
            await call.hung_up()
            await self._centre.instance.quiet()

    async def freed(self, who: Contender) -> None:
        """`BATCH` callers wait; the agent serves them one after the other."""
        await self._centre.everybody("offline")
        callers = [await self._waiting(who, number) for number in range(BATCH)]
        if who == "centralita":
            await self._centre.everybody("available")
        freed_at = 0.0
        for _ in range(BATCH):
            ring = await self._phone.rings(timeout_s=15)
            if freed_at:
                self.times[who].freed_to_ring.append(1000 * (ring.began_at - freed_at))
            await ring.answer()
            await ring.listen(TALK_S)
            freed_at = self._loop.time()
            ring.hang_up()
        for call in callers:
            await call.hung_up()
        await self._centre.instance.quiet()

    async def _waiting(self, who: Contender, number: int) -> Call:
        call = await self._trunk.call(_number(who), from_number=f"09955{number:05d}")
        await call.answered()
        return call


async def measure(rounds: int, idle_samples: int) -> dict[Contender, Times]:
    """Alternating rounds, so that whatever else the machine does falls on both alike."""
    with tempfile.TemporaryDirectory(prefix="c") as folder:
        async with busy_centre(Path(folder), agents=1) as centre:
            instance = centre.instance
            secret = centre.secrets[f"{_PHONE}-sip"]
            async with instance.trunk() as trunk, instance.desk_phone(_PHONE, secret) as phone:
                bench = Bench(centre, trunk, phone)
                await bench.set_up_app_queue()
                contenders: tuple[Contender, ...] = ("centralita", "app_queue")
                for turn in range(rounds):
                    for who in contenders if turn % 2 == 0 else contenders[::-1]:
                        await bench.idle(who, idle_samples)
                        await bench.freed(who)
                return bench.times


def table(times: dict[Contender, Times]) -> str:
    """Markdown: one line a measurement, n, median, p95, p99, worst, in milliseconds."""
    lines = ["| ms | | n | median | p95 | p99 | worst |", "|---|---|---|---|---|---|---|"]
    for name, label in (("idle_to_ring", "idle → ring"), ("freed_to_ring", "freed → next ring")):
        for who, measured in times.items():
            values = sorted(getattr(measured, name))
            cells = [
                f"{value:.1f}" for value in (median(values), _at(values, 95), _at(values, 99), values[-1])
            ]
            lines.append(f"| {label} | {who} | {len(values)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def worst_percentile(times: dict[Contender, Times]) -> float:
    """Our p99 of freed → next ring, ms: what the target is about."""
    return _at(sorted(times["centralita"].freed_to_ring), 99)


def _at(values: list[float], percent: int) -> float:
    return values[min(len(values) - 1, len(values) * percent // 100)]


def _number(who: Contender) -> str:
    return STRAIGHT_NUMBER if who == "centralita" else APP_QUEUE_NUMBER
