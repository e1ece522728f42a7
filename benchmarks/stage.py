"""Where contenders meet: one instance, the same phones as agents of ours and as members of native queues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contest import NATIVE, OURS
from benchmarks.crowd import Crowd, crowd
from benchmarks.processor import at_rest
from tests.busy_centre import STRAIGHT_NUMBER, BusyCentre, busy_centre
from tests.instance import Instance
from tests.sip.sipp import answering_phones

DEFAULT_QUEUE_NUMBER = "899"  # app_queue as it comes, with the first three agents
SIZES = (0, 1, 20, 40)  # native queues with so many members, at 800, 801, 820, 840
MOST_AGENTS = 40
QUIET_S = 30.0
_LOOK_S = 0.1
_CONTEXT = "from-trunk"
_RECORDED_BY = "MixMonitor(${RECORDINGS}/${UNIQUEID}.raw,D)"  # what the dialplan has
# As favourable to app_queue as it goes: no wrap-up, the shortest retry, several callers served at once.
_QUEUE = """
[n{size}]
strategy = rrmemory
timeout = 20
retry = 1
wrapuptime = 0
ringinuse = no
autofill = yes
musicclass = default
{members}
"""
_DEFAULT_QUEUE = """
[defecto]
strategy = rrmemory
{members}
"""


@dataclass(slots=True)
class Stage:
    centre: BusyCentre
    folder: Path
    _logs: int = 0
    _free_members: int = MOST_AGENTS  # of the native queues, as they are read

    @property
    def instance(self) -> Instance:
        return self.centre.instance

    def number(self, who: str, agents: int) -> str:
        return STRAIGHT_NUMBER if who == OURS else f"8{agents:02d}"

    async def open_for(self, who: str, agents: int) -> None:
        """The first `agents` take this contender's calls; ours take none while app_queue has its turn."""
        free = agents if who == OURS else 0
        for state, some in (("offline", self.centre.agents[free:]), ("available", self.centre.agents[:free])):
            await asyncio.gather(*(agent.put("/me/state", state=state) for agent in some))
        if who == NATIVE:
            await self._open_members(agents)

    async def _open_members(self, free: int) -> None:
        """As ours who are offline: a paused member is not rung, where its phone was before or not."""
        phones, before = list(self.centre.secrets), self._free_members
        word, some = ("unpause", phones[before:free]) if free > before else ("pause", phones[free:before])
        for phone in some:
            await self.instance.asterisk(f"queue {word} member PJSIP/{phone}")
        self._free_members = free

    @asynccontextmanager
    async def phones(self, agents: int, *, talk_s: float) -> AsyncIterator[Path]:
        """The first agents' phones answer, echo, and hang up after `talk_s`; yields the log of their messages."""
        self._logs += 1
        place = self.folder / f"phones-{self._logs}"
        place.mkdir()
        some = dict(list(self.centre.secrets.items())[:agents])
        log = place / "messages"
        async with answering_phones(self.instance.server, some, place, talk_s=talk_s, messages=log):
            yield log

    @asynccontextmanager
    async def callers(self, number: str, calls: int, *, rate: float, hold_s: float) -> AsyncIterator[Crowd]:
        server = self.instance.server
        async with crowd(server, self.folder, number, calls=calls, rate=rate, hold_s=hold_s) as placed:
            yield placed

    @asynccontextmanager
    async def unrecorded(self) -> AsyncIterator[None]:
        """Neither contender's calls are recorded meanwhile."""
        await self._record_by("NoOp()")
        try:
            yield
        finally:
            await self._record_by(_RECORDED_BY)

    async def _record_by(self, step: str) -> None:
        await self.instance.asterisk("dialplan remove extension s@record 1")
        await self.instance.asterisk(f"dialplan add extension s,1,{step} into record")
        if step not in await self.instance.asterisk("dialplan show s@record"):
            raise RuntimeError(f"Asterisk's dialplan did not take {step}")

    async def until(self, done: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Look every tenth of a second. TimeoutError says what was waited for."""
        try:
            async with asyncio.timeout(timeout_s):
                while not done():
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise TimeoutError(f"{what}: not within {timeout_s:g} s") from None

    async def clear(self) -> None:
        """Everybody hangs up; returns when Asterisk holds nothing any more and our programs rest."""
        await self.instance.asterisk("channel request hangup all")
        await self.instance.quiet(QUIET_S)
        await at_rest(self.instance)


@asynccontextmanager
async def stage(folder: Path, agents: int) -> AsyncIterator[Stage]:
    async with busy_centre(folder, agents) as centre:
        await _set_up_app_queue(centre.instance, list(centre.secrets))
        yield Stage(centre, folder)


async def _set_up_app_queue(instance: Instance, phones: Sequence[str]) -> None:
    """Numbers that lead to native queues, recorded as ours are: MixMonitor before anything else.

    `Answer(,i)` does not wait for the caller's first packet, which a plain Answer() does for up to half a second.
    """
    path = instance.home / "asterisk" / "etc" / "queues.conf"
    queues = [_QUEUE.format(size=size, members=_members(phones[:size])) for size in SIZES]
    path.write_text(path.read_text() + "".join(queues) + _DEFAULT_QUEUE.format(members=_members(phones[:3])))
    await instance.asterisk("queue reload all")
    for number, queue in [
        *((f"8{size:02d}", f"n{size}") for size in SIZES),
        (DEFAULT_QUEUE_NUMBER, "defecto"),
    ]:
        for step in ("1,Gosub(record,s,1)", "2,Answer(,i)", f"3,Queue({queue})", "4,Hangup()"):
            await instance.asterisk(f"dialplan add extension {number},{step} into {_CONTEXT}")


def _members(phones: Sequence[str]) -> str:
    return "\n".join(f"member => PJSIP/{phone}" for phone in phones)
