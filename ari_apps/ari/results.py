"""How playbacks and recordings end, known without a race.

The client feeds every event in here before anybody else sees it, and a playback is registered before it is
asked for: whatever the order of answer, end and hang-up, its result is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from .errors import ConnectionLost
from .events import (
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelHangupRequest,
    Event,
    PlaybackFinished,
    RecordingFailed,
    RecordingFinished,
    StasisEnd,
)

ENDS = (
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelHangupRequest,
    PlaybackFinished,
    RecordingFailed,
    RecordingFinished,
    StasisEnd,
)
"""The kinds of event that `Results.feed` reads."""


class Outcome(StrEnum):
    COMPLETED = "completed"
    """Ran to its own end."""
    CANCELLED = "cancelled"
    """We stopped it."""
    FAILED = "failed"
    """Asterisk could not (no such sound, disk full …); `detail` says what it said."""
    GONE = "gone"
    """The channel hung up, or the bridge was destroyed, under it."""
    LOST = "lost"
    """The socket was cut meanwhile: how it ended is not known."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a playback or a recording ended."""

    outcome: Outcome
    detail: str = ""
    duration_s: int | None = None
    """Recordings only: length in whole seconds."""

    @property
    def completed(self) -> bool:
        return self.outcome is Outcome.COMPLETED


class Pending:
    """One playback or recording that has not ended yet."""

    __slots__ = ("cancelled", "key", "result", "target", "target_gone")

    def __init__(self, key: str, target: str) -> None:
        self.key = key
        self.target = target
        self.target_gone = False
        self.cancelled = False
        self.result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def end(self, outcome: Outcome, detail: str = "", duration_s: int | None = None) -> None:
        if not self.result.done():
            self.result.set_result(Result(outcome, detail, duration_s))

    async def ended(self) -> Result:
        """Its end; a waiter that is cancelled leaves the result to the others. Raises ConnectionLost."""
        result = await asyncio.shield(self.result)
        if result.outcome is Outcome.LOST:
            raise ConnectionLost(f"{self.key}: the socket was cut before its end was told")
        return result


class Results:
    """Everything pending, by key (`playback:<id>`, `recording:<name>`) and by target (`channel:<id>` …)."""

    def __init__(self) -> None:
        self._by_key: dict[str, Pending] = {}
        self._by_target: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    async def started(self, key: str, target: str, request: Awaitable[object]) -> Pending:
        """Registers, then asks; a refused request leaves nothing of itself registered.

        A key that is pending already is shared: it is the same thing, asked for again.
        """
        known = self._by_key.get(key)
        pending = known or self._expect(key, target)
        try:
            await request
        except BaseException:
            if known is None:
                self._forget(key)
            raise
        return pending

    def _expect(self, key: str, target: str) -> Pending:
        pending = self._by_key[key] = Pending(key, target)
        self._by_target.setdefault(target, set()).add(key)
        return pending

    def _forget(self, key: str) -> None:
        pending = self._by_key.pop(key, None)
        if pending is not None:
            keys = self._by_target.get(pending.target, set())
            keys.discard(key)
            if not keys:
                self._by_target.pop(pending.target, None)

    def lose_all(self) -> None:
        """The socket was cut."""
        for key in list(self._by_key):
            self._end(key, Outcome.LOST)

    def feed(self, event: Event) -> None:
        match event:
            case PlaybackFinished(playback=playback):
                ended = Outcome.COMPLETED if playback.state == "done" else Outcome.FAILED
                self._finish(f"playback:{playback.id}", ended, f"{playback.media_uri} {playback.state}")
            case RecordingFinished(recording=recording) | RecordingFailed(recording=recording):
                ended = Outcome.COMPLETED if isinstance(event, RecordingFinished) else Outcome.FAILED
                self._finish(f"recording:{recording.name}", ended, recording.cause or "", recording.duration)
            case ChannelHangupRequest(channel=channel):
                for pending in self._on(f"channel:{channel.id}"):
                    pending.target_gone = True
            case StasisEnd(channel=channel) | ChannelDestroyed(channel=channel):
                self._target_gone(f"channel:{channel.id}")
            case BridgeDestroyed(bridge=bridge):
                self._target_gone(f"bridge:{bridge.id}")

    def _finish(self, key: str, ended: Outcome, detail: str, duration_s: int | None = None) -> None:
        pending = self._by_key.get(key)
        if pending is None:
            return
        if pending.cancelled:
            ended = Outcome.CANCELLED
        elif pending.target_gone:
            ended = Outcome.GONE
        self._end(key, ended, detail, duration_s)

    def _target_gone(self, target: str) -> None:
        for pending in list(self._on(target)):
            self._end(pending.key, Outcome.GONE)

    def _on(self, target: str) -> Iterable[Pending]:
        return [self._by_key[key] for key in self._by_target.get(target, ())]

    def _end(self, key: str, outcome: Outcome, detail: str = "", duration_s: int | None = None) -> None:
        pending = self._by_key[key]
        self._forget(key)
        pending.end(outcome, detail, duration_s)
