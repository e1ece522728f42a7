"""The client against an Asterisk in memory: what the wire does, and what happens when it breaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from ari_apps.ari import (
    AriClient,
    Conflict,
    ConnectionLost,
    Disconnected,
    EventOverflow,
    NotFound,
    Outcome,
    Reconnected,
    Refused,
    RequestTimeout,
    ServerFailure,
    TakenOver,
    Unauthorized,
    UnknownEvent,
    Unprocessable,
    Unreachable,
    client,
)
from ari_apps.ari.events import DeviceStateChanged, StasisStart
from tests.ari_apps.fake_ari import PASSWORD, USER, FakeAri

PATIENCE_S = 5.0


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeAri]:
    async with FakeAri().running() as running:
        yield running


@asynccontextmanager
async def connected(fake: FakeAri, **options: Any) -> AsyncIterator[AriClient]:
    async with (
        asyncio.timeout(PATIENCE_S),
        AriClient.connect(fake.url, USER, PASSWORD, "app", **options) as ari,
    ):
        yield ari


def stasis_start(channel_id: str) -> dict[str, Any]:
    return {"type": "StasisStart", "args": ["inbound", "1"], "channel": {"id": channel_id}}


async def test_a_socket_that_tells_nothing_is_given_back(
    fake: FakeAri, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PROOF_TIMEOUT_S", 0.1)
    fake.deaf = 2
    async with connected(fake) as ari:
        await ari.channels.answer("c")
    assert fake.connections == 3
    fake.deaf = 3
    with pytest.raises(ConnectionLost):
        async with connected(fake):
            pass


async def test_every_socket_asks_for_the_kinds_that_are_read_and_for_the_clients_own(fake: FakeAri) -> None:
    async with connected(fake, reads=(DeviceStateChanged,)) as ari:
        fake.cut()
        while not isinstance(await anext(ari.events()), Reconnected):
            pass
    own = {"ApplicationReplaced", "ChannelUserevent", "PlaybackFinished", "StasisEnd", "BridgeDestroyed"}
    assert len(fake.filters) == 2
    for kinds in fake.filters:
        assert not (own | {"DeviceStateChanged"}) & set(kinds)
        assert {"ChannelVarset", "Dial"} <= set(kinds)


async def test_who_names_no_kind_gets_them_all(fake: FakeAri) -> None:
    """And says so: Asterisk may still hold what somebody before us asked for."""
    async with connected(fake):
        assert fake.filters == [[]]


async def test_an_asterisk_that_filters_nothing_is_used_all_the_same(fake: FakeAri) -> None:
    fake.answers["PUT", "applications/app/eventFilter"] = (400, {"message": "Bad request."})
    with capture_logs() as lines:
        async with connected(fake, reads=(StasisStart,)) as ari:
            await fake.tell(stasis_start("c"))
            assert isinstance(await anext(ari.events()), StasisStart)
    assert [line["event"] for line in lines if line["log_level"] == "warning"] == ["ari_events_not_filtered"]


async def test_a_request_carries_its_parameters_in_the_body(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        await ari.channels.hangup("a/b c", reason="busy")
    request = fake.requests[0]
    assert (request["type"], request["method"], request["uri"]) == (
        "RESTRequest",
        "DELETE",
        "channels/a%2Fb%20c",
    )
    assert json.loads(request["message_body"]) == {"reason": "busy"}
    assert request["content_type"] == "application/json"


async def test_parameters_not_given_are_not_sent(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        await ari.channels.answer("c")
        await ari.channels.start_moh("c")
    assert all("message_body" not in request for request in fake.requests)


async def test_many_requests_in_flight_get_each_its_own_answer(fake: FakeAri) -> None:
    for n in range(500):
        fake.answers["GET", f"channels/c{n}"] = (200, {"id": f"c{n}"})
    async with connected(fake) as ari:
        channels = await asyncio.gather(*(ari.channels.get(f"c{n}") for n in range(500)))
    assert [channel.id for channel in channels] == [f"c{n}" for n in range(500)]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Unauthorized),
        (404, NotFound),
        (409, Conflict),
        (422, Unprocessable),
        (500, ServerFailure),
    ],
)
async def test_a_refusal_has_its_own_error(fake: FakeAri, status: int, kind: type[Exception]) -> None:
    fake.answers["GET", "channels/c"] = (status, {"message": "because"})
    async with connected(fake) as ari:
        with pytest.raises(kind) as caught:
            await ari.channels.get("c")
    assert (caught.value.method, caught.value.path) == ("GET", "channels/c")  # type: ignore[attr-defined]
    assert (caught.value.status, caught.value.message) == (status, "because")  # type: ignore[attr-defined]


async def test_what_is_already_gone_is_ended_without_complaint(fake: FakeAri) -> None:
    for method, path in [
        ("DELETE", "channels/c"),
        ("DELETE", "channels/c/moh"),
        ("DELETE", "bridges/b"),
        ("POST", "bridges/b/removeChannel"),
        ("POST", "recordings/live/r/stop"),
        ("POST", "channels/c/continue"),
    ]:
        fake.answers[method, path] = (404, {"message": "not found"})
    async with connected(fake) as ari:
        await ari.channel("c").hangup()
        await ari.channel("c").moh_stop()
        await ari.channel("c").continue_in_dialplan()
        await ari.bridge("b").remove("c")
        await ari.bridge("b").destroy()
        await ari.recording("r").stop()
    assert len(fake.requests) == 6


async def test_originate_again_under_our_id_is_already_done(fake: FakeAri) -> None:
    fake.answers["GET", "channels/c"] = (200, {"id": "c"})
    async with connected(fake) as ari:
        assert (await ari.originate("PJSIP/ana", "c")).id == "c"
    assert [request["method"] for request in fake.requests] == ["GET"]


@pytest.mark.parametrize("status", [409, 500])
async def test_an_endpoint_that_gives_no_channel_is_unreachable(fake: FakeAri, status: int) -> None:
    fake.answers["GET", "channels/c"] = (404, {"message": "not found"})
    fake.answers["POST", "channels/c"] = (status, {"message": "exists or failed"})
    async with connected(fake) as ari:
        with pytest.raises(Unreachable):
            await ari.originate("PJSIP/ana", "c")


async def test_events_come_in_order_and_unknown_ones_are_kept(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        await fake.tell(stasis_start("one"))
        await fake.tell_raw("this is not JSON")
        await fake.tell_raw('["nor", "an", "object"]')
        await fake.tell({"type": "Novelty", "x": 1})
        await fake.tell({"type": "StasisStart", "channel": "broken", "args": None, "timestamp": "yesterday"})
        stream = ari.events()
        first, second, third = [await anext(stream) for _ in range(3)]
    assert isinstance(first, StasisStart)
    assert (first.channel.id, first.args) == ("one", ("inbound", "1"))
    assert isinstance(second, UnknownEvent)
    assert (second.kind, second.raw["x"]) == ("Novelty", 1)
    assert isinstance(third, StasisStart)
    assert (third.channel.id, third.args) == ("", ())


async def test_no_answer_in_time_is_told_and_the_late_answer_ignored(fake: FakeAri) -> None:
    async with connected(fake, request_timeout_s=0.05) as ari:
        fake.silent = True
        with pytest.raises(RequestTimeout, match=r"no answer in 0\.05 s"):
            await ari.channels.answer("c")
        fake.silent = False
        await fake.tell(
            {"type": "RESTResponse", "request_id": fake.requests[0]["request_id"], "status_code": 204}
        )
        await ari.channels.answer("c")


async def test_a_cut_fails_what_is_pending_and_is_mended(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        fake.silent = True
        pending = asyncio.create_task(ari.channels.answer("c"))
        playing = asyncio.create_task(ari.channel("c").play("sound:x", "p"))
        while len(fake.requests) < 2:
            await asyncio.sleep(0)
        fake.cut()
        with pytest.raises(ConnectionLost):
            await pending
        with pytest.raises(ConnectionLost):
            await playing
        stream = ari.events()
        assert isinstance(await anext(stream), Disconnected)
        with pytest.raises(ConnectionLost):
            await ari.channels.answer("c")
        assert ari.reconnects == 0
        assert isinstance(await anext(stream), Reconnected)
        assert ari.reconnects == 1
        fake.silent = False
        await ari.channels.answer("c")
        await fake.tell(stasis_start("after"))
        event = await anext(stream)
    assert isinstance(event, StasisStart)
    assert fake.connections == 2


async def test_it_keeps_trying_while_asterisk_is_away(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        fake.refusing = True
        fake.cut()
        stream = ari.events()
        assert isinstance(await anext(stream), Disconnected)
        assert not ari.connected
        fake.refusing = False
        assert isinstance(await anext(stream), Reconnected)
        assert ari.connected


async def test_a_playback_whose_socket_was_cut_has_an_unknown_end(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        playback = await ari.channel("c").play("sound:x")
        fake.cut()
        with pytest.raises(ConnectionLost):
            await playback.finished()


async def test_the_first_connection_says_what_is_wrong(fake: FakeAri) -> None:
    with pytest.raises(Unauthorized):
        async with AriClient.connect(fake.url, USER, "wrong", "app"):
            pass
    with pytest.raises(ConnectionLost):
        async with AriClient.connect("http://127.0.0.1:9/ari", USER, PASSWORD, "app"):
            pass


async def test_events_nobody_reads_end_the_stream_loudly(fake: FakeAri) -> None:
    async with connected(fake, event_limit=3) as ari:
        for n in range(5):
            await fake.tell(stasis_start(str(n)))
        while ari.connected:  # until the reader has met its limit
            await asyncio.sleep(0)
        seen = [await anext(ari.events()) for _ in range(3)]
        with pytest.raises(EventOverflow):
            await anext(ari.events())
        with pytest.raises(ConnectionLost):
            await ari.channels.answer("c")
    assert [event.channel.id for event in seen if isinstance(event, StasisStart)] == ["0", "1", "2"]


async def test_another_client_under_our_name_ends_the_stream(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        await fake.tell({"type": "ApplicationReplaced", "application": "app"})
        stream = ari.events()
        await anext(stream)
        with pytest.raises(TakenOver):
            await anext(stream)
    assert fake.connections == 1


async def test_leaving_ends_the_stream_for_its_reader(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        reading = asyncio.create_task(_read_all(ari))
        await fake.tell(stasis_start("one"))
        while not ari.backlog and not reading.done():
            await asyncio.sleep(0)
    assert [type(event) for event in await reading] == [StasisStart]


async def _read_all(ari: AriClient) -> list[Any]:
    return [event async for event in ari.events()]


def finished(playback_id: str, state: str = "done") -> dict[str, Any]:
    return {
        "type": "PlaybackFinished",
        "playback": {"id": playback_id, "state": state, "media_uri": "sound:x"},
    }


async def test_how_playbacks_end(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        channel = ari.channel("c")
        whole, broken, stopped, orphan = [
            await channel.play("sound:x", name) for name in ("p1", "p2", "p3", "p4")
        ]
        await stopped.stop()
        await fake.tell(finished("p1"))
        await fake.tell(finished("p2", "failed"))
        await fake.tell(finished("p3"))
        await fake.tell({"type": "ChannelHangupRequest", "channel": {"id": "c"}})
        await fake.tell(finished("p4", "failed"))
        outcomes = [(await playback.finished()).outcome for playback in (whole, broken, stopped, orphan)]
        assert len(ari.results) == 0
    assert outcomes == [Outcome.COMPLETED, Outcome.FAILED, Outcome.CANCELLED, Outcome.GONE]


async def test_the_end_of_a_channel_or_bridge_ends_what_plays_on_it(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        on_channel = await ari.channel("c").play("sound:x")
        on_bridge = await ari.bridge("b").play("sound:x")
        await fake.tell({"type": "StasisEnd", "channel": {"id": "c"}})
        await fake.tell({"type": "BridgeDestroyed", "bridge": {"id": "b"}})
        assert (await on_channel.finished()).outcome is Outcome.GONE
        assert (await on_bridge.finished()).outcome is Outcome.GONE


async def test_a_refused_playback_leaves_nothing_waiting(fake: FakeAri) -> None:
    fake.answers["POST", "channels/c/play/p"] = (404, {"message": "Channel not found"})
    async with connected(fake) as ari:
        with pytest.raises(NotFound):
            await ari.channel("c").play("sound:x", "p")
        assert len(ari.results) == 0


async def test_an_impatient_waiter_leaves_the_result_to_the_others(fake: FakeAri) -> None:
    async with connected(fake) as ari:
        playback = await ari.channel("c").play("sound:x", "p")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await playback.finished()
        await fake.tell(finished("p"))
        assert (await playback.finished()).completed
