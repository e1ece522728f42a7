"""Calls over HTTP: lists, one call, commands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ari_apps.commands import Target
from ari_apps.telephone import CallView
from recorder.ear import Mode
from tests.contact_centre.house import CentreHouse, wav_frames
from voice_core.interaction import EndReason

COMMANDS = [
    ("hold", None, ("hold",)),
    ("resume", None, ("resume",)),
    ("mute", {"on": True}, ("mute", True)),
    ("digits", {"digits": "12#"}, ("digits", "12#")),
    ("hang-up", None, ("hang_up",)),
    ("transfer", {"kind": "queue", "value": "soporte"}, ("transfer", Target("queue", "soporte"))),
    ("consult", {"kind": "number", "value": "+59322222222"}, ("consult", Target("number", "+59322222222"))),
    ("consult/complete", None, ("complete_consult",)),
    ("consult/cancel", None, ("cancel_consult",)),
    ("conference", None, ("conference",)),
    ("reattach", None, ("reattach",)),
]


@pytest.mark.parametrize(("path", "body", "asked"), COMMANDS)
async def test_a_command_reaches_the_telephone(
    house: CentreHouse, path: str, body: dict[str, object] | None, asked: tuple[object, ...]
) -> None:
    row = await house.talking("ana")
    async with house.client("ana") as ana, house.client("luis") as luis:
        status, answer = await ana.ask("POST", f"/calls/{row.id}/{path}", body)
        assert (status, answer["id"]) == (200, row.id)
        what, *more = asked
        assert house.telephone.asked == [(what, row.id, "ana", *more)]
        status, answer = await luis.ask("POST", f"/calls/{row.id}/{path}", body)
        assert (status, answer["error"]["code"]) == (403, "not_allowed")
        assert len(house.telephone.asked) == 1


async def test_without_asterisk_commands_say_so(house: CentreHouse) -> None:
    row = await house.talking("ana")
    house.telephone.connected = False
    async with house.client("ana") as ana:
        status, answer = await ana.ask("POST", f"/calls/{row.id}/hold")
        assert (status, answer["error"]["code"]) == (503, "unavailable")
        assert answer["error"]["message"].startswith("La telefonía no responde")


async def test_dialling_out(house: CentreHouse) -> None:
    async with house.client("ana") as ana:
        status, answer = await ana.ask("POST", "/calls", {"number": "0991234567"})
        assert (status, answer["direction"], answer["stage"]) == (200, "outbound", "talking")
        assert not answer["dialling"]
        house.telephone.views[answer["id"]] = CallView(dialling=True)
        work = (await ana.ask("GET", "/me/work"))[1]
        assert [one["dialling"] for one in work["interactions"]] == [True]
        for hostile in ("", "1", "09&SIP/x", "0991234567\r\nX: y", "${EXTEN}", "@evil"):
            assert (await ana.ask("POST", "/calls", {"number": hostile}))[0] == 422


@pytest.mark.parametrize("value", ["ana&SIP/evil", "a b", "x\n", "${X}", "", "a" * 41])
async def test_hostile_targets_never_reach_the_telephone(house: CentreHouse, value: str) -> None:
    row = await house.talking("ana")
    async with house.client("ana") as ana:
        status, _ = await ana.ask("POST", f"/calls/{row.id}/transfer", {"kind": "agent", "value": value})
        assert status == 422
    assert house.telephone.asked == []


async def test_wrap_up_takes_known_dispositions_and_closes(house: CentreHouse) -> None:
    row = await house.talking("ana")
    await house.desk.end(row.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
    async with house.client("ana") as ana:
        path = f"/calls/{row.id}/wrap-up"
        assert (await ana.ask("POST", path, {"disposition": "inventada"}))[0] == 422
        body = {"disposition": "resuelto", "note": "Todo bien.\nGracias.", "tags": ["medidor"]}
        status, answer = await ana.ask("POST", path, body)
        assert (status, answer["stage"], answer["disposition"]) == (200, "closed", "resuelto")


async def test_lists_show_everything_to_supervisors_and_their_own_to_agents(house: CentreHouse) -> None:
    mine, others = await house.talking("ana"), await house.talking("luis", "0987654321")
    async with house.client("ana") as ana, house.client("sofia") as sofia, house.client("marta") as marta:
        assert [row["id"] for row in (await ana.get("/calls"))["items"]] == [mine.id]
        assert (await ana.ask("GET", "/calls?agent=luis"))[0] == 403
        assert (await ana.ask("GET", f"/calls/{others.id}"))[0] == 404
        assert {row["id"] for row in (await marta.get("/calls"))["items"]} == {mine.id, others.id}
        found = await sofia.get("/calls?text=0987654321&state=live&from=2026-11-20T00:00:00Z")
        assert [row["id"] for row in found["items"]] == [others.id]
        assert found["items"][0]["opened_at"].endswith("Z")
        assert "flow_state" not in found["items"][0]


async def test_one_call_shows_its_ledger_and_who_may_hear_it(house: CentreHouse) -> None:
    row = await house.talking("ana")
    recording = await house.recorded(row.id)
    async with house.client("sofia") as sofia, house.client("ana") as ana:
        shown = await sofia.get(f"/calls/{row.id}")
        kinds = [entry["kind"] for entry in shown["entries"]]
        assert kinds[:2] == ["opened", "queued"]
        assert "accepted" in kinds
        assert [entry["id"] for entry in shown["recordings"]] == [recording]
        assert (await ana.get(f"/calls/{row.id}"))["recordings"] == []


async def test_recording_is_paused_by_its_agent_only(house: CentreHouse) -> None:
    row = await house.talking("ana")
    await house.recorder.started(row.id, "channel-1")
    async with house.client("ana") as ana, house.client("luis") as luis, ana.events() as events:
        await events.next("snapshot")
        assert (await luis.ask("POST", f"/calls/{row.id}/recording/pause"))[0] == 403
        assert (await ana.ask("POST", f"/calls/{row.id}/recording/pause"))[0] == 200
        while (await events.next("interaction"))["recording"] != "paused":
            pass
        assert (await ana.ask("POST", f"/calls/{row.id}/recording/resume"))[0] == 200
        while (await events.next("interaction"))["recording"] != "on":
            pass


async def test_a_recording_is_played_in_ranges_downloaded_and_audited(
    house: CentreHouse, tmp_path: Path
) -> None:
    row = await house.talking("ana")
    recording = await house.recorded(row.id, seconds=2)
    async with house.client("sofia") as sofia, house.client("admin") as admin:
        listed = await sofia.get(f"/recordings?call={row.id}")
        assert listed["items"][0]["length_s"] == pytest.approx(2, abs=0.01)
        path = f"/recordings/{recording}/audio"
        async with sofia.raw("GET", path) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            content = await answer.read()
        assert wav_frames(content, tmp_path) == 16_000
        async with sofia.raw("GET", path, Range="bytes=100-199") as answer:
            assert (answer.status, await answer.read()) == (206, content[100:200])
        async with sofia.raw("GET", path + "?download=1") as answer:
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{recording}.wav"'
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        peaks = await sofia.get(f"/recordings/{recording}/peaks?points=20")
        assert len(peaks) == 2
        audited = [
            (entry["actor"], entry["action"], entry["target"])
            for entry in (await admin.get("/audit"))["items"]
        ]
        assert ("sofia", "recording.download", recording) in audited
        assert ("sofia", "recording.play", recording) in audited


async def test_listening_is_asked_for_the_supervisor_and_audited(house: CentreHouse) -> None:
    row = await house.talking("ana")
    async with house.client("sofia") as sofia, house.client("admin") as admin:
        path = f"/calls/{row.id}/listen"
        assert (await sofia.ask("POST", path, {"mode": "listen"}))[0] == 204
        assert (await sofia.ask("PUT", path, {"mode": "whisper"}))[0] == 204
        assert (await sofia.ask("DELETE", path))[0] == 204
        assert (await sofia.ask("POST", f"/calls/{row.id}/take-over"))[0] == 204
        assert (await sofia.ask("POST", path, {"mode": "shout"}))[0] == 422
        assert (await sofia.ask("POST", "/calls/nada/listen", {"mode": "listen"}))[0] == 404
        assert house.listening.asked == [
            ("start", row.id, "sofia", Mode.LISTEN),
            ("change", row.id, "sofia", Mode.WHISPER),
            ("stop", row.id, "sofia"),
            ("take_over", row.id, "sofia"),
        ]
        actions = [entry["action"] for entry in (await admin.get("/audit"))["items"]]
        assert actions.count("call.listened") == 2
        assert actions.count("call.taken_over") == 1


async def test_a_page_finds_its_work_again_after_a_reload(house: CentreHouse) -> None:
    row = await house.talking("ana")
    house.telephone.views[row.id] = replace(house.telephone.view(row.id), held=True)
    async with house.client("ana") as ana:
        work = await ana.get("/me/work")
        assert work["agent"]["status"] == "talking"
        assert [(mine["id"], mine["held"]) for mine in work["interactions"]] == [(row.id, True)]
        softphone = await ana.get("/me/softphone")
        assert (softphone["username"], softphone["ws_url"]) == ("ana", "/api/v1/softphone/ws")


async def test_pausing_needs_one_of_the_centres_reasons(house: CentreHouse) -> None:
    async with house.client("ana") as ana, house.client("sofia") as sofia:
        assert (await ana.ask("PUT", "/me/state", {"state": "paused", "reason": "siesta"}))[0] == 422
        status, answer = await ana.ask("PUT", "/me/state", {"state": "paused", "reason": "almuerzo"})
        assert (status, answer["status"], answer["reason"]) == (200, "paused", "almuerzo")
        assert (await sofia.ask("PUT", "/agents/ana/state", {"state": "offline"}))[0] == 200
        assert (await sofia.ask("PUT", "/agents/nadie/state", {"state": "offline"}))[0] == 404


async def test_a_voicemail_is_a_task_one_takes_hears_and_finishes(house: CentreHouse, tmp_path: Path) -> None:
    row = await house.message_left()
    async with house.client("ana") as ana, house.client("luis") as luis, ana.events() as events:
        await ana.ask("PUT", "/me/state", {"state": "available"})
        await house.desk.enqueue(row.id, "soporte")
        offer = await events.next("offer")
        assert (await luis.ask("POST", f"/offers/{offer['id']}/accept"))[0] == 403
        assert (await ana.ask("POST", f"/offers/{offer['id']}/accept"))[0] == 204
        assert (await luis.ask("GET", f"/calls/{row.id}/voicemail"))[0] == 404
        async with ana.raw("GET", f"/calls/{row.id}/voicemail") as answer:
            assert answer.content_type == "audio/wav"
            assert wav_frames(await answer.read(), tmp_path) == 8000
        status, done = await ana.ask("POST", f"/calls/{row.id}/hang-up")
        assert (status, done["stage"], done["end_reason"]) == (200, "wrap_up", "task_done")
        status, done = await ana.ask("POST", f"/calls/{row.id}/wrap-up", {"disposition": "resuelto"})
        assert done["stage"] == "closed"
