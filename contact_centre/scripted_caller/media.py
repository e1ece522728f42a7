"""One RTP stream of G.711: sends a frame every 20 ms (silence when nothing else), keeps what comes back.

Sending never stops while the stream is open, since Asterisk waits for media before it answers.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from typing import cast

import numpy as np
from aiortp import DtmfEvent, RtpPacket, get_codec
from aiortp.dtmf import DTMF_EVENTS

from contact_centre.scripted_caller.hearing import FRAME_SAMPLES, Ear, Samples

FRAME_S = 0.02
DTMF_PAYLOAD_TYPE = 101
_DIGIT_FRAMES = 8  # 160 ms of key, RFC 4733
_GAP_FRAMES = 5  # 100 ms between keys
_END_REPEATS = 3
_SILENT_FRAME = bytes(FRAME_SAMPLES * 2)


class RtpStream(asyncio.DatagramProtocol):
    """Open with `open()`, point with `aim()`, stop with `close()`. Belongs to one call."""

    def __init__(self, payload_type: int, on_heard: Callable[[], None]) -> None:
        self.ear = Ear()
        self.packets_received = 0
        self.digits_received = ""
        self._codec = get_codec(payload_type)
        self._payload_type = payload_type
        self._on_heard = on_heard
        self._transport: asyncio.DatagramTransport | None = None
        self._remote: tuple[str, int] | None = None
        self._tick: asyncio.Handle | None = None
        self._next_at = 0.0
        self._sequence = secrets.randbelow(1 << 16)
        self._timestamp = secrets.randbelow(1 << 30)
        self._ssrc = secrets.randbelow(1 << 32)
        self._sound = b""  # PCM to send, consumed frame by frame
        self._position = 0
        self._again = False
        self._keys: deque[tuple[str, int]] = deque()  # (digit or "" for the gap, frames already sent)
        self._key_started = 0
        self._last_event: int | None = None

    @classmethod
    async def open(cls, host: str, payload_type: int, on_heard: Callable[[], None]) -> RtpStream:
        """Bind a port the system chooses on `host` (an address of this machine)."""
        stream = cls(payload_type, on_heard)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: stream, local_addr=(host, 0))
        return stream

    @property
    def port(self) -> int:
        if self._transport is None:
            raise RuntimeError("the stream is closed")
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def keys_pending(self) -> bool:
        return bool(self._keys)

    def aim(self, remote: tuple[str, int]) -> None:
        """Send to `remote` from now on; the clock starts with the first call."""
        self._remote = remote
        if self._tick is None and self._transport is not None:
            loop = asyncio.get_running_loop()
            self._next_at = loop.time()
            self._tick = loop.call_soon(self._send_frame)

    def play(self, samples: Samples, *, again: bool) -> None:
        """Send these samples next, over and over if `again`; replaces what was playing."""
        self._sound = np.ascontiguousarray(samples, dtype="<i2").tobytes()
        self._position = 0
        self._again = again

    def press(self, digits: str) -> None:
        """Queue keys (0-9 * # A-D) as RFC 4733 events, paced like a finger."""
        for digit in digits:
            if digit.upper() not in DTMF_EVENTS:
                raise ValueError(f"{digit!r} is not a telephone key")
            self._keys.append((digit.upper(), 0))
            self._keys.append(("", 0))

    def close(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    # --- asyncio's callbacks ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        try:
            packet = RtpPacket.parse(data)
        except ValueError:
            return
        if packet.payload_type == self._payload_type:
            self.packets_received += 1
            self.ear.take(np.frombuffer(self._codec.decode(packet.payload), dtype="<i2"))
            self._on_heard()
        elif packet.payload_type == DTMF_PAYLOAD_TYPE and packet.timestamp != self._last_event:
            self._last_event = packet.timestamp
            self.digits_received += DtmfEvent.parse(packet.payload).digit
            self._on_heard()

    def error_received(self, exc: Exception) -> None:
        """The far port is closed (ICMP): normal at the end of a call."""

    # --- the 20 ms clock ---

    def _send_frame(self) -> None:
        if self._transport is None or self._remote is None:
            return
        if self._keys:
            self._send_key_frame()
        else:
            self._send(self._payload_type, self._codec.encode(self._next_sound()), self._timestamp)
        self._timestamp = (self._timestamp + FRAME_SAMPLES) & 0xFFFFFFFF
        loop = asyncio.get_running_loop()
        self._next_at = max(
            self._next_at + FRAME_S, loop.time() - 10 * FRAME_S
        )  # after a stall: catch up 200 ms at most
        self._tick = loop.call_at(self._next_at, self._send_frame)

    def _next_sound(self) -> bytes:
        if not self._sound:
            return _SILENT_FRAME
        size = FRAME_SAMPLES * 2
        frame = self._sound[self._position : self._position + size]
        self._position += size
        if self._position >= len(self._sound):
            if self._again:
                rest = size - len(frame)
                frame += self._sound[:rest]
                self._position = rest
            else:
                self._sound, self._position = b"", 0
        return frame.ljust(size, b"\0")

    def _send_key_frame(self) -> None:
        digit, sent = self._keys.popleft()
        if not digit:
            self._send(self._payload_type, self._codec.encode(_SILENT_FRAME), self._timestamp)
            if sent + 1 < _GAP_FRAMES:
                self._keys.appendleft(("", sent + 1))
            elif not self._keys:
                self._on_heard()
            return
        if sent == 0:
            self._key_started = self._timestamp
        last = sent + 1 >= _DIGIT_FRAMES
        event = DtmfEvent(DTMF_EVENTS[digit], end=last, volume=10, duration=(sent + 1) * FRAME_SAMPLES)
        for _ in range(_END_REPEATS if last else 1):
            self._send(DTMF_PAYLOAD_TYPE, event.serialize(), self._key_started, marker=int(sent == 0))
        if not last:
            self._keys.appendleft((digit, sent + 1))

    def _send(self, payload_type: int, payload: bytes, timestamp: int, marker: int = 0) -> None:
        if self._transport is None:
            return
        packet = RtpPacket(payload_type, marker, self._sequence, timestamp, self._ssrc, payload)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._transport.sendto(packet.serialize(), self._remote)
