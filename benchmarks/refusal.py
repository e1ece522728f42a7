"""An agent refuses, or does not answer: from the 486 (or the end of the ringing) to the next agent's INVITE.

app_queue is as it comes (`retry = 5`). Refused by a 486, it rings the next free member at once, and waits its retry only when
all have refused; not answered, it always waits its retry. The target is a fiftieth of that wait, for both of ours.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from statistics import median

from benchmarks.contest import NATIVE, OURS, Result, alternating, at
from benchmarks.stage import DEFAULT_QUEUE_NUMBER, Stage
from contact_centre.scripted_caller import Call, Line
from tests.busy_centre import SHORT_RING_NUMBER

AGENTS = 3
RING_LIMIT_S = 40.0
FRACTION = 50
REFUSED, NOT_ANSWERED = "refused", "not answered"


async def measure(stage: Stage, rounds: int) -> Result:
    result = Result("refusal", "Refusal or no answer → next ring", "ms")
    async with AsyncExitStack() as stack:
        trunk = await stack.enter_async_context(stage.instance.trunk())
        phones = []
        for user, secret in list(stage.centre.secrets.items())[:AGENTS]:
            line = await stack.enter_async_context(Line("127.0.0.1", server=stage.instance.server))
            await line.register(user, secret)
            phones.append(line)
        for _, who in alternating(rounds):
            await stage.open_for(who, AGENTS)
            for case in (REFUSED, NOT_ANSWERED):
                result.add(case, who, await one_call(stage, trunk, phones, who, case))
    limit = median(result.of(NOT_ANSWERED, NATIVE)) / FRACTION
    for case in result.samples:
        result.judge(
            f"{case}: p99 ≤ 1/{FRACTION} of app_queue's default wait", at(result.of(case), 99), limit
        )
    result.note = "Refused by a 486, app_queue rings the next free member at once: see its figures."
    return result


async def one_call(stage: Stage, trunk: Line, phones: list[Line], who: str, case: str) -> list[float]:
    """Milliseconds of each agent who is asked after another did not take it; the last one answers."""
    call = await trunk.call(
        SHORT_RING_NUMBER if who == OURS else DEFAULT_QUEUE_NUMBER, from_number="0995550001"
    )
    loop, took, left_at = asyncio.get_running_loop(), [], 0.0
    for turn in range(AGENTS if case == REFUSED else 2):
        ring = await _next_ring(phones)
        if turn:
            took.append(1000 * (ring.began_at - left_at))
        if turn == (AGENTS if case == REFUSED else 2) - 1:
            await ring.answer()
            await ring.listen(0.2)
            ring.hang_up()
            break
        if case == REFUSED:
            left_at = loop.time()
            ring.refuse(486)
        else:
            await ring.hung_up(RING_LIMIT_S)
            left_at = loop.time()
    await call.hung_up()
    await stage.instance.quiet()
    return took


async def _next_ring(phones: list[Line]) -> Call:
    """At whichever phone."""
    tasks = [asyncio.create_task(phone.rings(RING_LIMIT_S)) for phone in phones]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return done.pop().result()
