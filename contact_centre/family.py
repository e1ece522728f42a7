"""The parent in `centralita up`: forks its children, watches them, starts them again, ends them in order.

It holds no calls, no database and no event loop, so that there is little in it that could fail. Children are forks of
a process that has imported everything: one that is started again serves without importing anew.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import structlog
import typer

from contact_centre.service_manager import ALIVE, READY, Notifier

RESTART_DELAYS_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_AFTER_S = 20.0  # having served so long, the next restart is again without delay
STOP_TIMEOUT_S = 8.0  # for one child, from SIGTERM to SIGKILL
TICK_S = 0.5
MESSAGE_BYTES = 4096
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Child:
    """`work` gets a Notifier to its parent and returns the exit code."""

    name: str
    work: Callable[[Notifier], int]
    starts_after: str = ""  # a message of another child; at once when empty
    frozen_after_s: float | None = None  # without a sign of life for so long after READY it is killed
    needed: bool = True  # nothing is served without it: when it cannot start, all ends
    pid: int = 0
    served: bool = False  # has been ready once: from then on it is started again
    ready: bool = False
    due_s: float | None = None  # when to start it again
    started_s: float = 0.0
    beat_s: float = 0.0
    failures: int = 0
    ear: socket.socket | None = field(default=None, repr=False)


class Family:
    """`run` returns the exit code. `on_served` hears the name of a child that is ready, `on_stop` that
    a signal asks for the end.
    """

    def __init__(
        self,
        children: Sequence[Child],
        manager: Notifier,
        on_served: Callable[[str], None] = lambda _name: None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._children = children
        self._manager = manager
        self._on_served = on_served
        self._on_stop = on_stop
        self._heard: set[str] = set()
        self._stop_asked = False
        self._told_ready = False
        self._failed: int | None = None

    def run(self) -> int:
        """Until SIGINT or SIGTERM (0), or until a child that is needed fails before it ever served (its code)."""
        with self._signals() as wake:
            try:
                while not self._stop_asked and self._failed is None:
                    self._start_due()
                    self._listen(wake)
                    self._bury()
                    self._end_frozen()
            finally:
                self._manager.stopping()
                if self._stop_asked:
                    self._on_stop()
                for child in self._children:
                    _end(child)
        return self._failed or 0

    # --- starting

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            waits = child.starts_after and child.starts_after not in self._heard
            if child.pid == 0 and not waits and (child.due_s is None or child.due_s <= now):
                self._fork(child)

    def _fork(self, child: Child) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _be(child, parent, Notifier(theirs))
        theirs.close()
        ours.setblocking(False)
        child.ear, child.pid, child.ready = ours, pid, False
        child.started_s = child.beat_s = time.monotonic()
        if child.served:
            log.warning("process_started_again", process=child.name, pid=pid)

    # --- watching

    def _listen(self, wake: socket.socket) -> None:
        ears = [child.ear for child in self._children if child.ear is not None]
        heard, _, _ = select.select([wake, *ears], [], [], self._patience())
        for ear in heard:
            with contextlib.suppress(BlockingIOError):
                while message := ear.recv(MESSAGE_BYTES):
                    if ear is not wake:
                        self._told(ear, message.decode(errors="replace").splitlines())

    def _patience(self) -> float:
        now = time.monotonic()
        due = [child.due_s - now for child in self._children if child.due_s is not None and child.pid == 0]
        return max(0.0, min([TICK_S, *due]))

    def _told(self, ear: socket.socket, lines: Sequence[str]) -> None:
        self._heard.update(lines)
        for child in self._children:
            if child.ear is ear and (READY in lines or ALIVE in lines):
                child.beat_s = time.monotonic()
                if READY in lines:
                    child.ready = child.served = True
                    self._on_served(child.name)
        if not self._told_ready and all(child.served for child in self._children if child.needed):
            self._told_ready = True
            self._manager.ready()

    def _bury(self) -> None:
        """Children that ended: to be started again, unless they never served."""
        for child in self._children:
            if child.pid == 0:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid == 0:
                continue
            code = os.waitstatus_to_exitcode(status)
            if child.ear is not None:
                with contextlib.suppress(BlockingIOError):  # its last words
                    while message := child.ear.recv(MESSAGE_BYTES):
                        self._told(child.ear, message.decode(errors="replace").splitlines())
            _forget(child)
            if not child.served and child.needed:
                self._failed = code if code > 0 else 1
                return
            now = time.monotonic()
            child.failures = 0 if now - child.started_s > STEADY_AFTER_S else child.failures
            delay_s = RESTART_DELAYS_S[min(child.failures, len(RESTART_DELAYS_S) - 1)]
            child.failures += 1
            child.due_s = now + delay_s
            log.error("process_died", process=child.name, exit_code=code, again_in_s=delay_s)

    def _end_frozen(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.pid and child.ready and child.frozen_after_s is not None:
                silent_s = now - child.beat_s
                if silent_s > child.frozen_after_s:
                    log.error("process_frozen", process=child.name, silent_s=round(silent_s, 1))
                    child.ready = False
                    os.kill(child.pid, signal.SIGKILL)

    # --- signals

    @contextlib.contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        """Every signal wakes `select` through a socket; none interrupts what is being done."""
        wake, writer = socket.socketpair()
        wake.setblocking(False)
        writer.setblocking(False)
        before = {
            number: signal.signal(number, handler)
            for number, handler in (
                (signal.SIGINT, self._asked),
                (signal.SIGTERM, self._asked),
                (signal.SIGCHLD, lambda *_: None),
            )
        }
        previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield wake
        finally:
            signal.set_wakeup_fd(previous)
            for number, handler in before.items():
                signal.signal(number, handler)
            wake.close()
            writer.close()

    def _asked(self, *_: object) -> None:
        self._stop_asked = True


def _be(child: Child, parent: int, notifier: Notifier) -> NoReturn:
    """In the child, after the fork: nothing of the parent's goes on here."""
    code = 1
    try:
        os.setsid()  # Ctrl-C is for the parent, which ends us in order
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        kernel = ctypes.CDLL(None)
        # However the parent goes, nothing of it stays; Asterisk hears of it from its own parent's death.
        kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        kernel.prctl(_PR_SET_NAME, f"c-{child.name}"[:15].encode(), 0, 0, 0)
        if os.getppid() == parent:  # it may have died between the fork and here
            code = child.work(notifier)
    except typer.Exit as end:
        code = end.exit_code
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        log.critical("process_failed", process=child.name, exc_info=True)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _end(child: Child) -> None:
    """SIGTERM, and SIGKILL when that does not help."""
    if child.pid == 0:
        return
    deadline = time.monotonic() + STOP_TIMEOUT_S
    os.kill(child.pid, signal.SIGTERM)
    while os.waitpid(child.pid, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            log.error("process_killed", process=child.name, pid=child.pid)
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
            break
        select.select([], [], [], 0.02)
    _forget(child)


def _forget(child: Child) -> None:
    if child.ear is not None:
        child.ear.close()
    child.pid, child.ear, child.ready = 0, None, False
