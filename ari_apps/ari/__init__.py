"""A typed asyncio client of Asterisk's REST Interface, over its events WebSocket.

    async with AriClient.connect("http://127.0.0.1:8088/ari", "user", "secret", "centralita") as ari:
        async for event in ari.events():
            match event:
                case StasisStart(channel=channel):
                    await ari.channel(channel.id).answer()

`events` and `models` hold what Asterisk says, `errors` what can go wrong.
"""

from .bridge import Bridge
from .channel import Channel
from .client import AriClient, Snapshot
from .errors import (
    AriError,
    Conflict,
    ConnectionLost,
    EventOverflow,
    NotFound,
    Refused,
    RequestError,
    RequestTimeout,
    ServerFailure,
    TakenOver,
    Unauthorized,
    Unprocessable,
    Unreachable,
)
from .events import Event, UnknownEvent
from .playback import Playback
from .recording import LiveRecording
from .results import Outcome, Result
from .stream import Disconnected, EventStream, News, Reconnected

__all__ = [
    "AriClient",
    "AriError",
    "Bridge",
    "Channel",
    "Conflict",
    "ConnectionLost",
    "Disconnected",
    "Event",
    "EventOverflow",
    "EventStream",
    "LiveRecording",
    "News",
    "NotFound",
    "Outcome",
    "Playback",
    "Reconnected",
    "Refused",
    "RequestError",
    "RequestTimeout",
    "Result",
    "ServerFailure",
    "Snapshot",
    "TakenOver",
    "Unauthorized",
    "UnknownEvent",
    "Unprocessable",
    "Unreachable",
]
