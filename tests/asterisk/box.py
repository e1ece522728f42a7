"""Our own Asterisk as an installation has it: rendered by `provision`, run by `AsteriskProcess`, on free ports."""

from __future__ import annotations

import asyncio
import random
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ari_apps.ari import AriClient
from ari_apps.speech import Speech
from contact_centre.asterisk_installation import Installation, find_asterisk, find_espeak
from contact_centre.asterisk_process import AsteriskProcess, port_problem
from contact_centre.centre_file import Centre
from contact_centre.centre_reading import ensure_centre_file, load_centre
from contact_centre.provision import AgentPhone, provision
from contact_centre.secrets_file import Secrets, load_secrets
from contact_centre.settings import Settings, load_settings

RTP_PORTS = 400
SWEEP_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class AsteriskBox:
    """A running Asterisk and all one must know to use it."""

    settings: Settings
    secrets: Secrets
    centre: Centre
    phones: Mapping[str, AgentPhone]  # by user
    installation: Installation
    process: AsteriskProcess
    boot_log: str  # what it had logged once it was up

    @property
    def server(self) -> tuple[str, int]:
        """Where SIP is sent."""
        return (self.settings.sip_host, self.settings.sip_port)

    @property
    def ari_user(self) -> tuple[str, str]:
        """Name and password; the AMI has the same name and `secrets.ami_password`."""
        return ("centralita", self.secrets.ari_password)

    async def hang_up_all(self) -> None:
        await self.process.command("channel request hangup all")

    async def sweep(self) -> None:
        """No channel and no bridge is left: a test that fails must not fail its neighbours."""
        await self.hang_up_all()
        url = f"http://127.0.0.1:{self.settings.asterisk_http_port}/ari"
        async with AriClient.connect(url, *self.ari_user, "sweep") as ari, asyncio.timeout(SWEEP_LIMIT_S):
            while (seen := await ari.snapshot()).channels or seen.bridges:
                for bridge in seen.bridges:
                    await ari.bridge(bridge.id).destroy()
                await asyncio.sleep(0.01)


def free_settings(home: Path, **others: str) -> Settings:
    """Settings with ports nobody uses now."""
    names = ("HTTP_PORT", "SIP_PORT", "ASTERISK_HTTP_PORT", "AMI_PORT", "TRUNK_PORT")
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    rtp = _free_rtp_start()
    values = {"HOME": home, **ports, "RTP_START": rtp, "RTP_END": rtp + RTP_PORTS - 1, **others}
    return load_settings({f"CENTRALITA_{name}": str(value) for name, value in values.items()})


@asynccontextmanager
async def running_asterisk(
    home: Path,
    users: Sequence[str] = ("ana", "luis", "sofia"),
    change: Callable[[str], str] = lambda text: text,
    **others: str,
) -> AsyncIterator[AsteriskBox]:
    """Provision it for the demo organisation and `users`, start it, end it.

    `change` rewrites the centre file's text first; `others` are settings as in `free_settings`.
    """
    settings = free_settings(home, **others)
    words = load_secrets(home)
    centre_file = ensure_centre_file(settings)
    centre_file.write_text(change(centre_file.read_text()))
    centre = load_centre(centre_file)
    phones = {user: AgentPhone(user, secrets.token_urlsafe(18), secrets.token_urlsafe(18)) for user in users}
    installation = find_asterisk()
    speech = Speech(settings.asterisk_home / "sounds", program=find_espeak() or "espeak-ng")
    await provision(settings, words, centre, list(phones.values()), installation, speech)
    process = AsteriskProcess(settings, installation)
    await process.start()
    try:
        boot_log = (settings.asterisk_home / "log" / "messages.log").read_text()
        yield AsteriskBox(settings, words, centre, phones, installation, process, boot_log)
    finally:
        await process.stop()


def _free_ports(count: int) -> list[int]:
    """Free for both TCP and UDP on 127.0.0.1, all different."""
    found: list[int] = []
    held: list[socket.socket] = []
    try:
        while len(found) < count:
            probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(probe)
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if port_problem(socket.SOCK_DGRAM, "127.0.0.1", port) is None:
                found.append(port)
    finally:
        for probe in held:
            probe.close()
    return found


def _free_rtp_start() -> int:
    """The first of RTP_PORTS ports below the ones the kernel gives away by itself, so that nobody takes them later."""
    while True:
        start = random.randrange(12_000, 32_000 - RTP_PORTS, 2)
        if all(
            port_problem(socket.SOCK_DGRAM, "127.0.0.1", port) is None
            for port in range(start, start + RTP_PORTS)
        ):
            return start
