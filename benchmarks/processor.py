"""Processor time from /proc: what programs used, not what the machine was doing."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.contest import NATIVE, OURS
from tests.faults.processes import asterisk_of
from tests.instance import Instance

REST_LIMIT_S = 120.0
LOOK_S = 1.0
BUSY_PERCENT = 15.0
_TICKS_S = os.sysconf("SC_CLK_TCK")


def processes(instance: Instance, who: str) -> list[int]:
    """Whose time counts: all of ours (parent, controller, Asterisk, its keeper), or of app_queue's Asterisk alone."""
    assert instance.process is not None
    return [asterisk_of(instance)] if who != OURS else _tree(instance.process.pid)


def used_s(pids: Iterable[int]) -> float:
    """utime + stime of them, s."""
    return sum(_ticks(pid) for pid in pids) / _TICKS_S


async def shares_of_a_core(instance: Instance, who: str, seconds: float) -> tuple[float, float]:
    """Hundredths of one core over the next `seconds`: of all that counts for `who`, and of Asterisk in it."""
    asterisk = processes(instance, NATIVE)
    others = [pid for pid in processes(instance, who) if pid not in asterisk]
    began, before = time.monotonic(), (used_s(asterisk), used_s(others))
    await asyncio.sleep(seconds)
    after, took_s = (used_s(asterisk), used_s(others)), time.monotonic() - began
    theirs, rest = (100 * (now - then) / took_s for now, then in zip(after, before, strict=True))
    return theirs + rest, theirs


async def at_rest(instance: Instance) -> None:
    """What a round left to do (recordings into the vault) is done, and is not counted to the next one."""
    async with asyncio.timeout(REST_LIMIT_S):
        while (await shares_of_a_core(instance, OURS, LOOK_S))[0] > BUSY_PERCENT:
            pass


def resident_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS:")) / 1024


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def _tree(pid: int) -> list[int]:
    found = [pid]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += _tree(int(child))
    return found
