"""Slows down guessing of passwords: failures are counted by user and address, by user, and by address."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from contact_centre.access.errors import TooManyAttemptsError

WINDOW = timedelta(minutes=5)
PAIR_LIMIT = 5  # one user from one address
USER_LIMIT = 50  # one user from anywhere: high, or anybody could lock a colleague out
ADDRESS_LIMIT = 30  # any user from one address: a whole office may sit behind it
_KEYS_KEPT = 10_000


class Throttle:
    """In memory: a restart forgets, which costs a guesser more than it gives."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, ...], deque[datetime]] = OrderedDict()

    def check(self, username: str, address: str, now: datetime) -> None:
        """Raises TooManyAttemptsError."""
        for key, limit in _keys(username, address):
            times = self._recent(key, now)
            if len(times) >= limit:
                wait = times[0] + WINDOW - now
                raise TooManyAttemptsError(max(1, int(wait.total_seconds())))

    def failed(self, username: str, address: str, now: datetime) -> None:
        for key, limit in _keys(username, address):
            times = self._failures.setdefault(key, deque(maxlen=limit))
            times.append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > _KEYS_KEPT:
            self._failures.popitem(last=False)

    def succeeded(self, username: str, address: str) -> None:
        """Take this attempt back, and forget the slips of whoever then knew the password from there."""
        for key, _ in _keys(username, address):
            if times := self._failures.get(key):
                times.pop()
        self._failures.pop(("pair", username, address), None)

    def _recent(self, key: tuple[str, ...], now: datetime) -> deque[datetime]:
        times = self._failures.get(key) or deque()
        while times and times[0] <= now - WINDOW:
            times.popleft()
        return times


def _keys(username: str, address: str) -> Iterable[tuple[tuple[str, ...], int]]:
    yield ("pair", username, address), PAIR_LIMIT
    yield ("user", username), USER_LIMIT
    yield ("address", address), ADDRESS_LIMIT
