"""The watch on the disk: said once while it lasts, flagged at every look, and told again when there is room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from recorder import disk
from recorder.disk import DiskWatch
from voice_core.ports import Change


@dataclass
class Told:
    codes: list[str] = field(default_factory=list)
    spoils: int = 0
    rooms: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, change: Change) -> None:
        self.codes += [notice.code for notice in change.notices]
        self.news.set()

    async def spoil(self) -> None:
        self.spoils += 1
        self.news.set()
        raise OSError("the database is on the same disk")

    async def room(self) -> None:
        self.rooms += 1
        self.news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await self.news.wait()
                self.news.clear()


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LOOK_EVERY_S", 0.01)


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[Told]:
    """On `folder/spool` and `folder/home`."""
    told = Told()
    watch = DiskWatch(
        spool=folder / "spool", others=[folder / "home"], news=told, spoils=told.spoil, room=told.room
    )
    running = asyncio.create_task(watch.run())
    yield told
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_spool_that_takes_nothing_is_told_once_and_flagged_each_time(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    async with watching(tmp_path) as told:
        await told.until(lambda: told.spoils == 3)
        assert told.codes == ["disk_refuses_recordings"]
        (tmp_path / "spool").unlink()
        await told.until(lambda: told.rooms == 1)
        assert told.codes == ["disk_refuses_recordings", "disk_takes_again"]
    assert list((tmp_path / "spool").iterdir()) == []


async def test_another_folder_spoils_no_recording(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    async with watching(tmp_path) as told:
        await told.until(lambda: told.codes == ["disk_refuses"])
        (tmp_path / "home").unlink()
        await told.until(lambda: told.rooms == 1)
        assert told.spoils == 0
