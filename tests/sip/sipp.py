"""SIPp as a bank of telephones: a stack that shares no code with ours. One process answers for all users."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from tests.sip.asterisk_box import free_udp_port

SCENARIOS = Path(__file__).parent / "scenarios"
_TIMEOUT_S = 20.0


@asynccontextmanager
async def answering_phones(
    server: tuple[str, int],
    secrets: Mapping[str, str],
    folder: Path,
    *,
    talk_s: float,
    messages: Path | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Register each user of `secrets`, then answer whatever rings, echo for `talk_s` seconds and hang up.

    `messages`: a file for every SIP message of the answering, with its time.
    """
    port, media = free_udp_port(), _free_media_port()
    where = ("-i", "127.0.0.1", "-p", str(port))
    people = folder / "people.csv"
    rows = [f"{user};[authentication username={user} password={secret}]" for user, secret in secrets.items()]
    people.write_text("\n".join(["SEQUENTIAL", *rows]) + "\n")
    target = f"{server[0]}:{server[1]}"
    registering = await _sipp(
        folder,
        target,
        "-sf",
        str(SCENARIOS / "register.xml"),
        "-inf",
        str(people),
        "-m",
        str(len(secrets)),
        "-r",
        "50",
        *where,
    )
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            if await registering.wait():
                raise RuntimeError(
                    "SIPp could not register: " + (folder / "sipp.out").read_text(errors="replace")[-1500:]
                )
    finally:
        await _end(registering)
    talk = str(int(talk_s * 1000))
    answering = await _sipp(
        folder,
        target,
        "-sf",
        str(SCENARIOS / "agent.xml"),
        "-recv_timeout",
        talk,
        "-rtp_echo",
        "-mp",
        str(media),
        *where,
        *(("-trace_msg", "-message_file", str(messages)) if messages else ()),
    )
    try:
        await _listening(port, answering)
        yield answering
    finally:
        await _end(answering)


async def callers(
    server: tuple[str, int],
    folder: Path,
    *,
    host: str,
    number: str,
    prefix: str,
    how_many: int,
    a_second: float,
    talk_s: float,
) -> int:
    """`how_many` people call `number` from `prefix` and 1, 2 …; returns how many calls failed, once all are over."""
    process = await _sipp(
        folder,
        f"{server[0]}:{server[1]}",
        *("-sf", str(SCENARIOS / "caller.xml"), "-s", number, "-key", "prefix", prefix),
        *("-i", host, "-p", str(free_udp_port(host)), "-mp", str(free_udp_port(host) // 2 * 2), "-rtp_echo"),
        *("-m", str(how_many), "-r", str(round(a_second * 10)), "-rp", "10000"),
        *("-recv_timeout", str(int(talk_s * 1000)), "-trace_stat", "-stf", "callers.csv", "-fd", "1"),
    )
    try:
        await process.wait()
    finally:
        await _end(process)
    names, *_, last = (folder / "callers.csv").read_text().splitlines()
    return int(dict(zip(names.split(";"), last.split(";"), strict=False))["FailedCall(C)"])


def _free_media_port() -> int:
    """An even one, free as are the three above it: SIPp takes a pair for sound and a pair for pictures."""
    while True:
        first = (free_udp_port() + 1) // 2 * 2
        with ExitStack() as held:
            try:
                for port in range(first, first + 4):
                    probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return first


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    """Wait until SIPp has its UDP port; nothing else tells (the kernel's table does)."""
    bound = f":{port:04X} "
    async with asyncio.timeout(_TIMEOUT_S):
        while bound not in Path("/proc/net/udp").read_text():
            if process.returncode is not None:
                raise RuntimeError("SIPp ended at once; see sipp.out in the test's folder.")
            await asyncio.sleep(0.02)


async def _sipp(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    nothing = asyncio.subprocess.DEVNULL
    # a 180 that comes after its 200 is no reason to give up a call (its goodbye would be sent once, and may be lost)
    words = ("sipp", *arguments, "-default_behaviors", "all,-abortunexp", "-nostdin", "-trace_err")
    with (folder / "sipp.out").open("ab") as out:
        return await asyncio.create_subprocess_exec(*words, cwd=folder, stdin=nothing, stdout=out, stderr=out)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
