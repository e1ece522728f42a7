"""The ARI client against a real Asterisk: order, results, repetition, absence, cuts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from ari_apps.ari import (
    AriClient,
    Conflict,
    ConnectionLost,
    Disconnected,
    Event,
    NotFound,
    Outcome,
    Reconnected,
    Refused,
    TakenOver,
    Unauthorized,
    Unprocessable,
    Unreachable,
)
from ari_apps.ari.client import OWN_KINDS
from ari_apps.ari.errors import is_channel_gone
from ari_apps.ari.events import (
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelLeftBridge,
    ChannelUserevent,
    ChannelVarset,
    StasisEnd,
    StasisStart,
)
from ari_apps.ari.generate import generate
from tests.asterisk.box import AsteriskBox
from tests.asterisk.cable import Cable

PATIENCE_S = 20.0
DIALPLAN = """
exten steady,1,Answer() ; exten steady,2,Wait(60)
exten brief,1,Answer() ; exten brief,2,Wait(0.5)
exten busy,1,Busy(1)
"""
HOW_MANY = 500
SWIFT_RETURNS = 400


@pytest_asyncio.fixture
async def dialplan(asterisk: AsteriskBox) -> AsteriskBox:
    """Asterisk with three numbers to call: `Local/steady@ari_test`, `brief`, `busy`."""
    for step in DIALPLAN.replace(";", "\n").split("exten ")[1:]:
        await asterisk.process.command(f"dialplan add extension {step.strip()} into ari_test replace")
    return asterisk


def client(
    asterisk: AsteriskBox, app: str, port: int | None = None, reads: Collection[type[Event]] = ()
) -> AriClient:
    url = f"http://127.0.0.1:{port or asterisk.settings.asterisk_http_port}/ari"
    return AriClient.connect(url, *asterisk.ari_user, app, reads=reads)


@pytest_asyncio.fixture
async def ari(dialplan: AsteriskBox) -> AsyncIterator[AriClient]:
    """A client with an application of its own."""
    async with asyncio.timeout(PATIENCE_S), client(dialplan, f"test-{uuid4().hex[:8]}") as connected:
        yield connected


async def until(ari: AriClient, kind: type[Event], channel_id: str) -> list[object]:
    """Reads the stream up to and with this kind of event about this channel."""
    seen: list[object] = []
    async for event in ari.events():
        seen.append(event)
        if isinstance(event, kind) and event.channel.id == channel_id:  # type: ignore[attr-defined]
            return seen
    raise AssertionError("the stream ended")


async def arrived(ari: AriClient, channel_id: str, number: str = "steady") -> None:
    """A channel of our own, answered and in the application."""
    await ari.originate(f"Local/{number}@ari_test", channel_id)
    await until(ari, StasisStart, channel_id)


async def life_of(ari: AriClient, channel_id: str) -> list[object]:
    """All that is told of a channel that comes and is hung up."""
    channel = await ari.originate("Local/steady@ari_test", channel_id)
    seen = await until(ari, StasisStart, channel_id)
    await channel.set_var("WHO", "x")
    await channel.hangup()
    return seen + await until(ari, ChannelDestroyed, channel_id)


@asynccontextmanager
async def bridge(ari: AriClient, bridge_id: str) -> AsyncIterator[None]:
    await ari.create_bridge(bridge_id)
    try:
        yield
    finally:
        await ari.bridge(bridge_id).destroy()


def test_what_is_checked_in_is_what_the_installed_asterisk_describes(asterisk_session: AsteriskBox) -> None:
    import ari_apps.ari

    here = Path(ari_apps.ari.__file__).parent
    for name, source in generate(asterisk_session.installation.api_description).items():
        assert (here / name).read_text(encoding="utf-8") == source, f"run the generator: {name} differs"


async def test_500_requests_in_flight_are_answered_in_order_and_each_with_its_own(ari: AriClient) -> None:
    order: list[int] = []
    values = [f'{n},ñ "{"x" * (n % 50)}' for n in range(HOW_MANY)]

    async def write(n: int) -> None:
        await ari.asterisk.set_global_var(variable=f"TEST{n}", value=values[n])

    async def read(n: int) -> str:
        answer = await ari.asterisk.get_global_var(variable=f"TEST{n}")
        order.append(n)
        return answer.value

    async with asyncio.TaskGroup() as group:
        writing = [group.create_task(write(n)) for n in range(HOW_MANY)]
        reading = [group.create_task(read(n)) for n in range(HOW_MANY)]
    assert all(task.done() for task in writing)
    assert [task.result() for task in reading] == values
    assert order == list(range(HOW_MANY))


async def test_an_originated_channel_lives_through_its_events_in_order(ari: AriClient) -> None:
    name = uuid4().hex
    channel = await ari.originate(
        "Local/steady@ari_test", name, app_args="agent,a b", variables={"WHO": "ñandú, sí"}
    )
    seen = await until(ari, StasisStart, name)
    start = seen[-1]
    assert isinstance(start, StasisStart)
    assert start.args == ("agent", "a b")
    assert (
        await channel.get_var("WHO") is not None or await ari.channel(f"{name};2").get_var("WHO") is not None
    )
    async with bridge(ari, f"{name}.talk"):
        await ari.bridge(f"{name}.talk").add(name)
        await channel.hangup("busy")
        seen = await until(ari, ChannelDestroyed, name)
    about = [type(e) for e in seen if getattr(getattr(e, "channel", None), "id", "") == name]
    expected = [ChannelEnteredBridge, ChannelLeftBridge, StasisEnd, ChannelDestroyed]
    assert [kind for kind in about if kind in expected] == expected
    assert isinstance(seen[-1], ChannelDestroyed)
    assert seen[-1].cause == 17


async def test_what_a_request_causes_is_told_on_the_same_socket(ari: AriClient) -> None:
    """Mostly before the answer, but the bridge's own thread tells it: nothing may rely on the order."""
    name = uuid4().hex
    await arrived(ari, name)
    async with bridge(ari, f"{name}.talk"):
        await ari.bridge(f"{name}.talk").add(name)
        entered = (await until(ari, ChannelEnteredBridge, name))[-1]
        assert isinstance(entered, ChannelEnteredBridge)
        assert (entered.bridge.id, list(entered.bridge.channels)) == (f"{name}.talk", [name])


async def test_a_refused_call_is_only_destroyed(ari: AriClient) -> None:
    name = uuid4().hex
    await ari.originate("Local/busy@ari_test", name)
    seen = await until(ari, ChannelDestroyed, name)
    assert not any(isinstance(event, StasisStart) for event in seen)


async def test_asking_again_under_our_id_is_already_done(ari: AriClient) -> None:
    name = uuid4().hex
    await arrived(ari, name)
    assert (await ari.originate("Local/steady@ari_test", name)).id == name
    assert (await ari.create_channel("Local/steady@ari_test", name)).id == name
    await ari.create_bridge(f"{name}.talk")
    await ari.create_bridge(f"{name}.talk")
    snoop = await ari.channel(name).snoop(f"{name}.spy", spy="both")
    assert (await ari.channel(name).snoop(f"{name}.spy", spy="both")).id == snoop.id
    snapshot = await ari.snapshot()
    assert [c.id for c in snapshot.channels].count(name) == 1
    assert [b.id for b in snapshot.bridges].count(f"{name}.talk") == 1
    await snoop.hangup()
    await ari.bridge(f"{name}.talk").destroy()


async def test_an_endpoint_without_a_phone_is_unreachable(ari: AriClient) -> None:
    with pytest.raises(Unreachable):
        await ari.originate("PJSIP/nobody", uuid4().hex)
    # a recording leaves EEXIST behind in the thread that serves us; Asterisk then answers 409 instead of 500
    name = uuid4().hex
    await arrived(ari, name)
    recordings = [await ari.channel(name).record(f"{name}.{n}") for n in range(2)]
    with pytest.raises(Unreachable):
        await ari.originate("PJSIP/nobody", uuid4().hex)
    for recording in recordings:
        await recording.cancel()
    with pytest.raises(Refused):
        await ari.originate("nonsense", uuid4().hex)


async def test_what_is_gone_is_ended_quietly_and_refuses_the_rest(ari: AriClient) -> None:
    name = uuid4().hex
    await arrived(ari, name)
    channel, talk = ari.channel(name), ari.bridge(f"{name}.talk")
    await ari.create_bridge(talk.id)
    playback = await channel.play("sound:silence/10")
    await channel.hangup()
    await until(ari, ChannelDestroyed, name)
    for ending in (channel.hangup, channel.moh_stop, channel.ring_stop, channel.unmute, channel.unhold):
        await ending()
    await channel.continue_in_dialplan()
    await playback.stop()
    await talk.remove(name)
    assert await channel.get_var("X") is None
    for asked in (
        channel.answer(),
        channel.ring(),
        channel.play("sound:beep"),
        channel.get(),
        talk.add(name),
    ):
        with pytest.raises(NotFound):
            await asked
    await talk.destroy()
    await talk.destroy()
    with pytest.raises(NotFound):
        await talk.get()
    assert len(ari.results) == 0


async def test_a_channel_outside_the_application_cannot_be_bridged_or_played_to(ari: AriClient) -> None:
    name = uuid4().hex
    await arrived(ari, name)
    other = f"{name};2"
    async with bridge(ari, f"{name}.talk"):
        with pytest.raises(Unprocessable) as left:
            await ari.bridge(f"{name}.talk").add(other)
        assert is_channel_gone(left.value)  # as one that is hanging up
        with pytest.raises(Conflict):
            await ari.channel(other).play("sound:beep")
        await ari.bridge(f"{name}.talk").remove(other)
        await ari.channel(other).moh_stop()


async def test_how_playbacks_end(ari: AriClient) -> None:
    name = uuid4().hex
    await arrived(ari, name)
    channel = ari.channel(name)
    whole = await channel.play(["sound:beep", "sound:beep"])
    assert (await whole.finished()).outcome is Outcome.COMPLETED
    missing = await channel.play("sound:there-is-no-such-sound")
    assert (await missing.finished()).outcome is Outcome.FAILED
    stopped = await channel.play("sound:silence/10")
    await stopped.stop()
    assert (await stopped.finished()).outcome is Outcome.CANCELLED
    orphan = await channel.play("sound:silence/10")
    queued = await channel.play("sound:silence/10")
    await channel.hangup()
    assert (await orphan.finished()).outcome is Outcome.GONE
    assert (await queued.finished()).outcome is Outcome.GONE
    assert len(ari.results) == 0


async def test_a_playback_ends_when_the_far_end_hangs_up(ari: AriClient) -> None:
    name = uuid4().hex
    await arrived(ari, name, "brief")
    playback = await ari.channel(name).play("sound:silence/10")
    assert (await playback.finished()).outcome is Outcome.GONE


async def test_how_recordings_end(ari: AriClient) -> None:
    name = uuid4().hex
    await arrived(ari, name)
    kept = await ari.channel(name).record(f"{name}.kept", max_duration_s=30)
    with pytest.raises(Conflict):  # and the refusal takes nothing from the one that runs
        await ari.channel(name).record(f"{name}.kept")
    await kept.stop()
    assert (await kept.finished()).outcome is Outcome.COMPLETED
    thrown = await ari.channel(name).record(f"{name}.thrown")
    await thrown.cancel()
    assert (await thrown.finished()).outcome is Outcome.CANCELLED
    hung_up = await ari.channel(name).record(f"{name}.hung_up")
    await ari.channel(name).hangup()
    result = await hung_up.finished()
    assert (result.outcome, result.duration_s is not None) == (Outcome.GONE, True)
    stored = {recording.name for recording in await ari.recordings.list_stored()}
    assert {f"{name}.kept", f"{name}.hung_up"} <= stored
    assert f"{name}.thrown" not in stored


async def test_a_cut_socket_is_mended_and_calls_live_on(dialplan: AsteriskBox) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        Cable(dialplan.settings.asterisk_http_port).laid() as cable,
        client(dialplan, "test-cut", cable.port) as ari,
    ):
        name = uuid4().hex
        await arrived(ari, name)
        playback = await ari.channel(name).play("sound:silence/10")
        cable.cut()
        seen: list[object] = []
        async for event in ari.events():
            seen.append(event)
            if isinstance(event, Reconnected):
                break
        assert any(isinstance(event, Disconnected) for event in seen)
        with pytest.raises(ConnectionLost):
            await playback.finished()
        assert name in {channel.id for channel in (await ari.snapshot()).channels}
        await ari.channel(name).hangup()
        await until(ari, ChannelDestroyed, name)


async def test_who_connects_as_the_last_socket_closes_is_heard_and_told(dialplan: AsteriskBox) -> None:
    """Asterisk gives such a socket out broken, now and then: one in some hundred was, and stayed so."""
    for _ in range(SWIFT_RETURNS):
        async with asyncio.timeout(PATIENCE_S), client(dialplan, "test-swift") as ari:
            await ari.user_events.user_event("swift", application="test-swift")
            async for event in ari.events():
                if isinstance(event, ChannelUserevent) and event.eventname == "swift":
                    break


async def test_the_application_taken_by_another_is_told(dialplan: AsteriskBox) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        client(dialplan, "test-taken") as first,
        client(dialplan, "test-taken") as second,
    ):
        with pytest.raises(TakenOver):
            await _read_to_the_end(first)
        assert await second.asterisk.ping()


async def test_only_what_is_read_is_sent_before_a_cut_and_after(dialplan: AsteriskBox) -> None:
    """One after the other who names no kind gets them all again, though Asterisk still knows the application by a channel."""
    read = {StasisStart, *OWN_KINDS}
    app, name = "test-filter", uuid4().hex
    async with asyncio.timeout(PATIENCE_S):
        async with (
            Cable(dialplan.settings.asterisk_http_port).laid() as cable,
            client(dialplan, app, cable.port, reads=(StasisStart,)) as ari,
        ):
            for life in (f"{name}.1", f"{name}.2"):
                seen = await life_of(ari, life)
                assert {type(event) for event in seen} <= read | {Disconnected, Reconnected}
                cable.cut()
                while not isinstance(await anext(ari.events()), Reconnected):
                    pass
            await arrived(ari, name)
        async with client(dialplan, app) as ari:
            assert ChannelVarset in {type(event) for event in await life_of(ari, f"{name}.3")}
            await ari.channel(name).hangup()


async def test_who_is_sent_only_what_it_reads_is_told_that_another_took_the_application(
    dialplan: AsteriskBox,
) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        client(dialplan, "test-taken-filter", reads=(StasisStart,)) as first,
        client(dialplan, "test-taken-filter", reads=(StasisStart,)),
    ):
        with pytest.raises(TakenOver):
            await _read_to_the_end(first)


async def test_a_wrong_password_is_told(dialplan: AsteriskBox) -> None:
    url = f"http://127.0.0.1:{dialplan.settings.asterisk_http_port}/ari"
    with pytest.raises(Unauthorized):
        async with AriClient.connect(url, "centralita", "wrong", "test-wrong"):
            pass


async def _read_to_the_end(ari: AriClient) -> None:
    async for _ in ari.events():
        pass
