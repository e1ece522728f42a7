"""Whether the disk still takes what is recorded: asked every second by writing, since only a write knows.

MixMonitor says nothing when a write of its fails: what is missing in a recording can be known only from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from voice_core.ports import Change, News, Notice

LOOK_EVERY_S = 1.0
REMIND_EVERY_S = 60.0
PROBE_BYTES = 256 * 1024  # what eight recorded calls write until the next look
_PROBE = ".room"

log = structlog.get_logger(__name__)


class DiskWatch:
    """`run` beside the recorder. `spoils` is awaited at every look while calls cannot be recorded, `room` once each
    time that everything can be written again.
    """

    def __init__(
        self,
        *,
        spool: Path,
        other_spools: Sequence[Path] = (),
        others: Sequence[Path],
        news: News,
        spoils: Callable[[], Awaitable[None]],
        room: Callable[[], Awaitable[None]],
    ) -> None:
        self._spools = frozenset((spool, *other_spools))
        self._folders = (spool, *other_spools, *others)
        self._news = news
        self._spoils = spoils
        self._room = room

    async def run(self) -> None:
        """Until cancelled."""
        known: Mapping[Path, str] = {}
        reminded = 0.0
        while True:
            found = await asyncio.to_thread(_troubles, self._folders)
            now = asyncio.get_running_loop().time()
            if found and (found.keys() != known.keys() or now - reminded >= REMIND_EVERY_S):
                reminded = now
                self._alarm(found)
            if self._spools & {*found, *known}:  # once more at the end: who came in since the last look
                await _contained(self._spoils())
            if known and not found:
                log.info("disk_takes_again", folders=[str(folder) for folder in known])
                self._news.publish(Change(notices=(Notice("disk_takes_again"),)))
                await _contained(self._room())
            known = found
            await asyncio.sleep(LOOK_EVERY_S)

    def _alarm(self, found: Mapping[Path, str]) -> None:
        for folder, why in found.items():
            log.error("disk_refuses", folder=str(folder), reason=why)
            code = "disk_refuses_recordings" if folder in self._spools else "disk_refuses"
            notice = Notice(code, data={"folder": str(folder), "reason": why})
            self._news.publish(Change(notices=(notice,)))


def _troubles(folders: Sequence[Path]) -> dict[Path, str]:
    """Those that take no more, and what the system said."""
    return {folder: why for folder in folders if (why := _why_not(folder))}


def _why_not(folder: Path) -> str:
    probe = folder / _PROBE
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_bytes(bytes(PROBE_BYTES))
    except OSError as error:
        return error.strerror or str(error)
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return ""


async def _contained(work: Awaitable[None]) -> None:
    """A full disk often refuses the database too; the next look tries again."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - the watch goes on whatever it was
        log.warning("recordings_not_flagged", error=str(error))
