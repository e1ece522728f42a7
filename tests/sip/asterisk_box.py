"""A bare Asterisk for tests of the SIP tools: a trunk known by its address, two phones, some numbers.

600 answers and echoes          601 reads one digit, then plays 440 Hz for 1, 620 Hz for anything else
602 answers and plays a prompt  603 answers and plays music      604 is busy
605 rings phone `uno`           606 answers, waits a second and hangs up
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from contact_centre.asterisk_installation import find_asterisk

PASSWORD = "a-test-secret"
_BOOT_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 10.0

_EXTENSIONS = """
[trunk]
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Answer()
 same => n,Read(KEY,silence/5,1,,1,5)
 same => n,Playtones(${IF($["${KEY}"="1"]?440:620)})
 same => n,Wait(20)
exten => 602,1,Answer()
 same => n,Playback(demo-congrats)
exten => 603,1,Answer()
 same => n,MusicOnHold(default,30)
exten => 604,1,Busy(1)
exten => 605,1,Dial(PJSIP/uno,20)
exten => 606,1,Answer()
 same => n,Wait(1)
 same => n,Hangup()
"""


@dataclass(frozen=True, slots=True)
class Box:
    """Where it listens."""

    sip_port: int
    folder: Path

    @property
    def server(self) -> tuple[str, int]:
        return ("127.0.0.1", self.sip_port)


def free_udp_port(host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def bare_asterisk(folder: Path) -> AsyncIterator[Box]:
    """Start it in `folder`, wait until it has booted, stop it at the end."""
    box = Box(free_udp_port(), folder)
    _write(box)
    config = str(folder / "etc" / "asterisk.conf")
    run = str(find_asterisk().program)
    log = (folder / "asterisk.out").open("wb")
    process = await asyncio.create_subprocess_exec(
        run, "-f", "-C", config, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        await _booted(folder, run, config, process)
        yield box
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(_STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        log.close()


async def _booted(folder: Path, run: str, config: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_BOOT_TIMEOUT_S):
        while not (folder / "run" / "asterisk.ctl").exists():
            if process.returncode is not None:
                raise RuntimeError((folder / "asterisk.out").read_text(errors="replace")[-2000:])
            await asyncio.sleep(0.05)  # the control socket has no event before it exists
        while True:
            asked = await asyncio.create_subprocess_exec(
                run,
                "-C",
                config,
                "-rx",
                "core waitfullybooted",
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await asked.communicate()
            if b"fully booted" in said:
                return


def _write(box: Box) -> None:
    there = find_asterisk()
    share, modules = there.data, there.modules
    for name in ("etc", "run", "spool", "log", "lib", "data"):
        (box.folder / name).mkdir(parents=True, exist_ok=True)
    sounds = next(share.rglob("demo-congrats.wav")).parent
    rtp = free_udp_port() // 2 * 2
    rtp = min(rtp, 60000)
    files = {
        "asterisk.conf": _asterisk_conf(box.folder, share, modules),
        "modules.conf": "[modules]\nautoload=yes\n" + "".join(f"noload => {m}.so\n" for m in _UNWANTED),
        "logger.conf": "[general]\n[logfiles]\nmessages.log => notice,warning,error\n",
        "rtp.conf": f"[general]\nrtpstart={rtp}\nrtpend={rtp + 400}\n",
        "musiconhold.conf": f"[default]\nmode=files\ndirectory={share / 'moh'}\n",
        "extensions.conf": _EXTENSIONS.replace("demo-congrats", str(sounds / "demo-congrats")).replace(
            "silence/5", str(sounds / "silence" / "5")
        ),
        "pjsip.conf": _pjsip(box.sip_port),
    }
    for name, text in files.items():
        (box.folder / "etc" / name).write_text(text)


def _asterisk_conf(folder: Path, share: Path, modules: Path) -> str:
    own = {
        "etc": "etc",
        "db": "lib",
        "key": "lib",
        "spool": "spool",
        "run": "run",
        "log": "log",
        "agi": "lib",
    }
    folders = {f"ast{name}dir": folder / place for name, place in own.items()}
    folders |= {"astmoddir": modules, "astvarlibdir": share, "astdatadir": share, "astsbindir": folder}
    return "[directories]\n" + "".join(f"{key} => {value}\n" for key, value in folders.items())


_UNWANTED = (
    "res_config_ldap",
    "res_config_pgsql",
    "res_config_odbc",
    "res_odbc",
    "chan_dahdi",
    "chan_iax2",
    "cdr_csv",
    "res_snmp",
)


def _pjsip(port: int) -> str:
    phones = "".join(
        f"""
[{name}]
type=endpoint
context=trunk
disallow=all
allow=ulaw,alaw
auth={name}
aors={name}
direct_media=no
[{name}]
type=auth
auth_type=userpass
username={name}
password={PASSWORD}
[{name}]
type=aor
max_contacts=1
remove_existing=yes
"""
        for name in ("uno", "dos")
    )
    return f"""
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{port}
[trunk]
type=endpoint
context=trunk
disallow=all
allow=ulaw,alaw
direct_media=no
[trunk]
type=identify
endpoint=trunk
match=127.0.0.2
{phones}"""
