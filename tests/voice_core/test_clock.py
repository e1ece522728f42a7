from __future__ import annotations

from datetime import datetime, timedelta

from tests.voice_core.world import T0
from voice_core.clock import SystemClock


class Machine:
    """A machine whose clock somebody sets."""

    def __init__(self) -> None:
        self.wall = T0
        self.steady = 100.0

    def run(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall, lambda: self.steady)


def after(start: datetime, seconds: float) -> datetime:
    return start + timedelta(seconds=seconds)


def test_a_clock_set_back_is_followed_without_going_back() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.run(5)
    assert clock.now() == after(T0, 5)
    machine.wall -= timedelta(seconds=10)
    assert clock.now() == after(T0, 5)
    machine.run(4)
    assert clock.now() == after(T0, 7)  # half speed while the machine is behind
    machine.run(100)
    assert clock.now() == machine.wall


def test_a_clock_set_forward_is_believed() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += timedelta(hours=1)
    assert clock.now() == after(T0, 3600)
