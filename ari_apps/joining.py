"""The room in which a customer talks: always mixed in software, so that the recording holds every voice.

Two things that Asterisk 22.10.1 does to a recorded channel in its plain two-party bridge, and not in its mixer:
a voice that comes as opus (a browser) reaches the recording at 48 kHz and is written as if it were 8 kHz, a growl;
a second voice whose RTP sequence numbers happen to be behind the first one's is dropped as "late", in half of all
transfers. The mixer gives each channel its own rate, and no numbers; it costs some 4 thousandths of a core a call.
"""

from __future__ import annotations

from ari_apps.ari.bridge import Bridge
from ari_apps.call import Call

MIXER = "mixing,video_sfu"
"""The kind of bridge that is always mixed in software."""


async def open_room(call: Call) -> Bridge:
    """The conversation's bridge, made when it is not there. Raises AriError."""
    return await call.exchange.ari.create_bridge(call.room_id, MIXER)


async def open_consultation(call: Call, room: str) -> Bridge:
    """Two people whom nobody records. Where either may be at another node, mixed too: what joins them there, a plain bridge,
    would drop a second voice as late. Raises AriError.
    """
    return await call.exchange.ari.create_bridge(room, "mixing" if call.exchange.plan.is_alone else MIXER)
