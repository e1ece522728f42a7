"""A channel: one leg of a call."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from . import models
from .errors import Conflict, NotFound
from .playback import Playback
from .recording import LiveRecording

if TYPE_CHECKING:
    from .client import AriClient


@dataclass(frozen=True, slots=True)
class Channel:
    """A handle: whether the channel lives is Asterisk's to say. Ending what is gone succeeds quietly."""

    id: str
    _ari: AriClient = field(repr=False, compare=False)

    async def get(self) -> models.Channel:
        """What Asterisk says of it now; raises NotFound."""
        return await self._ari.channels.get(self.id)

    # --- life

    async def answer(self) -> None:
        await self._ari.channels.answer(self.id)

    async def ring(self) -> None:
        """Tells the caller that it rings."""
        await self._ari.channels.ring(self.id)

    async def ring_stop(self) -> None:
        with _already_gone():
            await self._ari.channels.ring_stop(self.id)

    async def progress(self) -> None:
        """Early media: the caller hears us, unanswered."""
        await self._ari.channels.progress(self.id)

    async def dial(self, caller_id: str | None = None, timeout_s: int | None = None) -> None:
        """Rings a channel made by `create_channel`; `caller_id` is the id of the channel that calls."""
        await self._ari.channels.dial(self.id, caller=caller_id, timeout=timeout_s)

    async def hangup(self, reason: str = "normal") -> None:
        """`normal`, `busy`, `congestion`, `no_answer`, `answered_elsewhere` …, or a Q.850 cause as digits."""
        code, word = (reason, None) if reason.isdigit() else (None, reason)
        with contextlib.suppress(NotFound):
            await self._ari.channels.hangup(self.id, reason_code=code, reason=word)

    async def continue_in_dialplan(
        self,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        label: str | None = None,
    ) -> None:
        """Leaves the application (it may have left already); goes on after the `Stasis` step by default."""
        with _already_gone():
            await self._ari.channels.continue_in_dialplan(
                self.id, context=context, extension=extension, priority=priority, label=label
            )

    async def move(self, app: str, app_args: str | None = None) -> None:
        """Into another application without leaving Stasis."""
        await self._ari.channels.move(self.id, app=app, app_args=app_args)

    async def redirect(self, endpoint: str) -> None:
        """Sends the caller elsewhere by SIP (302 before the answer, REFER after)."""
        await self._ari.channels.redirect(self.id, endpoint=endpoint)

    # --- what it hears and says

    async def mute(self, direction: str = "both") -> None:
        """`in`: nobody hears it; `out`: it hears nobody; `both`."""
        await self._ari.channels.mute(self.id, direction=direction)

    async def unmute(self, direction: str = "both") -> None:
        with _already_gone():
            await self._ari.channels.unmute(self.id, direction=direction)

    async def hold(self) -> None:
        """Tells the far end that it is on hold (SIP); music for it comes from its side."""
        await self._ari.channels.hold(self.id)

    async def unhold(self) -> None:
        with _already_gone():
            await self._ari.channels.unhold(self.id)

    async def moh_start(self, cls: str | None = None) -> None:
        await self._ari.channels.start_moh(self.id, moh_class=cls)

    async def moh_stop(self) -> None:
        with _already_gone():
            await self._ari.channels.stop_moh(self.id)

    async def silence_start(self) -> None:
        await self._ari.channels.start_silence(self.id)

    async def silence_stop(self) -> None:
        with _already_gone():
            await self._ari.channels.stop_silence(self.id)

    async def play(
        self, media: str | Sequence[str], playback_id: str | None = None, lang: str | None = None
    ) -> Playback:
        """Media URIs one after another. Only ours: Asterisk would fetch `sound:http://…` for anybody."""
        media = [media] if isinstance(media, str) else list(media)
        playback_id = playback_id or uuid4().hex
        request = self._ari.channels.play_with_id(self.id, playback_id, media=media, lang=lang)
        pending = await self._ari.results.started(f"playback:{playback_id}", f"channel:{self.id}", request)
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
        """What this channel says, into the spool. 0: no limit. `if_exists`: `fail`, `overwrite`, `append`.

        `terminate_on`: `none`, `any`, `*` or `#`.
        """
        request = self._ari.channels.record(
            self.id,
            name=name,
            format=file_format,
            max_duration_seconds=max_duration_s,
            max_silence_seconds=max_silence_s,
            if_exists=if_exists,
            beep=beep,
            terminate_on=terminate_on,
        )
        pending = await self._ari.results.started(f"recording:{name}", f"channel:{self.id}", request)
        return LiveRecording(name, self._ari, pending)

    async def send_dtmf(
        self, digits: str, between_ms: int | None = None, duration_ms: int | None = None
    ) -> None:
        await self._ari.channels.send_dtmf(self.id, dtmf=digits, between=between_ms, duration=duration_ms)

    async def snoop(
        self,
        snoop_id: str,
        spy: str = "none",
        whisper: str = "none",
        app: str | None = None,
        app_args: str | None = None,
    ) -> Channel:
        """A channel that hears this one (`spy`) and speaks to it (`whisper`): `none`, `in`, `out`, `both`.

        It enters `app` (ours by default) with its own StasisStart. One already there under this id is it: we
        look first, because Asterisk 22.10 leaks a channel on a repeated id, and then cannot stop gracefully.
        """
        try:
            await self._ari.channels.get(snoop_id)
        except NotFound:
            await self._ari.channels.snoop_channel_with_id(
                self.id, snoop_id, spy=spy, whisper=whisper, app=app or self._ari.app, app_args=app_args
            )
        return Channel(snoop_id, self._ari)

    # --- variables

    async def get_var(self, name: str) -> str | None:
        """A variable or function (`CHANNEL(…)`); `None` where it is not set or the channel is gone."""
        try:
            return (await self._ari.channels.get_channel_var(self.id, variable=name)).value
        except NotFound:
            return None

    async def set_var(self, name: str, value: str, report_events: bool = False) -> None:
        """With `report_events` the variable comes along in every event about the channel.

        The channel's own thread sets it: while that plays or records (measured on 22.10.1), no request of the whole socket is
        answered until it is done. Only for a channel that does neither.
        """
        await self._ari.channels.set_channel_var(
            self.id, variable=name, value=value, report_events=report_events or None
        )


def _already_gone() -> contextlib.suppress:
    """To stop something on a channel that is gone (404) or has left us (409) is to find it done."""
    return contextlib.suppress(NotFound, Conflict)
