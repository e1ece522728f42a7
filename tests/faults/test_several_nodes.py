"""One controller, two Asterisks: each carries its own calls, rings the other's phones, and dies alone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from ari_apps.legs import node_of
from contact_centre.scripted_caller import Sound
from contact_centre.scripted_caller.errors import CallRefusedError
from contact_centre.scripted_caller.hearing import has_tone
from tests.browser.softphone import MICROPHONE_TONE, launch, panel, write_microphone
from tests.faults.processes import (
    TAKE_UP_LIMIT_S,
    asterisk_of,
    controller_of,
    kill_controller,
    serving_again,
)
from tests.faults.two_nodes import AGENT_HZ, CALLER_HZ, FIRST, SECOND, TwoNodes, two_nodes
from tests.instance import PASSWORD, TRUNK_HOST, Api
from tests.people import closed, kinds
from tests.recordings import heard_for, stereo

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow, pytest.mark.timeout(120)]
FREE_WITHIN_S = 5.0
OTHER_HZ = 850


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwoNodes]:
    async with two_nodes(tmp_path_factory.mktemp("nodes"), agents=6) as nodes:
        body = {"username": "oye", "name": "Oye", "roles": ["supervisor"], "password": PASSWORD}
        await nodes.admin.post("/users", **body)
        yield nodes


@pytest_asyncio.fixture(loop_scope="module")
async def nodes(server: TwoNodes) -> AsyncIterator[TwoNodes]:
    yield server
    await server.everybody_leaves()


async def test_a_caller_at_one_node_talks_with_agents_of_both(nodes: TwoNodes) -> None:
    near = await nodes.agent(3)
    caller, leg, contact = await nodes.talk(near, SECOND, "0994170001")
    assert contact["node"] == SECOND
    assert {node_of(each) for each in await nodes.channels(SECOND)} == {SECOND}
    assert await nodes.channels(FIRST) == []
    leg.hang_up()
    await caller.hung_up()
    await near.api.put("/me/state", state="offline")

    far = await nodes.agent(1)
    caller, leg, contact = await nodes.talk(far, SECOND, "0994170002")
    path = f"/calls/{contact['id']}"
    await far.api.post(f"{path}/hold")
    assert await caller.hears_sound(Sound.MUSIC, within_s=8)
    await far.api.post(f"{path}/resume")
    await asyncio.gather(caller.hears(AGENT_HZ), leg.hears(CALLER_HZ))

    await far.api.post(f"{path}/recording/pause")
    await far.api.post(f"{path}/recording/resume")

    consulted = await nodes.agent(2)
    await far.api.post(f"{path}/consult", kind="agent", value="a2")
    third = await consulted.takes(OTHER_HZ)
    await asyncio.gather(leg.hears(OTHER_HZ), third.hears(AGENT_HZ))
    await far.api.post(f"{path}/consult/complete")
    await leg.hung_up()
    await asyncio.gather(caller.hears(OTHER_HZ), third.hears(CALLER_HZ))
    await caller.listen(1.0)
    await consulted.api.post(f"{path}/hang-up")
    await asyncio.gather(caller.hung_up(), third.hung_up())
    record = await closed(nodes.admin, contact["id"])
    assert (record["interaction"]["node"], record["interaction"]["agent"]) == (SECOND, "a2")
    assert record["interaction"]["end_reason"] == "agent_hung_up"
    assert {"recording_paused", "recording_resumed"} <= set(kinds(record))
    left, right = await stereo(nodes.admin, contact["id"])
    assert heard_for(left, CALLER_HZ) > 0.5
    assert heard_for(right, AGENT_HZ) > 0.5
    assert heard_for(right, OTHER_HZ) > 0.5


async def test_refused_listened_to_and_dialled_from_the_other_node(nodes: TwoNodes) -> None:
    agent = await nodes.agent(0)
    caller = await nodes.caller(SECOND, "0994170011")
    rung = await agent.phone.rings(timeout_s=15)
    rung.refuse(486)
    again = await agent.takes()  # after a rest, nobody else being there
    await asyncio.gather(caller.hears(AGENT_HZ), again.hears(CALLER_HZ))
    contact = (await nodes.admin.get("/calls", state="live"))["items"][0]
    record = await nodes.admin.get(f"/calls/{contact['id']}")
    declined = [entry["data"]["reason"] for entry in record["entries"] if entry["kind"] == "declined"]
    assert declined == ["refused"]

    async with Api(nodes.instance, "oye", PASSWORD) as supervisor:
        ear = await nodes.phone("oye", FIRST)
        listening = asyncio.create_task(supervisor.post(f"/calls/{contact['id']}/listen", mode="listen"))
        heard = await ear.rings(timeout_s=10)
        assert heard.header("X-Centralita-Auto-Answer") == "yes"
        await heard.answer()
        await listening
        await asyncio.gather(heard.hears(CALLER_HZ), heard.hears(AGENT_HZ))
        await supervisor.delete(f"/calls/{contact['id']}/listen")
    caller.hang_up()
    await again.hung_up()

    out = await nodes.agent(5)  # whose wrap-up lasts longer than this test
    async with nodes.instance.trunk(as_provider=True) as provider:
        contact = await out.api.post("/calls", number="0987654321")
        assert contact["node"] == SECOND
        leg = await out.takes()
        customer = await provider.rings()
        await customer.answer()
        customer.play_tone(CALLER_HZ)
        await asyncio.gather(leg.hears(CALLER_HZ), customer.hears(AGENT_HZ))
        assert set(await nodes.channels(FIRST)) == set()
        leg.hang_up()
        await customer.hung_up()


async def test_a_page_rings_from_the_other_node_and_moves_when_its_own_dies(
    nodes: TwoNodes, tmp_path: Path
) -> None:
    agent = nodes.centre.agents[2]
    async with async_playwright() as playwright:
        browser = await launch(playwright, write_microphone(tmp_path / "tone.wav"))
        async with panel(browser, nodes.instance, "a2") as window:
            await agent.available()
            caller = await nodes.caller(SECOND, "0994170061")
            await window.shows("offer-card", timeout_s=20)
            await window.click("answer")
            await asyncio.gather(caller.hears(MICROPHONE_TONE, within_s=12), window.hears(CALLER_HZ, 12))
            assert await nodes.channels(FIRST) != []
            await window.page.reload()  # its telephone answers by itself
            await window.phone_is_ready()
            await window.shows("call-card")
            await asyncio.gather(caller.hears(MICROPHONE_TONE, within_s=15), window.hears(CALLER_HZ, 15))
            with nodes.dead(FIRST):
                await caller.hears_sound(Sound.MUSIC, within_s=10)
                await nodes.registered("a2", SECOND)
                await caller.hears(MICROPHONE_TONE, within_s=15)
                caller.hang_up()
            await agent.put("/me/state", state="offline")
        await browser.close()


async def test_nobody_outside_rings_a_phone_as_our_nodes_do(nodes: TwoNodes) -> None:
    agent = await nodes.agent(0)
    for host in (TRUNK_HOST, "127.0.0.1"):
        line = await nodes.line(host, FIRST)
        with pytest.raises(CallRefusedError) as refused:
            await (await line.call("a0-sip", from_number="0994170021")).answered(timeout_s=5)
        assert refused.value.status in (401, 404), refused.value
    assert agent.phone.calls == []


async def test_a_dead_node_ends_its_own_calls_and_serves_again(nodes: TwoNodes) -> None:
    here, there = await nodes.agent(0), await nodes.agent(3)
    caller, leg, kept = await nodes.talk(here, FIRST, "0994170031")
    lost_caller, lost_leg, lost = await nodes.talk(there, SECOND, "0994170032")
    across = await nodes.agent(4)
    waiting, broken, _ = await nodes.talk(across, FIRST, "0994170033")
    ringer = await nodes.agent(1)
    _, half, half_lost = await nodes.talk(ringer, SECOND, "0994170035")
    controller = controller_of(nodes.instance)
    loop = asyncio.get_running_loop()
    os.kill(asterisk_of(nodes.instance, SECOND), signal.SIGKILL)
    died_at = loop.time()
    record = await nodes.admin.until(
        f"/calls/{lost['id']}", lambda it: it["interaction"]["end_reason"] is not None, 15
    )
    took_s = loop.time() - died_at
    print(f"its call was closed {took_s:.2f} s after the node died")
    assert took_s <= FREE_WITHIN_S
    assert record["interaction"]["end_reason"] == "lost"
    await half.hung_up(timeout_s=FREE_WITHIN_S)  # nobody is left at its other end
    assert (await nodes.admin.get(f"/calls/{half_lost['id']}"))["interaction"]["end_reason"] == "lost"
    agents = {each["id"]: each["status"] for each in await nodes.admin.get("/agents")}
    assert "talking" not in (agents["a1"], agents["a3"])
    await asyncio.gather(caller.hears(AGENT_HZ), leg.hears(CALLER_HZ))  # they talk on
    assert await waiting.hears_sound(Sound.MUSIC, within_s=8)  # whom the dead node's agent had
    for call in (lost_caller, lost_leg, broken):
        call.hang_up()  # their phones notice by themselves, later
    await nodes.whole()
    assert controller_of(nodes.instance) == controller
    assert (await nodes.admin.get(f"/calls/{kept['id']}"))["interaction"]["stage"] == "talking"
    assert not has_tone(await waiting.listen(0.3), AGENT_HZ)
    waiting.hang_up()
    for busy in (across, ringer):
        await busy.api.put("/me/state", state="offline")
    await nodes.registers_again(there)
    caller_again, leg_again, _ = await nodes.talk(there, SECOND, "0994170034")  # available still
    for call in (caller, caller_again):
        call.hang_up()
    await asyncio.gather(leg.hung_up(), leg_again.hung_up())


async def test_a_node_that_stays_away_holds_nobody_up(nodes: TwoNodes) -> None:
    """Meanwhile the controller is killed too."""
    here, there = await nodes.agent(0), await nodes.agent(3)
    caller, leg, kept = await nodes.talk(here, FIRST, "0994170051")
    lost_caller, lost_leg, lost = await nodes.talk(there, SECOND, "0994170052")
    with nodes.dead(SECOND):
        path, loop = f"/calls/{lost['id']}", asyncio.get_running_loop()
        died_at = loop.time()
        record = await nodes.admin.until(path, lambda it: it["interaction"]["end_reason"] is not None, 15)
        print(f"its call was closed {loop.time() - died_at:.2f} s after the node died for good")
        assert loop.time() - died_at <= FREE_WITHIN_S
        assert record["interaction"]["end_reason"] == "lost"
        health = await nodes.admin.get("/health")
        assert health["status"] == "degraded", health
        assert health["checks"] == {
            "asterisk": True, "database": True, "router": True, FIRST: True, SECOND: False,
        }  # fmt: skip
        async with aiohttp.ClientSession() as http, http.get(f"{nodes.instance.url}/metrics") as answer:
            assert f'centralita_node_connected{{node="{SECOND}"}} 0.0' in await answer.text()
        died = await kill_controller(nodes.instance)
        assert await serving_again(nodes.instance, died) < TAKE_UP_LIMIT_S
        await asyncio.gather(caller.hears(AGENT_HZ), leg.hears(CALLER_HZ))
        await here.api.post(f"/calls/{kept['id']}/hang-up")
        await asyncio.gather(caller.hung_up(), leg.hung_up())
    for call in (lost_caller, lost_leg):
        call.hang_up()
    await nodes.whole()
    await here.api.put("/me/state", state="offline")
    await nodes.registers_again(there)
    await there.api.available()
    late, late_leg, _ = await nodes.talk(there, SECOND, "0994170053")
    late.hang_up()
    await late_leg.hung_up()


async def test_a_new_controller_takes_up_the_calls_of_both(nodes: TwoNodes) -> None:
    here, there = await nodes.agent(0), await nodes.agent(3)
    caller, leg, first = await nodes.talk(here, FIRST, "0994170041")
    other, other_leg, second = await nodes.talk(there, SECOND, "0994170042")
    across = await nodes.agent(1)
    third, third_leg, crossing = await nodes.talk(across, SECOND, "0994170043")
    died = await kill_controller(nodes.instance)
    await serving_again(nodes.instance, died)
    pairs = ((caller, leg), (other, other_leg), (third, third_leg))
    await asyncio.gather(
        *(talker.hears(AGENT_HZ) for talker, _ in pairs), *(ear.hears(CALLER_HZ) for _, ear in pairs)
    )
    for agent, contact, (talker, ear) in zip(
        (here, there, across), (first, second, crossing), pairs, strict=True
    ):
        await agent.api.post(f"/calls/{contact['id']}/hang-up")  # its new life obeys
        await asyncio.gather(talker.hung_up(), ear.hung_up())
        record = await closed(nodes.admin, contact["id"])
        assert record["interaction"]["end_reason"] == "agent_hung_up"
        left, right = await stereo(nodes.admin, contact["id"])
        assert heard_for(left, CALLER_HZ) > 0.5
        assert heard_for(right, AGENT_HZ) > 0.5
