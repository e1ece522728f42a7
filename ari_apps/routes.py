"""Who owns what: channel and playback ids, and whom their news go to."""

from __future__ import annotations

from collections.abc import Callable

from ari_apps.signals import LegEntered, LegGone, LegReplaced, Signal

Deliver = Callable[[Signal], None]


class Routes:
    """Delivers signals to the owner of an id. Owners only enqueue: nothing here awaits or raises."""

    def __init__(self) -> None:
        self._owners: dict[str, Deliver] = {}
        self._causes: dict[str, tuple[int, int | None]] = {}

    def claim(self, key: str, deliver: Deliver) -> None:
        self._owners[key] = deliver

    def clear(self) -> None:
        self._owners.clear()
        self._causes.clear()

    def release(self, key: str) -> None:
        self._owners.pop(key, None)
        self._causes.pop(key, None)

    def owned(self, key: str) -> bool:
        return key in self._owners

    def owner(self, key: str) -> Deliver | None:
        return self._owners.get(key)

    def claimed(self) -> list[str]:
        return list(self._owners)

    def send(self, key: str, signal: Signal) -> bool:
        deliver = self._owners.get(key)
        if deliver is None:
            return False
        deliver(signal)
        return True

    def entered(self, channel_id: str, endpoint: str) -> bool:
        return self.send(channel_id, LegEntered(channel_id, endpoint))

    def hanging_up(self, channel_id: str, cause: int, sip_status: int | None) -> None:
        """The far end hangs up: StasisEnd, which follows, does not tell why."""
        if channel_id in self._owners:
            self._causes[channel_id] = (cause, sip_status)

    def gone(self, channel_id: str, cause: int = 0, sip_status: int | None = None) -> None:
        """Told once, however many events say it."""
        known_cause, known_status = self._causes.pop(channel_id, (0, None))
        deliver = self._owners.pop(channel_id, None)
        if deliver is not None:
            deliver(LegGone(channel_id, cause or known_cause, sip_status or known_status))

    def replaced(self, channel_id: str, by: str) -> bool:
        deliver = self._owners.pop(channel_id, None)
        if deliver is None:
            return False
        self._owners[by] = deliver
        deliver(LegReplaced(channel_id, by))
        return True
