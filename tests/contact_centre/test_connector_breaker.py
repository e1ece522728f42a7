"""The breaker, against a plain model of what it promises: any order of asks, ends and waits."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from contact_centre.connectors.breaker import Breaker, Ticket

FAILURES, REST_S = 3, 10.0


class BreakerLife(RuleBasedStateMachine):
    """Model: failures in a row while closed; when it opened; who is trying."""

    out = Bundle("out")

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(FAILURES, REST_S)
        self.now = 100.0
        self.in_a_row = 0
        self.opened_at: float | None = None
        self.trial: Ticket | None = None

    @rule(seconds=st.floats(0, 15))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.opened_at is None)
    @rule(target=out)
    def asks_while_closed(self) -> Ticket:
        ticket = self.breaker.admit(self.now)
        assert ticket is not None
        assert not ticket.is_trial
        return ticket

    @precondition(lambda self: self.opened_at is not None)
    @rule(target=out)
    def asks_while_open(self) -> Ticket | None:
        assert self.opened_at is not None
        ticket = self.breaker.admit(self.now)
        may = self.trial is None and self.now >= self.opened_at + REST_S
        assert (ticket is not None) == may
        if ticket is not None:
            assert ticket.is_trial
            self.trial = ticket
        return ticket

    @rule(ticket=consumes(out))
    def it_answers(self, ticket: Ticket | None) -> None:
        if ticket is None:
            return
        self.breaker.succeeded(ticket)
        if self.opened_at is None or ticket is self.trial:
            self.in_a_row, self.opened_at, self.trial = 0, None, None

    @rule(ticket=consumes(out))
    def it_fails(self, ticket: Ticket | None) -> None:
        if ticket is None:
            return
        self.breaker.failed(ticket, self.now)
        if ticket is self.trial:
            self.opened_at, self.trial = self.now, None
        elif self.opened_at is None:
            self.in_a_row += 1
            if self.in_a_row >= FAILURES:
                self.opened_at = self.now

    @rule(ticket=consumes(out))
    def whoever_asked_goes_away(self, ticket: Ticket | None) -> None:
        if ticket is None:
            return
        self.breaker.gave_up(ticket)
        if ticket is self.trial:
            self.trial = None

    @invariant()
    def open_as_the_model_says(self) -> None:
        assert self.breaker.is_open == (self.opened_at is not None)

    def teardown(self) -> None:
        """However it was left, a system that is well again is asked again."""
        if self.trial is not None:
            self.breaker.gave_up(self.trial)
        ticket = self.breaker.admit(self.now + REST_S + 1)
        assert ticket is not None
        self.breaker.succeeded(ticket)
        assert not self.breaker.is_open


TestBreakerLife = BreakerLife.TestCase
