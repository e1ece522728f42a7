"""Fault 9: one that reacts is slow by 5 s. It loses no event, and no other call waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import TIMEOUT_S, Rig, Tapes, rig_on
from voice_core.interaction import EndReason
from voice_core.ledger import Entry
from voice_core.news import Lagged, LocalNews

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(60)]
SLOW_S = 5.0  # at least; it also lasts until the other call is over, so that nothing here depends on a quick machine
SLOW_CALLER = "+593990900001"


@dataclass
class SlowTapes(Tapes):
    """Noting that one call is recorded takes long: that call's own handler is slow."""

    slow: str = ""  # interaction
    held: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def started(self, interaction_id: str, channel_id: str) -> None:
        if not self.slow:
            self.slow = interaction_id
            self.held.set()
            await self.go_on.wait()
        await super().started(interaction_id, channel_id)


@dataclass
class SlowReader:
    """A reaction that is slow at the first change it is told of."""

    go_on: asyncio.Event
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    told: list[Entry] = field(default_factory=list)
    lagged: int = 0

    async def read(self, news: LocalNews) -> None:
        async with news.subscribe() as changes:
            self.ready.set()
            async for change in changes:
                await self.go_on.wait()
                if isinstance(change, Lagged):
                    self.lagged += 1
                else:
                    self.told += change.entries


async def test_nothing_is_lost_and_other_calls_do_not_notice(asterisk: AsteriskBox, tmp_path: Path) -> None:
    tapes = SlowTapes()
    reader, stored = SlowReader(tapes.go_on), list[Entry]()
    async with rig_on(asterisk, tmp_path, tapes=tapes) as rig:
        news = rig.switchboard.exchange.news
        assert isinstance(news, LocalNews)
        reading = asyncio.create_task(reader.read(news))
        try:
            await reader.ready.wait()
            rig.desk.listen(lambda change: stored.extend(change.entries))
            began = asyncio.get_running_loop().time()
            slow = asyncio.create_task(rig.caller(keys="1", from_number=SLOW_CALLER))
            async with asyncio.timeout(TIMEOUT_S):
                await tapes.held.wait()
            await a_whole_other_call(rig)
            assert not tapes.go_on.is_set()
            await asyncio.sleep(max(0.0, began + SLOW_S - asyncio.get_running_loop().time()))
            tapes.go_on.set()
            await the_slow_one_is_served(rig, tapes, slow)
            await rig.until(lambda: len(reader.told) >= len(stored), "the slow one has read everything")
        finally:
            reading.cancel()
        assert (reader.told, reader.lagged) == (stored, 0)
        await rig.nothing_left()


async def a_whole_other_call(rig: Rig) -> None:
    """From the dialled number to the end of a conversation."""
    luis = await rig.phone("luis")
    caller = await rig.caller(keys="1")
    leg = await luis.rings(timeout_s=TIMEOUT_S)
    await leg.answer()
    leg.play_tone(620)
    await caller.hears(620, within_s=5)
    await leg.hears(440, within_s=5)
    contact = next(row for row in rig.desk.live() if row.agent == "luis")
    caller.hang_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.CUSTOMER_HUNG_UP


async def the_slow_one_is_served(rig: Rig, tapes: SlowTapes, calling: asyncio.Task[object]) -> None:
    ana = await rig.phone("ana")
    await calling
    leg = await ana.rings(timeout_s=TIMEOUT_S)
    await leg.answer()
    leg.play_tone(700)
    await leg.hears(440, within_s=5)
    leg.hang_up()
    over = await rig.ended(tapes.slow)
    assert (over.from_address, over.end_reason) == (SLOW_CALLER, EndReason.AGENT_HUNG_UP)
