"""A controller that kills itself (-9) as it asks Asterisk to ring somebody: `python -m tests.faults.killed_at MOMENT run …`.

MOMENT: "before" the request is sent, or so many milliseconds after it was, in which nothing more is read.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from aiohttp import ClientWebSocketResponse

from contact_centre.__main__ import main

_send = ClientWebSocketResponse.send_str
_moment = sys.argv.pop(1)


async def _send_or_die(self: ClientWebSocketResponse, data: str, compress: int | None = None) -> None:
    rings = '"method": "POST", "uri": "channels/' in data and "PJSIP/" in data
    if not rings or _moment != "before":
        await _send(self, data, compress)
    if rings:
        time.sleep(0.0 if _moment == "before" else float(_moment) / 1000)
        os.kill(os.getpid(), signal.SIGKILL)


ClientWebSocketResponse.send_str = _send_or_die  # type: ignore[method-assign]
main()
