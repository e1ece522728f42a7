"""A queue's one room: who waits in it hears its music, and while nobody does, none plays.

A holding bridge of ARI is silent by itself: its music is asked for once, for all in it. Asterisk takes the music out with the
last of them, but not when that one is gone before it has come in: then it would play to nobody for good. So the last says so,
unless seen to go from here to a conversation.
"""

from __future__ import annotations

from ari_apps.ari import AriError
from ari_apps.ari.errors import is_channel_gone
from ari_apps.call import Call, absorbed
from ari_apps.legs import queue_bridge_id
from voice_core.queue import QueueConfig


async def enter(call: Call, queue: QueueConfig) -> None:
    """The customer comes in. Raises AriError; not when the customer has hung up, which is in the call's inbox."""
    if call.customer is None:
        return
    exchange, room = call.exchange, queue_bridge_id(queue.name, call.exchange.plan.mark)
    waiting = exchange.waiting.setdefault(room, set())
    wants_music, bridge = not waiting, exchange.ari.bridge(room)
    waiting.add(call.id)
    call.waits_in = room
    if room not in exchange.rooms:
        bridge, wants_music = await exchange.ari.create_bridge(room, "holding"), True
        exchange.rooms.add(room)
    if not call.just_arrived and call.customer.id in (await bridge.get()).channels:
        return  # taken up after a restart: to add it again would empty the room, and end its music
    try:
        await bridge.add([call.customer.id])
    except AriError as error:
        if exchange.routes.owned(call.customer.id) and not is_channel_gone(error):
            raise  # the leg lives, and still could not be put in: the call fails aloud
        depart(call)
    if wants_music and waiting:
        await bridge.moh_start(queue.music)


def depart(call: Call) -> None:
    """From now on the room counts without this call, whose customer is still to be taken out."""
    call.exchange.waiting.get(call.waits_in, set()).discard(call.id)


def left(call: Call) -> None:
    """The customer talks now: who went from the room to a conversation was in it, so the music ends by itself."""
    call.waits_in = ""


async def hush(call: Call) -> None:
    """The customer is out: no music without anybody."""
    if call.waits_in and not call.exchange.waiting.get(call.waits_in):
        await absorbed(call.exchange.ari.bridge(call.waits_in).moh_stop())
    call.waits_in = ""
