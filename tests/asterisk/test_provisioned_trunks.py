"""A trunk we sign in to, proved with a second Asterisk as the operator's exchange."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contact_centre.scripted_caller import Line, Sound
from tests.asterisk.box import AsteriskBox, running_asterisk

pytestmark = pytest.mark.timeout(60)

OPERATOR = "127.0.0.5"


def signing_in_to(operator: AsteriskBox, text: str) -> str:
    """The centre file with a line whose account is a telephone of the operator's."""
    line = f"""
  - name: operador
    kind: register
    hosts: ["{OPERATOR}"]
    port: {operator.settings.sip_port}
    username: ana-sip
    password: {operator.phones["ana"].sip_password}
    number: "102"
"""
    return text.replace("trunks:\n", f"trunks:{line}", 1)


async def test_a_registered_line_takes_calls_for_its_number(tmp_path: Path) -> None:
    async with (
        running_asterisk(tmp_path / "op", users=("ana",), SIP_HOST=OPERATOR, MEDIA_HOST=OPERATOR) as operator,
        running_asterisk(tmp_path / "us", users=(), change=lambda text: signing_in_to(operator, text)) as us,
    ):
        await _says(us, "pjsip show registrations", "Registered")
        async with Line("127.0.0.2", server=operator.server) as line:
            call = await line.call("101", from_number="59322222222")  # rings the operator's `ana`: us
            await call.answered()
            call.play_tone(440)
            # the operator speaks to its waiting caller too: first our number 102 is in its way out, then it is heard
            await _says(us, "core show channels concise", "!way-out!102!")
            await call.hears_sound(Sound.SPEECH, within_s=8)


async def _says(box: AsteriskBox, command: str, word: str) -> None:
    async with asyncio.timeout(15):
        while word not in await box.process.command(command):
            await asyncio.sleep(0.1)
