"""People of the demo organisation at work, for tests: an agent or supervisor signed in, with a telephone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from contact_centre.scripted_caller import Call, Line, Sound
from tests.instance import Api, Instance

Record = dict[str, Any]
MESSAGE_TIMEOUT_S = 20.0  # the words before the tone


@dataclass(slots=True)
class Person:
    """Somebody at a desk."""

    api: Api
    phone: Line

    async def takes(self, timeout_s: float = 15.0) -> tuple[Call, Record]:
        """Answer the next call that rings here; returns the leg and the contact, which is then `talking`."""
        leg = await self.phone.rings(timeout_s)
        await leg.answer()
        contact = await self.contact("talking")
        await leg.listen(0.2)  # the record says so before the voices meet
        return leg, contact

    async def contact(self, stage: str, timeout_s: float = 10.0) -> Record:
        """The contact of ours that is (or comes to be) in this stage."""

        def found(work: Record) -> list[Record]:
            return [each for each in work["interactions"] if each["stage"] == stage]

        return found(await self.api.until("/me/work", found, timeout_s))[0]

    async def finish(self, contact_id: str, disposition: str = "resuelto") -> None:
        await self.contact("wrap_up")
        await self.api.post(f"/calls/{contact_id}/wrap-up", disposition=disposition, note="", tags=[])

    async def leave(self) -> None:
        """Off the phone, nothing to wrap up, signed off."""
        for leg in self.phone.calls:
            leg.hang_up()
        await sign_off(self.api)


async def sign_off(agent: Api) -> None:
    """Offline, every call hung up, nothing left to wrap up."""
    await agent.put("/me/state", state="offline")
    for each in (await agent.get("/me/work"))["interactions"]:
        if each["stage"] == "talking":
            await agent.post(f"/calls/{each['id']}/hang-up")
    work = await agent.until(
        "/me/work", lambda work: all(each["stage"] == "wrap_up" for each in work["interactions"])
    )
    for each in work["interactions"]:
        await agent.post(f"/calls/{each['id']}/wrap-up", disposition="resuelto", note="", tags=[])


@asynccontextmanager
async def at_desk(instance: Instance, user: str, *, available: bool = True) -> AsyncIterator[Person]:
    """`user` signed in, with a registered desk phone; signed off afterwards."""
    async with Api(instance, user) as api, instance.desk_phone(user) as phone:
        person = Person(api, phone)
        if available:
            await api.available()
        try:
            yield person
        finally:
            if available:
                await person.leave()


async def dial_in(trunk: Line, keys: str, *, number: str = "101", caller: str = "0991234567") -> Call:
    """A caller who waits for the menu to speak and presses `keys`."""
    call = await trunk.call(number, from_number=caller)
    await call.answered()
    await call.hears_sound(Sound.SPEECH, within_s=20)
    await call.send_digits(keys)
    return call


async def message_begins(instance: Instance, contact_id: str) -> None:
    """The words before the tone are over, and Asterisk writes what the caller says."""
    spool = instance.home / "asterisk" / "spool" / "recording"
    async with asyncio.timeout(MESSAGE_TIMEOUT_S):
        while not list(spool.glob(f"{contact_id}.voicemail.*.wav")):
            await asyncio.sleep(0.05)


async def closed(supervisor: Api, contact_id: str, timeout_s: float = 15.0) -> Record:
    """The finished record with its ledger and recordings: `{interaction, entries, recordings}`."""
    path = f"/calls/{contact_id}"
    return dict(await supervisor.until(path, lambda it: it["interaction"]["stage"] == "closed", timeout_s))


async def newest_from(supervisor: Api, caller: str) -> Record:
    """The newest contact of this caller number, live or closed."""
    found: list[Record] = []

    async def look(state: str) -> list[Record]:
        return list((await supervisor.get("/calls", state=state, text=caller))["items"])

    found = [*await look("live"), *await look("closed")]
    assert found, f"no contact from {caller}"
    return max(found, key=lambda each: str(each["opened_at"]))


def kinds(record: Record) -> list[str]:
    return [entry["kind"] for entry in record["entries"]]
