"""Whether a system that failed again and again is asked at all. Pure: time is passed in, in seconds of any one clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """Whoever is let in says afterwards how it went. `is_trial`: all others wait for this one."""

    is_trial: bool


@dataclass(slots=True)
class Breaker:
    """Closed: everybody may ask. Open: nobody, until it has rested. Then one tries, and decides for all."""

    failures: int
    rest_s: float
    _failed: int = 0  # in a row
    _rests_until: float | None = None
    _trial: Ticket | None = None

    @property
    def is_open(self) -> bool:
        return self._rests_until is not None

    def admit(self, now: float) -> Ticket | None:
        if self._rests_until is None:
            return Ticket(is_trial=False)
        if self._trial is not None or now < self._rests_until:
            return None
        self._trial = Ticket(is_trial=True)
        return self._trial

    def succeeded(self, ticket: Ticket) -> None:
        """While it is open, only the trial counts: others asked before it opened."""
        if not self.is_open or ticket is self._trial:
            self._failed, self._rests_until, self._trial = 0, None, None

    def failed(self, ticket: Ticket, now: float) -> None:
        if ticket is self._trial:
            self._rests_until, self._trial = now + self.rest_s, None
        elif not self.is_open:
            self._failed += 1
            if self._failed >= self.failures:
                self._rests_until = now + self.rest_s

    def gave_up(self, ticket: Ticket) -> None:
        """Nothing was learnt: whoever asked went away."""
        if ticket is self._trial:
            self._trial = None
