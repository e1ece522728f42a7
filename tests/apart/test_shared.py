"""What goes over Redis, on a real one: counted together, told in order; and without it everybody by themselves, at once."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contact_centre.access.errors import TooManyAttemptsError
from contact_centre.access.throttle import PAIR_LIMIT, WINDOW, Attempts, SharedThrottle
from contact_centre.doctor import examine
from contact_centre.live.screens import Audience
from contact_centre.live.wire import KIND, Wire, read
from contact_centre.settings import load_settings
from contact_centre.shared import subscription
from contact_centre.shared.link import Link, open_link
from contact_centre.shared.outbox import LIMIT, Outbox
from contact_centre.shared.subscription import Subscription
from tests.redis_server import RedisServer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOME, OFFICE = "198.51.100.7", "203.0.113.4"


async def refused_after(throttle: Attempts, user: str, address: str, most: int = 60) -> int:
    """How many attempts were let through."""
    for number in range(most):
        try:
            await throttle.begin(user, address, NOW)
        except TooManyAttemptsError:
            return number
    return most


async def test_attempts_are_counted_together_and_success_forgives(redis_server: RedisServer) -> None:
    async with open_link(redis_server.url) as one, open_link(redis_server.url) as two:
        first, second = hanging(one), hanging(two)
        for throttle in (first, second):
            await throttle.begin("ana", HOME, NOW)
        attempt = await first.begin("ana", HOME, NOW)
        await first.succeeded(attempt, "ana", HOME)
        assert await refused_after(first, "ana", HOME) == PAIR_LIMIT
        with pytest.raises(TooManyAttemptsError) as refusal:
            await second.begin("ana", HOME, NOW)
        assert refusal.value.data["retry_after_s"] == WINDOW.total_seconds()
        assert await refused_after(second, "ana", OFFICE, 3) == 3
        later = NOW + WINDOW + timedelta(seconds=1)
        await second.begin("ana", HOME, later)


async def test_without_redis_each_counts_by_itself_and_nobody_waits(redis_server: RedisServer) -> None:
    async with open_link(redis_server.url) as one:
        throttle = hanging(one)
        await throttle.begin("luis", HOME, NOW)
        await asyncio.to_thread(redis_server.kill)
        try:
            began = time.monotonic()
            assert await refused_after(throttle, "luis", HOME) == PAIR_LIMIT - 1
            assert time.monotonic() - began < 2
        finally:
            await asyncio.to_thread(redis_server.start)


async def test_messages_arrive_in_order_and_two_centres_do_not_hear_each_other(
    redis_server: RedisServer,
) -> None:
    heard: list[int] = []
    strange: list[bytes] = []
    async with (
        open_link(redis_server.url) as ours,
        open_link(redis_server.url) as web,
        open_link(redis_server.url) as other,
    ):
        assert ours is not None
        assert web is not None
        assert other is not None
        for link, word in ((ours, "a"), (web, "a"), (other, "b")):
            link.hang_on(word)
        outbox = Outbox(ours)
        wire = Wire(outbox, 7)
        done = asyncio.Event()

        def hear(text: bytes) -> None:
            each, audience = read(text)
            if each.beat:
                return
            assert audience == Audience(room=True, agent="ana")
            heard.append(each.at.number)
            if each.text == b"300":
                done.set()

        jobs = [
            asyncio.create_task(job)
            for job in (
                Subscription(web, {KIND: hear}).run(),
                Subscription(other, {KIND: strange.append}).run(),
                outbox.run(),
            )
        ]
        try:
            async with asyncio.timeout(10):
                while (await ours.redis.pubsub_numsub(ours.name(KIND), other.name(KIND)))[0][1] == 0:
                    await asyncio.sleep(0.01)
                for number in range(301):
                    wire.tell(Audience(room=True, agent="ana"), b"%d" % number)
                await done.wait()
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
    assert heard == list(range(1, 302))
    assert strange == []


async def test_a_line_that_is_dead_without_a_word_is_noticed_and_mended(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "SILENCE_S", 0.4)
    heard, lost = asyncio.Event(), asyncio.Event()
    async with open_link(redis_server.url) as link, open_link(redis_server.url) as other:
        assert link is not None
        assert other is not None
        listening = asyncio.create_task(Subscription(link, {KIND: lambda _: heard.set()}, lost.set).run())
        try:
            async with asyncio.timeout(15):
                await until_heard(other, heard)
                while await pings(other) < 3:  # silence alone: Redis answers that it is there
                    await asyncio.sleep(0.05)
                assert not lost.is_set()
                redis_server.freeze()
                try:
                    await lost.wait()
                finally:
                    redis_server.thaw()
                heard.clear()
                await until_heard(other, heard)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def pings(link: Link) -> int:
    """How often Redis was asked whether it is there."""
    return int((await link.redis.info("commandstats")).get("cmdstat_ping", {"calls": 0})["calls"])


async def until_heard(link: Link, heard: asyncio.Event) -> None:
    while not heard.is_set():
        await link.redis.publish(link.name(KIND), b"{}")
        await asyncio.sleep(0.05)


async def test_a_queue_that_overflows_leaves_a_gap_in_the_numbers() -> None:
    async with open_link("redis://127.0.0.1:9/0") as link:
        assert link is not None
        outbox = Outbox(link)
        wire = Wire(outbox, 1)
        for _ in range(LIMIT + 1):
            wire.tell(Audience(room=True), b"{}")
        assert wire.position.number == LIMIT + 1
        assert [read(text)[0].at.number for _, text in outbox._waiting] == [LIMIT + 1]


@pytest.mark.parametrize("there", [True, False])
async def test_the_doctor_looks_at_it_and_keeps_its_password(
    redis_server: RedisServer, tmp_path: Path, *, there: bool
) -> None:
    url = redis_server.url if there else "redis://:hidden-word@127.0.0.1:9/0"
    settings = load_settings({"CENTRALITA_HOME": str(tmp_path), "CENTRALITA_REDIS_URL": url})
    (found,) = [each for each in await examine(settings) if each.name == "redis"]
    assert found.ok == there
    assert "hidden-word" not in found.es + found.en + repr(settings)


def hanging(link: Link | None) -> SharedThrottle:
    assert link is not None
    link.hang_on("the word of this test")
    return SharedThrottle(link)
