"""AMI through panoramisk against a real Asterisk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from ari_apps.ami import Ami, AmiError, AmiUnavailableError
from ari_apps.ari import AriClient
from ari_apps.ari.events import StasisStart
from tests.asterisk.box import AsteriskBox
from tests.asterisk.cable import Cable
from voice_core.errors import InvalidInputError, UnavailableError

PATIENCE_S = 20.0


def ami_of(asterisk: AsteriskBox, port: int | None = None) -> Ami:
    user, secret = "centralita", asterisk.secrets.ami_password
    return Ami("127.0.0.1", port or asterisk.settings.ami_port, user, secret)


async def test_reload_and_what_cannot_be_reloaded(asterisk: AsteriskBox) -> None:
    async with asyncio.timeout(PATIENCE_S), ami_of(asterisk) as ami:
        await ami.reload("res_musiconhold.so")
        with pytest.raises(AmiError, match="No such module"):
            await ami.reload("res_nonsense.so")


async def test_a_recording_is_begun_muted_and_ended_on_a_live_channel(
    asterisk: AsteriskBox, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{asterisk.settings.asterisk_http_port}/ari"
    await asterisk.process.command("dialplan add extension steady,1,Answer() into ari_test replace")
    await asterisk.process.command("dialplan add extension steady,2,Wait(60) into ari_test replace")
    name = uuid4().hex
    async with (
        asyncio.timeout(PATIENCE_S),
        AriClient.connect(url, *asterisk.ari_user, "test-ami") as ari,
        ami_of(asterisk) as ami,
    ):
        channel = await ari.originate("Local/steady@ari_test", name)
        async for event in ari.events():
            if isinstance(event, StasisStart):
                break
        await ami.mix_monitor_start(name, str(tmp_path / "call.wav"))
        await ami.mix_monitor_mute(name, True)
        await ami.mix_monitor_mute(name, False)
        assert name in {row["uniqueid"] for row in await ami.rows("CoreShowChannels")}
        await ami.mix_monitor_stop(name)
        await channel.hangup()
        with pytest.raises(AmiError, match="No such channel"):
            await ami.mix_monitor_mute("nobody", True)


async def test_a_line_break_cannot_smuggle_an_action(asterisk: AsteriskBox) -> None:
    async with asyncio.timeout(PATIENCE_S), ami_of(asterisk) as ami:
        with pytest.raises(InvalidInputError):
            await ami.mix_monitor_stop("x\r\nAction: Command\r\nCommand: core stop now")


async def test_many_actions_at_once(asterisk: AsteriskBox) -> None:
    async with asyncio.timeout(PATIENCE_S), ami_of(asterisk) as ami:
        answers = await asyncio.gather(*(ami.action("Ping") for _ in range(100)))
    assert all(answer["ping"] == "Pong" for answer in answers)


async def test_the_next_action_after_a_cut_connects_again(asterisk: AsteriskBox) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        Cable(asterisk.settings.ami_port).laid() as cable,
        ami_of(asterisk, cable.port) as ami,
    ):
        await ami.action("Ping")
        cable.cut()
        answers = 0
        while not answers:
            try:
                answers += (await ami.action("Ping"))["ping"] == "Pong"
            except AmiUnavailableError:
                continue  # the cut may be noticed only by the first action


async def test_who_is_refused_or_finds_nobody_is_told(asterisk: AsteriskBox) -> None:
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(UnavailableError, match="refused"):
            async with Ami("127.0.0.1", asterisk.settings.ami_port, "centralita", "wrong"):
                pass
        with pytest.raises(UnavailableError, match="no connection"):
            async with Ami("127.0.0.1", 9, "centralita", "wrong"):
                pass
