"""The first call, whole: a running instance, a real trunk, real telephones, and the record it leaves."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from contact_centre.scripted_caller import Sound
from contact_centre.scripted_caller.hearing import has_tone
from tests.instance import Api, Instance
from tests.people import at_desk, closed, dial_in, kinds
from tests.recordings import heard_for, longest_zero_s, stereo

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

CALLER_TONE, ANA_TONE, LUIS_TONE, CARD_TONE, AFTER_TONE = 440, 620, 850, 1130, 1470


async def test_menu_queue_agent_hold_consulted_transfer_recording_and_ledger(centralita: Instance) -> None:
    caller_number = "0991110001"
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
    ):
        call = await dial_in(trunk, "2", caller=caller_number)
        leg, contact = await ana.takes()
        assert leg.from_number == caller_number
        assert contact["queue"] == "facturacion"
        call.play_tone(CALLER_TONE)
        leg.play_tone(ANA_TONE)
        await asyncio.gather(leg.hears(CALLER_TONE), call.hears(ANA_TONE))

        path = f"/calls/{contact['id']}"
        await ana.api.post(f"{path}/hold")
        assert await call.hears_sound(Sound.MUSIC, Sound.SPEECH, within_s=8)
        assert not has_tone(await call.listen(0.5), ANA_TONE)
        await ana.api.post(f"{path}/resume")
        await asyncio.gather(leg.hears(CALLER_TONE), call.hears(ANA_TONE))
        await call.listen(1.0)  # enough of it to find it again in the recording

        async with at_desk(centralita, "luis") as luis:
            await ana.api.post(f"{path}/consult", kind="agent", value="luis")
            consulted = await luis.phone.rings()
            await consulted.answer()
            consulted.play_tone(LUIS_TONE)
            await asyncio.gather(leg.hears(LUIS_TONE), consulted.hears(ANA_TONE))
            assert not has_tone(await call.listen(0.5), ANA_TONE)
            await ana.api.post(f"{path}/consult/complete")
            await leg.hung_up()
            await asyncio.gather(consulted.hears(CALLER_TONE), call.hears(LUIS_TONE))
            await call.listen(1.0)
            call.hang_up()
            await consulted.hung_up()
            await luis.finish(contact["id"], "informacion")
            record = await closed(sofia, contact["id"])

        interaction = record["interaction"]
        assert interaction["end_reason"] == "customer_hung_up"
        assert interaction["disposition"] == "informacion"
        assert interaction["agent"] == "luis"
        expected = [
            "opened", "flow_step", "queued", "offered", "accepted", "held", "resumed",
            "transfer_completed", "ended", "disposed", "closed",
        ]  # fmt: skip
        found = kinds(record)
        assert [kind for kind in expected if kind not in found] == []
        order = [found.index(kind) for kind in expected]
        assert order == sorted(order), found
        times = [datetime.fromisoformat(entry["at"]) for entry in record["entries"]]
        assert times == sorted(times)

        left, right = await stereo(sofia, contact["id"])
        assert heard_for(left, CALLER_TONE) > 0.5
        assert heard_for(right, ANA_TONE) > 0.5
        assert heard_for(right, LUIS_TONE) > 0.5
        assert heard_for(left, ANA_TONE) < 0.5
    await centralita.quiet()


async def test_what_is_said_while_the_recording_is_paused_is_not_in_it(centralita: Instance) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
    ):
        call = await dial_in(trunk, "2", caller="0991110007")
        leg, contact = await ana.takes()
        path = f"/calls/{contact['id']}"
        call.play_tone(CALLER_TONE)
        await leg.hears(CALLER_TONE)
        await call.listen(1.0)
        call.fall_silent()
        await ana.api.post(f"{path}/recording/pause")
        call.play_tone(CARD_TONE)
        leg.play_tone(ANA_TONE)
        await asyncio.gather(leg.hears(CARD_TONE), call.hears(ANA_TONE))
        await call.listen(1.5)
        call.fall_silent()
        leg.fall_silent()
        await call.listen(0.5)
        await ana.api.post(f"{path}/recording/resume")
        call.play_tone(AFTER_TONE)
        await leg.hears(AFTER_TONE)
        await call.listen(1.0)
        call.hang_up()
        await leg.hung_up()
        await ana.finish(contact["id"])
        left, right = await stereo(sofia, contact["id"])
    assert heard_for(left, CALLER_TONE) > 0.5
    assert heard_for(left, AFTER_TONE) > 0.5
    assert heard_for(left, CARD_TONE) < 0.5
    assert heard_for(right, ANA_TONE) < 0.5
    assert longest_zero_s(left) > 1.5  # silence in step with time, not a cut
    await centralita.quiet()


async def test_a_caller_waits_with_music_until_somebody_is_free(centralita: Instance) -> None:
    async with centralita.trunk() as trunk:
        call = await dial_in(trunk, "2", caller="0991110002")
        await call.hears_sound(Sound.MUSIC, within_s=20)
        async with at_desk(centralita, "ana") as ana:
            leg, _ = await ana.takes()
            leg.play_tone(ANA_TONE)
            await call.hears(ANA_TONE)
            leg.hang_up()
            await call.hung_up()
    await centralita.quiet()


async def test_a_refused_offer_goes_to_the_next_agent(centralita: Instance) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
        at_desk(centralita, "luis") as luis,
    ):
        call = await dial_in(trunk, "0", caller="0991110003")
        rings = {asyncio.create_task(each.phone.rings()): each for each in (ana, luis)}
        done, waiting = await asyncio.wait(rings, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        first = rings[done.pop()]
        second = luis if first is ana else ana
        first.phone.calls[0].refuse(486)
        leg, contact = await second.takes()
        assert contact["offers"] == 2
        call.hang_up()
        await leg.hung_up()
        await second.finish(contact["id"])
        record = await closed(sofia, contact["id"])
        declined = next(entry for entry in record["entries"] if entry["kind"] == "declined")
        assert declined["data"]["reason"] == "refused"
    await centralita.quiet()


async def test_who_calls_again_reaches_the_same_agent_though_another_is_longer_idle(
    centralita: Instance,
) -> None:
    caller = "0991110009"
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk() as trunk,
        at_desk(centralita, "ana") as ana,
        at_desk(centralita, "luis") as luis,
    ):
        for again in (False, True):
            call = await dial_in(trunk, "0", caller=caller)
            if not again:
                contact = await sofia.until(f"/calls?state=live&text={caller}", _is_offered, 20)
                first, other = (ana, luis) if contact["items"][0]["agent"] == "ana" else (luis, ana)
            leg, contact = await first.takes()
            call.hang_up()
            await leg.hung_up()
            await first.finish(contact["id"])
            await closed(sofia, contact["id"])
            idle = {each["id"]: each["idle_since"] for each in await sofia.get("/agents")}
            assert idle[other.api.username] < idle[first.api.username]
        assert contact["preferred_agent"] == first.api.username
        assert other.phone.calls == []
    await centralita.quiet()


def _is_offered(page: dict[str, list[dict[str, str]]]) -> bool:
    return any(row["stage"] == "offered" for row in page["items"])


async def test_an_agent_dials_out_through_the_trunk(centralita: Instance) -> None:
    async with (
        Api(centralita, "sofia") as sofia,
        centralita.trunk(as_provider=True) as provider,
        at_desk(centralita, "ana") as ana,
    ):
        contact = await ana.api.post("/calls", number="0987654321")
        leg = await ana.phone.rings()
        assert leg.header("X-Centralita-Auto-Answer") == "yes"
        await leg.answer()
        customer = await provider.rings()
        assert customer.to_number == "0987654321"
        await customer.answer()
        customer.play_tone(CALLER_TONE)
        leg.play_tone(ANA_TONE)
        await asyncio.gather(leg.hears(CALLER_TONE), customer.hears(ANA_TONE))
        await customer.listen(1.0)
        leg.hang_up()
        await customer.hung_up()
        await ana.finish(contact["id"])
        record = await closed(sofia, contact["id"])
        assert record["interaction"]["end_reason"] == "agent_hung_up"
        left, right = await stereo(sofia, contact["id"])
        assert heard_for(left, CALLER_TONE) > 0.5
        assert heard_for(right, ANA_TONE) > 0.5
    await centralita.quiet()
