"""One call of a scripted telephone, placed or received."""

from __future__ import annotations

import wave
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np

from contact_centre.scripted_caller.changes import Changes
from contact_centre.scripted_caller.errors import CallRefusedError
from contact_centre.scripted_caller.hearing import SAMPLE_RATE, Samples, Sound, has_tone, judge, rms, tone
from contact_centre.scripted_caller.media import RtpStream

_TONE_WINDOW_S = 0.2
_JUDGE_WINDOW_S = 1.5
_KEY_S = 0.3  # a key and its gap, on the wire
_LISTEN_GRACE_S = 2.0


class CallState(StrEnum):
    CALLING = "calling"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class Signalling(Protocol):
    """What a call asks of SIP; made by `Line`."""

    def accept(self, rtp_port: int) -> tuple[str, int]:
        """Answer 200 with our port; returns where the other side wants its media."""

    def refuse(self, status: int) -> None: ...
    def hang_up(self) -> None: ...
    def refer(self, target: str) -> None: ...


class Call:
    """Made by `Line.call()` or handed out by `Line.rings()`. Waits raise CallTimeoutError."""

    def __init__(
        self,
        call_id: str,
        *,
        from_number: str,
        to_number: str,
        headers: Callable[[str], str | None],
        host: str,
        payload_type: int,
    ) -> None:
        self.call_id = call_id
        self.from_number = from_number
        self.to_number = to_number
        self.header = headers
        self.state = CallState.CALLING
        self.status = 0  # the SIP status that refused it, if one did
        self.reason = ""
        self.ended_by_them = False
        self.transfer_status = 0  # what a transfer asked for here came to, as a SIP status; 0 = not told yet
        self.was_reached = False  # the other side gave any sign of life, were it "trying"
        self.began_at = 0.0  # the loop's clock: INVITE sent, or received
        self.changes = Changes()
        self.signalling: Signalling
        self._host = host
        self._payload_type = payload_type
        self._stream: RtpStream | None = None

    # --- life ---

    async def reached(self, timeout_s: float = 3.0) -> None:
        """Somebody listens on the far port: any answer came, even a refusal."""
        await self.changes.until(
            lambda: self.was_reached, timeout_s, f"any sign from the exchange about {self.to_number}"
        )

    async def ringing(self, timeout_s: float = 5.0) -> None:
        """The other side rings (or has answered already). CallRefusedError if it refused."""
        await self.changes.until(
            lambda: self.state is not CallState.CALLING, timeout_s, f"{self.to_number} to ring"
        )
        self._check_not_refused()

    async def answered(self, timeout_s: float = 10.0) -> None:
        """The other side picked up. CallRefusedError if it refused."""
        over = (CallState.ANSWERED, CallState.ENDED)
        await self.changes.until(lambda: self.state in over, timeout_s, f"{self.to_number} to answer")
        self._check_not_refused()

    async def hung_up(self, timeout_s: float = 5.0) -> None:
        """The call is over, whoever ended it."""
        await self.changes.until(
            lambda: self.state is CallState.ENDED, timeout_s, "the other side to hang up"
        )

    async def answer(self) -> None:
        """Pick up a call that rings here."""
        stream = await self.open_stream()
        stream.aim(self.signalling.accept(stream.port))
        self.move(CallState.ANSWERED)

    def refuse(self, status: int = 486) -> None:
        """486 busy, 603 declined, 480 not available …"""
        self.signalling.refuse(status)
        self.end(by_them=False)

    def hang_up(self) -> None:
        """End it, in whatever state it is; nothing happens when it has ended already."""
        if self.state is not CallState.ENDED:
            self.signalling.hang_up()
            self.end(by_them=False)

    def transfer(self, target: str) -> None:
        """Ask the other side (REFER) to call `target`: a number, or a whole SIP address."""
        self.transfer_status = 0
        self.signalling.refer(target)

    async def transfer_over(self, timeout_s: float = 5.0) -> int:
        """What the transfer came to, as told to this phone: 200, or the SIP status it failed with."""
        await self.changes.until(
            lambda: self.transfer_status >= 200, timeout_s, "word of how the transfer went"
        )
        return self.transfer_status

    # --- sound ---

    async def send_digits(self, digits: str) -> None:
        """Press keys like a finger would; returns when the last one is up."""
        self.stream.press(digits)
        await self.changes.until(
            lambda: not self._keys_pending(), len(digits) * _KEY_S + 2, f"keys {len(digits)} sent"
        )

    async def hears_digits(self, digits: str, within_s: float = 5.0) -> None:
        """Exactly these keys, since the call was answered, reach us as RFC 4733 events."""
        await self.changes.until(
            lambda: self.digits_heard == digits, within_s, f"the keys {digits} and no others"
        )

    def play_tone(self, frequency: float, loudness: float = 6000.0) -> None:
        """Send this tone (whole Hz) until told otherwise."""
        self.stream.play(tone(frequency, 1.0, loudness), again=True)

    def play(self, samples: Samples, *, again: bool = False) -> None:
        self.stream.play(samples, again=again)

    def fall_silent(self) -> None:
        self.stream.play(np.zeros(0, dtype=np.int16), again=False)

    async def hears(self, frequency: float, within_s: float = 3.0) -> None:
        """A tone of `frequency` Hz reaches us from now on."""
        start = self.stream.ear.heard
        enough = int(_TONE_WINDOW_S * SAMPLE_RATE)

        def heard() -> bool:
            ear = self.stream.ear
            return ear.heard - start >= enough and has_tone(ear.last(_TONE_WINDOW_S), frequency)

        await self.changes.until(heard, within_s, f"a tone of {frequency:g} Hz")

    async def hears_sound(self, *kinds: Sound, within_s: float = 5.0) -> Sound:
        """One of `kinds` (any sound at all, when none is given) reaches us from now on; returns which."""
        wanted = kinds or (Sound.TONE, Sound.SPEECH, Sound.MUSIC)
        start = self.stream.ear.heard
        enough = int((_JUDGE_WINDOW_S if kinds else _TONE_WINDOW_S) * SAMPLE_RATE)
        verdict = Sound.SILENCE

        def heard() -> bool:
            nonlocal verdict
            if self.stream.ear.heard - start < enough:
                return False
            verdict = judge(self.stream.ear.since(self.stream.ear.heard - enough))
            return verdict in wanted

        await self.changes.until(heard, within_s, " or ".join(wanted))
        return verdict

    async def listen(self, seconds: float) -> Samples:
        """The next `seconds` of received sound; CallTimeoutError when media does not flow."""
        start = self.stream.ear.heard
        enough = int(seconds * SAMPLE_RATE)
        await self.changes.until(
            lambda: self.stream.ear.heard - start >= enough or self.state is CallState.ENDED,
            seconds + _LISTEN_GRACE_S,
            f"{seconds:g} s of sound",
        )
        return self.stream.ear.since(start)

    def sound_now(self) -> Sound:
        """A judgement of the last second and a half."""
        return judge(self.stream.ear.last(_JUDGE_WINDOW_S))

    def loudness_now(self) -> float:
        return rms(self.stream.ear.last(_TONE_WINDOW_S))

    def save(self, path: Path) -> None:
        """Write all that was heard as a WAV file (8 kHz, mono)."""
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(self.stream.ear.since(0).astype("<i2").tobytes())

    @property
    def digits_heard(self) -> str:
        """Every key the other side pressed, in order."""
        return self._stream.digits_received if self._stream else ""

    @property
    def packets_received(self) -> int:
        return self._stream.packets_received if self._stream else 0

    @property
    def stream(self) -> RtpStream:
        if self._stream is None:
            raise RuntimeError("this call has no media before it is answered")
        return self._stream

    # --- what `Line` tells ---

    def reach(self) -> None:
        if not self.was_reached:
            self.was_reached = True
            self.changes.tell()

    def transfer_went(self, status: int) -> None:
        self.transfer_status = status
        self.changes.tell()

    async def open_stream(self) -> RtpStream:
        if self._stream is None:
            self._stream = await RtpStream.open(self._host, self._payload_type, self.changes.tell)
        return self._stream

    def move(self, state: CallState) -> None:
        if self.state is not CallState.ENDED:
            self.state = state
            self.changes.tell()

    def end(self, *, by_them: bool, status: int = 0, reason: str = "") -> None:
        if self.state is CallState.ENDED:
            return
        self.ended_by_them, self.status, self.reason = by_them, status, reason
        self.state = CallState.ENDED
        if self._stream is not None:
            self._stream.close()
        self.changes.tell()

    def _keys_pending(self) -> bool:
        return self.state is not CallState.ENDED and self.stream.keys_pending

    def _check_not_refused(self) -> None:
        if self.status >= 300:
            raise CallRefusedError(self.status, self.reason)
        if self.state is CallState.ENDED:
            raise CallRefusedError(0, "hung up")
