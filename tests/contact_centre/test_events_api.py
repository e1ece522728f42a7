"""The events socket: a snapshot, then every change, to each what they may see."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from contact_centre.access.service import UserChanges
from contact_centre.live.screens import LIMIT
from contact_centre.web import sockets
from tests.contact_centre.house import CentreHouse
from voice_core.agent import AgentState
from voice_core.interaction import EndReason
from voice_core.ports import Change, Notice


async def test_a_supervisor_sees_the_whole_life_of_a_call(house: CentreHouse) -> None:
    async with house.client("sofia") as sofia, sofia.events() as events:
        snapshot = await events.next("snapshot")
        assert {agent["id"] for agent in snapshot["agents"]} >= {"ana", "luis", "sofia"}
        assert snapshot["interactions"] == []
        assert [queue["name"] for queue in snapshot["queues"]] == ["soporte"]
        await house.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
        assert (await events.next("agent"))["status"] == "available"
        row = await house.queued()
        stages = [(await events.next("interaction"))["stage"] for _ in range(2)]
        assert stages == ["flow", "queued"]
        offer = await events.next("offer")
        assert (offer["agent"], offer["interaction_id"]) == ("ana", row.id)
        await house.desk.accept(offer["id"])
        gone = await events.next("offer_gone")
        assert gone == {"id": offer["id"], "interaction_id": row.id, "reason": "accepted"}
        await house.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
        await house.desk.wrap_up(row.id, "ana", disposition="resuelto")
        while (last := await events.next("interaction"))["stage"] != "closed":
            pass
        assert last["disposition"] == "resuelto"


async def test_queues_are_told_as_they_fill(house: CentreHouse) -> None:
    async with house.client("sofia") as sofia, sofia.events() as events:
        await events.next("snapshot")
        await house.queued()
        while (queue := await events.next("queue"))["waiting"] != 1:
            pass
        assert queue["label"] == {"es": "Soporte", "en": "Support"}


async def test_an_agent_sees_their_own_work_and_forgets_what_went_on(house: CentreHouse) -> None:
    async with house.client("ana") as ana, ana.events() as events:
        snapshot = await events.next("snapshot")
        assert [agent["id"] for agent in snapshot["agents"]] == ["ana"]
        assert snapshot["queues"] == []
        others = await house.talking("luis")
        row = await house.talking("ana", "0987654321")
        await house.desk.transfer(row.id, to_queue="soporte", by="ana")
        assert await events.next("interaction_gone") == {"id": row.id}
        assert others.id not in str(events.seen)
        assert "luis" not in str(events.seen)


async def test_a_declined_offer_is_taken_back_from_the_agent(house: CentreHouse) -> None:
    await house.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    async with house.client("ana") as ana, ana.events() as events:
        await events.next("snapshot")
        await house.queued()
        offer = await events.next("offer")
        assert await ana.ask("POST", f"/offers/{offer['id']}/decline") == (204, b"")
        gone = await events.next("offer_gone")
        assert (gone["id"], gone["reason"]) == (offer["id"], "refused")


async def test_agent_and_supervisor_are_told_of_the_pause_after_missed_offers(house: CentreHouse) -> None:
    await house.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    async with (
        house.client("ana") as ana,
        house.client("sofia") as sofia,
        house.client("luis") as luis,
        ana.events() as hers,
        sofia.events() as room,
        luis.events() as his,
    ):
        for events in (hers, room, his):
            await events.next("snapshot")
        for number in (
            "0991000001",
            "0991000002",
        ):  # another caller: the same one is held out again after a rest
            await house.queued(number)
            offer = await hers.next("offer")
            assert await ana.ask("POST", f"/offers/{offer['id']}/decline") == (204, b"")
        told = {
            "code": "agent_paused_missed_offers",
            "agent": "ana",
            "interaction_id": None,
            "data": {"missed": "2"},
        }
        assert await hers.next("notice") == told
        assert await room.next("notice") == told
        paused = [event["data"] for event in room.seen if event["type"] == "agent"][-1]
        assert (paused["id"], paused["state"], paused["reason"]) == ("ana", "paused", "missed_offers")
        house.news.publish(Change(notices=(Notice("fin", agent="luis"),)))
        assert (await his.next("notice"))["code"] == "fin"  # and nothing of ana's before it
        assert [event["type"] for event in his.seen].count("notice") == 1


async def test_a_page_loaded_anew_asks_to_be_rung_again(house: CentreHouse) -> None:
    await house.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    async with house.client("ana") as ana, house.client("luis") as luis, ana.events() as events:
        await events.next("snapshot")
        await house.queued()
        offer = await events.next("offer")
        assert (await luis.ask("POST", f"/offers/{offer['id']}/ring"))[0] == 403
        assert await ana.ask("POST", f"/offers/{offer['id']}/ring") == (204, b"")
        assert house.telephone.asked == [("ring_again", offer["id"], "ana")]
        await ana.ask("POST", f"/offers/{offer['id']}/decline")
        assert (await ana.ask("POST", f"/offers/{offer['id']}/ring"))[0] == 409


async def test_a_supervisor_is_told_how_the_minute_goes(house: CentreHouse) -> None:
    async with house.client("sofia") as sofia, sofia.events() as events:
        assert len((await events.next("snapshot"))["pulse"]) == 1
        await house.queued()
        while (minute := await events.next("pulse"))["waiting"] == 0:
            pass
        assert (minute["arrived"], minute["answered"], minute["waiting"]) == (1, 0, 1)


async def test_a_designer_sees_nothing_of_calls(house: CentreHouse) -> None:
    async with house.client("diego") as diego, diego.events() as events:
        assert await events.next("snapshot") == {
            "agents": [],
            "interactions": [],
            "queues": [],
            "offers": [],
            "pulse": [],
        }
        await house.talking("ana")
        house.news.publish(Change(notices=(Notice("hola", for_role="designer"),)))
        assert (await events.next("notice"))["code"] == "hola"
        assert [event["type"] for event in events.seen] == ["snapshot", "notice"]


async def test_held_and_muted_are_shown_at_once(house: CentreHouse) -> None:
    row = await house.talking("ana")
    async with house.client("ana") as ana, ana.events() as events:
        await events.next("snapshot")
        status, answer = await ana.ask("POST", f"/calls/{row.id}/mute", {"on": True})
        assert (status, answer["muted"]) == (200, True)
        assert (await events.next("interaction"))["muted"] is True


async def test_signing_out_closes_the_socket(house: CentreHouse) -> None:
    async with house.client("ana") as ana, ana.events() as events:
        await events.next("snapshot")
        await ana.ask("DELETE", "/session")
        message = await events.socket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == sockets.SIGNED_OUT


async def test_new_rights_bring_a_new_snapshot_and_lost_sessions_close(
    house: CentreHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHECK_EVERY_S", 0.05)
    async with house.client("sofia") as sofia, sofia.events() as events:
        await events.next("snapshot")
        await house.access.change("sofia", UserChanges(roles=("agent",)))  # type: ignore[arg-type]
        snapshot = await events.next("snapshot")
        assert [agent["id"] for agent in snapshot["agents"]] == ["sofia"]
        await house.access.change("sofia", UserChanges(active=False))
        while (message := await events.socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert message.data == sockets.SIGNED_OUT


async def test_a_page_too_far_behind_is_sent_away(house: CentreHouse) -> None:
    async with house.client("sofia") as sofia, sofia.events() as events:
        await events.next("snapshot")
        for _ in range(LIMIT + 2):
            house.news.publish(Change(notices=(Notice("ruido"),)))
        async with asyncio.timeout(10):
            while (message := await events.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert message.data == sockets.BEHIND


async def test_the_socket_needs_a_session_and_the_same_origin(house: CentreHouse) -> None:
    url = house.server.make_url("/api/v1/events")
    async with house.client() as nobody, house.client("ana") as ana:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await nobody.http.ws_connect(url)
        assert refused.value.status == 401
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await ana.http.ws_connect(url, headers={"Origin": "https://evil.example"})
        assert refused.value.status == 403
