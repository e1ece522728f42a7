"""A playback: a list of media on a channel or a bridge."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import NotFound
from .results import Pending, Result

if TYPE_CHECKING:
    from .client import AriClient


@dataclass(frozen=True, slots=True)
class Playback:
    """Made by `Channel.play` and `Bridge.play`."""

    id: str
    _ari: AriClient = field(repr=False, compare=False)
    _pending: Pending = field(repr=False, compare=False)

    async def finished(self) -> Result:
        """How it ended; may be awaited late, and by many. It waits as long as the media last.

        Raises ConnectionLost when the socket was cut meanwhile.
        """
        return await self._pending.ended()

    async def stop(self) -> None:
        """Ends it now; already over is fine."""
        self._pending.cancelled = True
        with contextlib.suppress(NotFound):
            await self._ari.playbacks.stop(self.id)

    async def control(self, operation: str) -> None:
        """`restart`, `pause`, `unpause`, `reverse` or `forward`."""
        await self._ari.playbacks.control(self.id, operation=operation)
