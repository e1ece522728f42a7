"""A recording's life on a real database: begun, paused, kept, found, opened; and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from recorder.description import describe_all
from recorder.errors import DamagedError
from recorder.filter import Filter
from recorder.models import RecordingState
from recorder.recording import Recorder
from recorder.vault import Vault
from voice_core.desk import Desk
from voice_core.errors import NotFoundError
from voice_core.interaction import Direction, EndReason
from voice_core.ledger import Kind
from voice_core.ports import Change
from voice_core.queue import QueueConfig
from voice_core.store.database import open_database
from voice_core.store.sql import SqlStore
from voice_core.store.transactions import write

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Told:
    """The ports' twins: what was muted, audited and published."""

    muted: list[tuple[str, bool]] = field(default_factory=list)
    audited: list[tuple[str, str, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    async def mix_monitor_mute(self, channel: str, on: bool) -> None:
        self.muted.append((channel, on))

    async def record(
        self, actor: str, action: str, target: str, data: Mapping[str, Any] | None = None
    ) -> None:
        assert data is not None
        self.audited.append((actor, action, target))

    def publish(self, change: Change) -> None:
        self.notices += [notice.code for notice in change.notices]


@dataclass
class House:
    recorder: Recorder
    desk: Desk
    store: SqlStore
    told: Told
    spool: Path
    engine: AsyncEngine

    async def call(self) -> str:
        row = await self.desk.open(
            channel="voice",
            direction=Direction.INBOUND,
            from_address="+59344444444",
            to_address="101",
            external_id="1.7",
        )
        return row.id

    def sound(self, name: str, seconds: float = 1.0) -> None:
        (self.spool / name).write_bytes(np.ones(int(seconds * 16_000), dtype="<i2").tobytes())

    async def kinds(self, interaction_id: str) -> list[Kind]:
        return [entry.kind for entry in await self.store.entries(interaction_id)]


@pytest.fixture
async def house(tmp_path: Path, any_url: str) -> AsyncIterator[House]:
    engine = await open_database(any_url)
    told = Told()
    store = SqlStore(engine)
    desk = Desk(store, told, StoppedClock(), {"soporte": QueueConfig("soporte")})
    await desk.load()
    spool = tmp_path / "spool"
    spool.mkdir()
    recorder = Recorder(
        desk=desk,
        news=told,
        clock=StoppedClock(),
        engine=engine,
        vault=Vault(tmp_path / "vault"),
        spool=spool,
        control=told,
        audit=told,
    )
    writing = asyncio.create_task(recorder.run())
    yield House(recorder, desk, store, told, spool, engine)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await engine.dispose()


async def test_from_the_first_second_to_the_vault(house: House) -> None:
    call = await house.call()
    await house.recorder.started(call, "1.7")
    await house.recorder.started(call, "1.7")
    assert await house.recorder.state(call) == "on"
    house.sound("1.7.raw", 2.5)
    await house.recorder.finished(call)
    [recording] = await house.recorder.of(call)
    assert (recording.state, recording.length_s, recording.from_address) == (
        RecordingState.STORED,
        2.5,
        "+59344444444",
    )
    assert await house.kinds(call) == [Kind.OPENED, Kind.RECORDING_STARTED, Kind.RECORDING_STORED]
    path = await house.recorder.open(recording.id, "sofia")
    assert path.stat().st_size == recording.size_bytes
    assert house.told.audited == [("sofia", "recording.play", recording.id)]


async def test_pausing_mutes_and_is_written_down(house: House) -> None:
    call = await house.call()
    await house.recorder.started(call, "1.7")
    await house.recorder.pause(call, "ana")
    await house.recorder.pause(call, "ana")
    assert await house.recorder.state(call) == "paused"
    await house.recorder.resume(call, "ana")
    assert house.told.muted == [("1.7", True), ("1.7", False)]
    assert (await house.kinds(call))[-2:] == [Kind.RECORDING_PAUSED, Kind.RECORDING_RESUMED]
    with pytest.raises(NotFoundError):
        await house.recorder.pause("01none", "ana")


async def test_a_missing_file_is_told_and_the_call_still_closes(house: House) -> None:
    call = await house.call()
    await house.recorder.started(call, "1.7")
    await house.recorder.finished(call)
    [recording] = await house.recorder.of(call)
    assert recording.state is RecordingState.LOST
    assert house.told.notices[-1] == "recording_lost"
    await house.desk.end(call, EndReason.CUSTOMER_LEFT_FLOW, actor="customer")


async def test_what_was_learnt_later_is_found(house: House) -> None:
    call = await house.call()
    await house.recorder.started(call, "1.7")
    house.sound("1.7.raw")
    await house.recorder.finished(call)
    ended = await house.desk.end(call, EndReason.CUSTOMER_LEFT_FLOW, actor="customer")
    await write(house.engine, lambda connection: describe_all(connection, ended))
    found, total = await house.recorder.search(Filter(text="4444"))
    assert (total, found[0].end_reason) == (1, "customer_left_flow")
    assert (await house.recorder.search(Filter(text="%")))[1] == 0
    assert (await house.recorder.search(Filter(agent="ana")))[1] == 0


async def test_a_recording_that_still_runs_is_not_taken_up(house: House) -> None:
    """The contact is over, and its caller talks on with an outside number."""
    call = await house.call()
    await house.recorder.started(call, "1.7")
    assert await house.recorder.state(call) == "on"
    house.sound("1.7.raw")
    await house.desk.end(call, EndReason.TRANSFERRED_OUT, actor="ana")
    await house.recorder.recover(frozenset({"1.7"}))
    [recording] = await house.recorder.of(call)
    assert recording.state is RecordingState.RUNNING
    await house.recorder.finished(call)
    [recording] = await house.recorder.of(call)
    assert recording.state is RecordingState.STORED


async def test_files_of_calls_that_ended_unwatched_are_taken_up_and_flagged(house: House) -> None:
    call = await house.call()
    await house.recorder.started(call, "1.7")
    assert await house.recorder.state(call) == "on"
    house.sound("1.7.raw")
    await house.desk.end(call, EndReason.LOST, actor="system")
    await house.recorder.recover()
    [recording] = await house.recorder.of(call)
    assert (recording.state, recording.length_s) == (RecordingState.CUT_OFF, 1.0)


async def test_a_changed_file_is_not_played(house: House) -> None:
    call = await house.call()
    await house.recorder.started(call, "1.7")
    house.sound("1.7.raw")
    await house.recorder.finished(call)
    [recording] = await house.recorder.of(call)
    path = await house.recorder.open(recording.id, "sofia")
    path.write_bytes(path.read_bytes()[:-2] + b"\x00\x00")
    with pytest.raises(DamagedError):
        await house.recorder.open(recording.id, "sofia")
    assert house.told.notices[-1] == "recording_damaged"


async def test_a_voicemail_is_kept_as_mono(house: House) -> None:
    task = await house.call()
    house.sound("vm.wav")
    await house.recorder.voicemail_left(task, "vm", 1)
    [recording] = await house.recorder.of(task)
    assert recording.length_s == (32_000 - 44) / 2 / 8_000
