"""Fault 12: calls hung up at random, and listened to at random: nothing of them is left in Asterisk, nothing in the controller.

Some hundreds as a test; 10 000 in `make soak`, where the memory of both processes must stay flat too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import mean

import aiohttp
import pytest

from tests.busy_centre import MENU_NUMBER, SHORT_RING_NUMBER, STRAIGHT_NUMBER, BusyCentre, busy_centre
from tests.databases import rows
from tests.faults.crowd import Agent
from tests.faults.processes import asterisk_of, controller_of, long_form, seeded
from tests.instance import LOOK_S, TRUNK_HOST, Api
from tests.sip.sipp import answering_phones, callers

CALLS = int(os.environ.get("FAULT_CALLS") or long_form(10_000, 120))
AGENTS, BANKS, BATCH = 8, 4, long_form(100, 20)
A_SECOND = 12.0
SHORT_TALK_S, LONG_TALK_S = 0.3, 2.0
LONGEST_CALLER_S = 4.0
LISTEN_EVERY_S = 2.0
SAMPLES = 40
WARM_UP = 0.25  # of the calls
FLAT = 0.05
AT_REST_S = 20.0
PHONES_ANEW_S = 200.0  # SIPp signs in once, for 300 s

pytestmark = [pytest.mark.slow, pytest.mark.timeout(long_form(3000, 120))]


@dataclass(slots=True)
class Course:
    """What is counted on the way: calls begun, and the memory of both processes."""

    centre: BusyCentre
    begun: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)  # MB: controller, Asterisk

    def step(self, calls: int) -> None:
        before, self.begun = self.begun, self.begun + calls
        if before * SAMPLES // CALLS != self.begun * SAMPLES // CALLS:
            self.memory.append(memory_of(self.centre))
            print(
                f"{self.begun} of {CALLS} calls; controller {self.memory[-1][0]:.1f} MB, "
                f"Asterisk {self.memory[-1][1]:.1f} MB", flush=True,
            )  # fmt: skip

    def flat(self) -> None:
        """The last quarter needs no more than the one after the warm-up, give or take FLAT."""
        steady = self.memory[round(len(self.memory) * WARM_UP) :]
        part = len(steady) // 3
        for name, column in (("controller", 0), ("Asterisk", 1)):
            early, late = (mean(each[column] for each in some) for some in (steady[:part], steady[-part:]))
            print(f"{name}: {early:.1f} MB after the warm-up, {late:.1f} MB at the end")
            assert abs(late - early) <= FLAT * early, f"{name}: {early:.1f} → {late:.1f} MB"


async def test_nothing_is_left_of_them(tmp_path: Path) -> None:
    chance = seeded()
    async with busy_centre(tmp_path, AGENTS) as centre:
        users = list(centre.secrets.items())
        quick, slow = dict(users[::2]), dict(users[1::2])
        folders = [tmp_path / name for name in ("quick", "slow", *(f"bank-{n}" for n in range(BANKS)))]
        for folder in folders:
            folder.mkdir()
        async with (
            staying_phones(centre.instance.server, quick, folders[0], talk_s=SHORT_TALK_S),
            staying_phones(centre.instance.server, slow, folders[1], talk_s=LONG_TALK_S),
        ):
            await centre.everybody("available")
            course, tasks = Course(centre), await tasks_of(centre)
            async with listener(centre), asyncio.TaskGroup() as banks:
                for number, folder in enumerate(folders[2:]):
                    banks.create_task(bank(course, random.Random(chance.random()), number, folder))
            await centre.instance.quiet(timeout_s=AT_REST_S)
            await at_rest(centre, tasks)
            one_closed_record_each(centre)
            everybody_stayed(centre)
            if course.begun >= 10_000:
                course.flat()


@asynccontextmanager
async def staying_phones(
    server: tuple[str, int], secrets: dict[str, str], folder: Path, *, talk_s: float
) -> AsyncIterator[None]:
    """Answering phones however long it takes: others take their place before they are forgotten, and they end their calls."""
    async with AsyncExitStack() as stack:

        async def take_over(number: int) -> None:
            place = folder / str(number)
            place.mkdir()
            await stack.enter_async_context(answering_phones(server, secrets, place, talk_s=talk_s))

        async def again_and_again() -> None:
            for number in count(1):
                await asyncio.sleep(PHONES_ANEW_S)
                await take_over(number)

        await take_over(0)
        renewing = asyncio.create_task(again_and_again())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)


async def bank(course: Course, chance: random.Random, number: int, folder: Path) -> None:
    """One source of callers: each batch of them hangs up after another time, unless the agent did before."""
    left = CALLS // BANKS
    for batch in count():
        if left <= 0:
            return
        await callers(
            course.centre.instance.server, folder, host=TRUNK_HOST,
            number=chance.choice((STRAIGHT_NUMBER, STRAIGHT_NUMBER, MENU_NUMBER, SHORT_RING_NUMBER)),
            prefix=f"09{number}{batch:04d}", how_many=min(BATCH, left), a_second=A_SECOND / BANKS,
            talk_s=chance.uniform(0.05, LONGEST_CALLER_S),
        )  # fmt: skip
        course.step(min(BATCH, left))
        left -= BATCH


@asynccontextmanager
async def listener(centre: BusyCentre) -> AsyncIterator[None]:
    """A supervisor at a desk phone, listening to one conversation after the other while the context is open."""
    async with Api(centre.instance, "admin") as admin, centre.instance.desk_phone("admin") as line:
        phone = Agent("admin", line)
        tasks = [asyncio.create_task(phone.work()), asyncio.create_task(listens(admin))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert phone.calls, "nobody was listened to"


async def listens(admin: Api) -> None:
    """Each is refused when the conversation was over meanwhile; who is listened to hangs up, sooner or later."""
    while True:
        for row in (await admin.get("/calls", state="live"))["items"]:
            if row["stage"] == "talking":
                with contextlib.suppress(AssertionError):
                    await admin.post(f"/calls/{row['id']}/listen", mode="listen")
                break
        await asyncio.sleep(LISTEN_EVERY_S)


def memory_of(centre: BusyCentre) -> tuple[float, float]:
    """What the controller and Asterisk hold in memory now, in MB."""
    controller = controller_of(centre.instance)
    assert controller is not None
    return resident(controller), resident(asterisk_of(centre.instance))


def resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def tasks_of(centre: BusyCentre) -> int:
    """How many asyncio tasks the controller has."""
    async with aiohttp.ClientSession() as http, http.get(f"{centre.instance.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return int(float(next(line for line in lines if line.startswith("centralita_tasks ")).split()[1]))


async def at_rest(centre: BusyCentre, tasks: int) -> None:
    """As many tasks as before the first call."""
    left = 0
    try:
        async with asyncio.timeout(AT_REST_S):
            while (left := await tasks_of(centre)) > tasks:
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise AssertionError(f"{left} tasks in the controller, {tasks} before the first call") from None


def everybody_stayed(centre: BusyCentre) -> None:
    """Agents whose phones are gone are signed out: what follows would be callers alone."""
    people = dict(rows(centre.instance, "SELECT id, state FROM agents"))
    states = {agent.username: people[agent.username] for agent in centre.agents}
    assert set(states.values()) == {"available"}, states


def one_closed_record_each(centre: BusyCentre) -> None:
    [(records, people)] = rows(
        centre.instance, "SELECT count(*), count(DISTINCT from_address) FROM interactions"
    )
    ends = "SELECT end_reason, count(*) FROM interactions WHERE stage = 'closed' GROUP BY 1"
    reasons = dict(rows(centre.instance, ends))
    print(f"{records} records: {reasons}")
    assert (records, people, sum(reasons.values())) == (CALLS, CALLS, CALLS)
    assert set(reasons) <= {"agent_hung_up", "customer_hung_up", "abandoned", "customer_left_flow"}, reasons
