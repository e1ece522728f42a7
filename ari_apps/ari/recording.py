"""A recording by ARI of a channel or a bridge, into Asterisk's spool (voicemail; calls use MixMonitor)."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import Conflict, NotFound, ServerFailure
from .results import Pending, Result

if TYPE_CHECKING:
    from .client import AriClient

CANCEL_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class LiveRecording:
    """Made by `Channel.record` and `Bridge.record`; `AriClient.recording` reaches one by name."""

    name: str
    _ari: AriClient = field(repr=False, compare=False)
    _pending: Pending | None = field(repr=False, compare=False)

    async def finished(self) -> Result:
        """How it ended, with its length. `gone` (the caller hung up) with a length has left a file, too.

        Raises ConnectionLost when the socket was cut meanwhile, LookupError for one reached by name only.
        """
        if self._pending is None:
            raise LookupError(f"recording {self.name} was not begun by this client")
        return await self._pending.ended()

    async def stop(self) -> None:
        """Ends and keeps it; already over is fine. Its result is `completed`."""
        with contextlib.suppress(NotFound, Conflict):
            await self._ari.recordings.stop(self.name)

    async def cancel(self) -> None:
        """Ends it and throws it away; already over is fine.

        Asterisk 22.10 answers 500 when its file is not there yet, and may leave an empty one: so we look again.
        """
        if self._pending is not None:
            self._pending.cancelled = True
        with contextlib.suppress(NotFound, Conflict, ServerFailure):
            await self._ari.recordings.cancel(self.name)
        if self._pending is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CANCEL_TIMEOUT_S):
                    await self._pending.ended()
        with contextlib.suppress(NotFound):
            await self._ari.recordings.delete_stored(self.name)

    async def pause(self) -> None:
        await self._ari.recordings.pause(self.name)

    async def unpause(self) -> None:
        await self._ari.recordings.unpause(self.name)

    async def mute(self) -> None:
        """Records silence from here, in step with time."""
        await self._ari.recordings.mute(self.name)

    async def unmute(self) -> None:
        await self._ari.recordings.unmute(self.name)
