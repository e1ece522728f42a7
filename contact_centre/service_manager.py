"""What we tell whoever started us: systemd, or the parent in `centralita up`. The protocol is sd_notify(3).

Each message is one datagram of `NAME=value`. Nobody listening is normal; nothing here ever fails or waits.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Self

FILES = "X_FILES=1"  # ours: Asterisk's files are written, it may be started
READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


class Notifier:
    """Sends to `listener`, a connected datagram socket; to nobody without one."""

    def __init__(self, listener: socket.socket | None = None) -> None:
        self._listener = listener
        if listener is not None:
            listener.setblocking(False)

    @classmethod
    def to_address(cls, address: str) -> Self:
        """`address` as systemd gives it in NOTIFY_SOCKET: a path, or `@name`; nobody listens when empty."""
        if not address:
            return cls()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            listener.connect("\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            listener.close()
            return cls()
        return cls(listener)

    def files(self) -> None:
        self.tell(FILES)

    def ready(self) -> None:
        self.tell(f"{READY}\nMAINPID={os.getpid()}")

    def alive(self) -> None:
        self.tell(ALIVE)

    def stopping(self) -> None:
        self.tell(STOPPING)

    def tell(self, message: str) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):  # full, or gone: it will see that by itself
                self._listener.send(message.encode())
