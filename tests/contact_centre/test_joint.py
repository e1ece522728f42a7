"""Snapshots and messages, interleaved in any way, give the screen what the controller has; nothing is shown backwards."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contact_centre.live.joint import Heard, Joint, Position

HELD = 2
KEYS = st.sampled_from("abc")


@dataclass
class Controller:
    """Its state is a table; each message says the new value of one key."""

    epoch: int = 1
    number: int = 0
    table: dict[str, int] = field(default_factory=dict)
    past: dict[Position, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.remember()

    @property
    def at(self) -> Position:
        return Position(self.epoch, self.number)

    def remember(self) -> None:
        self.past[self.at] = dict(self.table)

    def change(self, key: str) -> Heard:
        self.number += 1
        self.table[key] = self.table.get(key, 0) + 1
        self.remember()
        return Heard(self.at, f"{key} {self.table[key]}".encode())

    def snapshot(self) -> tuple[Position, bytes]:
        return self.at, (
            "snapshot " + " ".join(f"{key}={value}" for key, value in self.table.items())
        ).encode()


class Screens(RuleBasedStateMachine):
    """One screen; what is published may arrive late or be lost, a snapshot may be made early and arrive late."""

    def __init__(self) -> None:
        super().__init__()
        self.controller = Controller()
        self.old: Controller | None = None  # replaced, and does not know it
        self.line: deque[Heard] = deque()
        self.joint = Joint(HELD)
        self.fetched: tuple[Position, bytes] | None = None
        self.shown: dict[str, int] | None = None
        self.newest = Position(0, 0)  # of what was heard

    @rule(key=KEYS)
    def publish(self, key: str) -> None:
        self.line.append(self.controller.change(key))

    @rule()
    def lose_what_is_on_the_line(self) -> None:
        self.line.clear()

    @rule()
    def beat(self) -> None:
        self.line.append(Heard(self.controller.at, beat=True))

    @rule()
    def tear(self) -> None:
        self.controller.number += 1
        self.controller.remember()

    @rule()
    def another_controller(self) -> None:
        """It knows what is stored; numbers begin anew. The former one may go on for a moment."""
        self.old = self.controller
        self.controller = Controller(self.old.epoch + 1, 0, dict(self.old.table), self.old.past)

    @precondition(lambda self: self.old is not None)
    @rule(key=KEYS)
    def the_former_one_publishes(self, key: str) -> None:
        assert self.old is not None
        self.line.append(self.old.change(key))

    @rule()
    def begin_again(self) -> None:
        self.joint.begin_again()

    @precondition(lambda self: self.line)
    @rule()
    def hear(self) -> None:
        heard = self.line.popleft()
        self.newest = max(self.newest, heard.at)
        self._show(self.joint.hear(heard))

    @precondition(lambda self: self.joint.waits and self.fetched is None)
    @rule(former=st.booleans())
    def snapshot_is_made(self, former: bool) -> None:
        asked = self.old if former and self.old is not None else self.controller
        self.fetched = asked.snapshot()

    @precondition(lambda self: self.fetched is not None)
    @rule()
    def snapshot_arrives(self) -> None:
        assert self.fetched is not None
        at, text = self.fetched
        self.fetched = None
        for each in self.joint.snapshot(at, text):
            self._show(each)

    @invariant()
    def a_screen_that_does_not_wait_shows_what_was_at_its_position_and_all_that_was_heard(self) -> None:
        at = self.joint._at
        if at is not None:
            assert at >= self.newest
            assert self.shown == self.controller.past[at]

    def teardown(self) -> None:
        """What is on its way arrives, a last beat too, and the snapshot asked for then is answered."""
        while self.line:
            self.hear()
        if self.fetched is not None:
            self.snapshot_arrives()
        self.beat()
        self.hear()
        if self.joint.waits:
            for each in self.joint.snapshot(*self.controller.snapshot()):
                self._show(each)
        assert not self.joint.waits
        assert self.shown == self.controller.table

    def _show(self, text: bytes | None) -> None:
        if text is None:
            return
        first, *rest = text.decode().split()
        if first == "snapshot":
            self.shown = {key: int(value) for key, value in (pair.split("=") for pair in rest)}
            return
        assert self.shown is not None, "a message before its snapshot"
        assert int(rest[0]) == self.shown.get(first, 0) + 1, "left out, repeated, or backwards"
        self.shown[first] = int(rest[0])


TestScreens = Screens.TestCase
TestScreens.settings = settings(stateful_step_count=40)
