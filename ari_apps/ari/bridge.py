"""A bridge: where channels hear each other."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from . import models
from .errors import Conflict, NotFound, Refused, RequestError
from .playback import Playback
from .recording import LiveRecording

if TYPE_CHECKING:
    from .client import AriClient


@dataclass(frozen=True, slots=True)
class Bridge:
    """A handle; nobody but us destroys it: Asterisk does not reap an empty one."""

    id: str
    _ari: AriClient = field(repr=False, compare=False)

    async def get(self) -> models.Bridge:
        """What Asterisk says of it now; raises NotFound."""
        return await self._ari.bridges.get(self.id)

    async def add(
        self,
        channel_ids: str | Sequence[str],
        role: str | None = None,
        *,
        mute: bool | None = None,
        absorb_dtmf: bool | None = None,
        inhibit_connected_line_updates: bool | None = None,
    ) -> None:
        """A channel in another bridge leaves it. `role`, in a holding bridge: `announcer`, `participant`.

        Raises NotFound (the bridge or a channel is gone), Unprocessable (a channel is not in Stasis).
        """
        try:
            await self._ari.bridges.add_channel(
                self.id,
                channel=_listed(channel_ids),
                role=role,
                mute=mute,
                absorb_dtmf=absorb_dtmf,
                inhibit_connected_line_updates=inhibit_connected_line_updates,
            )
        except Refused as error:
            if error.message == "Channel not found":
                raise NotFound(error.method, error.path, 404, error.message) from error
            raise

    async def remove(self, channel_ids: str | Sequence[str]) -> None:
        """A channel that is gone, or not in here, is removed already."""
        try:
            await self._ari.bridges.remove_channel(self.id, channel=_listed(channel_ids))
        except RequestError as error:
            if error.status not in {400, 404, 409, 422}:
                raise

    async def destroy(self) -> None:
        """Channels in it stay alive, in Stasis and in no bridge. 409: it is being destroyed already."""
        with contextlib.suppress(NotFound, Conflict):
            await self._ari.bridges.destroy(self.id)

    async def moh_start(self, cls: str | None = None) -> None:
        await self._ari.bridges.start_moh(self.id, moh_class=cls)

    async def moh_stop(self) -> None:
        # 409: it plays none
        with contextlib.suppress(NotFound, Conflict):
            await self._ari.bridges.stop_moh(self.id)

    async def play(
        self, media: str | Sequence[str], playback_id: str | None = None, lang: str | None = None
    ) -> Playback:
        """To everybody in it, one playback at a time. Only our own media URIs."""
        playback_id = playback_id or uuid4().hex
        request = self._ari.bridges.play_with_id(self.id, playback_id, media=_listed(media), lang=lang)
        pending = await self._ari.results.started(f"playback:{playback_id}", f"bridge:{self.id}", request)
        return Playback(playback_id, self._ari, pending)

    async def record(
        self,
        name: str,
        file_format: str = "wav",
        *,
        max_duration_s: int = 0,
        max_silence_s: int = 0,
        if_exists: str = "fail",
        beep: bool = False,
        terminate_on: str = "none",
    ) -> LiveRecording:
        """The mix of everybody, into the spool; it forces software mixing while it lasts."""
        request = self._ari.bridges.record(
            self.id,
            name=name,
            format=file_format,
            max_duration_seconds=max_duration_s,
            max_silence_seconds=max_silence_s,
            if_exists=if_exists,
            beep=beep,
            terminate_on=terminate_on,
        )
        pending = await self._ari.results.started(f"recording:{name}", f"bridge:{self.id}", request)
        return LiveRecording(name, self._ari, pending)


def _listed(values: str | Sequence[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)
