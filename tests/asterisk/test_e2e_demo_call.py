"""`centralita demo-call` against the running instance, as the README tells a newcomer to try it."""

from __future__ import annotations

import asyncio

import pytest

from contact_centre.scripted_caller import Sound
from tests.instance import Instance
from tests.people import at_desk

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


async def test_a_spoken_call_is_told_from_ringing_to_the_end(centralita: Instance) -> None:
    """The README's own call: the supply number that is asked for is not typed, so a person asks for it."""
    words = ("--press", "1", "--say", "Hola, no tengo luz desde esta mañana.")
    async with at_desk(centralita, "ana") as ana, asyncio.TaskGroup() as group:
        running = group.create_task(centralita.command("demo-call", "101", *words, "--from", "0991310001"))
        leg, _ = await ana.takes(timeout_s=90)
        await leg.hears_sound(Sound.SPEECH, within_s=10)
        leg.hang_up()
    told = running.result().out
    for line in (
        "Marco 101 desde 0991310001",
        "Contestan",
        "oigo hablar",
        "Pulso 1",
        "en la cola «soporte»",
        "suena el teléfono de ana",
        "ana contesta",
        "Cuelgan al otro lado",
        "fin: agent_hung_up",
    ):
        assert line in told, told
    await centralita.quiet()


async def test_in_english_and_hanging_up_by_itself(centralita: Instance) -> None:
    told = (await centralita.command("demo-call", "102", "--hang-up-after", "6", "--lang", "en")).out
    assert "I hear speech" in told
    assert "I hang up" in told
    assert "ended: customer_left_flow" in told
    await centralita.quiet()
