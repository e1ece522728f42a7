"""Supervision, proved with tones: who hears whom when listening, whispering, barging in, taking over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from contact_centre.scripted_caller import Call
from contact_centre.scripted_caller.hearing import has_tone
from tests.instance import Instance
from tests.people import Person, Record, at_desk, dial_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

CALLER_TONE, AGENT_TONE, SUPERVISOR_TONE = 440, 620, 850


@dataclass(frozen=True, slots=True)
class Room:
    """A conversation under supervision, everybody sending a tone."""

    contact: Record
    caller: Call
    agent: Call
    supervisor: Call
    sofia: Person

    @property
    def path(self) -> str:
        return f"/calls/{self.contact['id']}/listen"


@asynccontextmanager
async def supervised(centralita: Instance, mode: str, caller_number: str) -> AsyncIterator[Room]:
    async with (
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
        at_desk(centralita, "sofia", available=False) as sofia,
    ):
        caller = await dial_in(trunk, "2", caller=caller_number)
        agent, contact = await ana.takes()
        caller.play_tone(CALLER_TONE)
        agent.play_tone(AGENT_TONE)
        await asyncio.gather(agent.hears(CALLER_TONE), caller.hears(AGENT_TONE))
        started = asyncio.create_task(sofia.api.post(f"/calls/{contact['id']}/listen", mode=mode))
        supervisor = await sofia.phone.rings()
        await supervisor.answer()
        await started
        supervisor.play_tone(SUPERVISOR_TONE)
        yield Room(contact, caller, agent, supervisor, sofia)
    await centralita.quiet()


async def does_not_hear(call: Call, frequency: float) -> None:
    heard = await call.listen(1.0)
    window = 1600
    found = [has_tone(heard[at : at + window], frequency) for at in range(0, len(heard) - window, window)]
    assert not any(found), f"{frequency} Hz was heard"


async def test_listening_hears_both_and_is_heard_by_nobody(centralita: Instance) -> None:
    async with supervised(centralita, "listen", "0991120001") as room:
        await asyncio.gather(room.supervisor.hears(CALLER_TONE), room.supervisor.hears(AGENT_TONE))
        await asyncio.gather(
            does_not_hear(room.caller, SUPERVISOR_TONE), does_not_hear(room.agent, SUPERVISOR_TONE)
        )


async def test_whispering_is_heard_by_the_agent_only(centralita: Instance) -> None:
    async with supervised(centralita, "whisper", "0991120002") as room:
        await asyncio.gather(room.agent.hears(SUPERVISOR_TONE), room.supervisor.hears(CALLER_TONE))
        await does_not_hear(room.caller, SUPERVISOR_TONE)


async def test_barging_in_is_heard_by_both(centralita: Instance) -> None:
    async with supervised(centralita, "barge", "0991120003") as room:
        await asyncio.gather(
            room.agent.hears(SUPERVISOR_TONE),
            room.caller.hears(SUPERVISOR_TONE),
            room.supervisor.hears(CALLER_TONE),
            room.supervisor.hears(AGENT_TONE),
        )


async def test_the_mode_changes_within_one_call_and_ends(centralita: Instance) -> None:
    async with supervised(centralita, "listen", "0991120004") as room:
        await does_not_hear(room.agent, SUPERVISOR_TONE)
        await room.sofia.api.put(room.path, mode="whisper")
        await room.agent.hears(SUPERVISOR_TONE)
        await room.sofia.api.put(room.path, mode="barge")
        await room.caller.hears(SUPERVISOR_TONE)
        await room.sofia.api.delete(room.path)
        await room.supervisor.hung_up()
        await asyncio.gather(room.agent.hears(CALLER_TONE), room.caller.hears(AGENT_TONE))


async def test_a_supervisor_takes_the_call_over(centralita: Instance) -> None:
    async with supervised(centralita, "listen", "0991120005") as room:
        taking = asyncio.create_task(room.sofia.api.post(f"/calls/{room.contact['id']}/take-over"))
        await room.agent.hung_up(timeout_s=10)
        await taking
        leg = room.supervisor if room.sofia.phone.calls else await room.sofia.phone.rings()
        await asyncio.gather(leg.hears(CALLER_TONE), room.caller.hears(SUPERVISOR_TONE))
        leg.hang_up()
        await room.caller.hung_up()
        await room.sofia.finish(room.contact["id"])
