"""The scripted caller against a real Asterisk: it must be trustworthy before anything is measured with it."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from contact_centre.scripted_caller import CallRefusedError, CallTimeoutError, Line, RegistrationError, Sound
from contact_centre.scripted_caller.hearing import has_tone, tone_share
from tests.sip.asterisk_box import PASSWORD, Box, free_udp_port

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]

TRUNK = "127.0.0.2"
PHONE = "127.0.0.1"


async def test_hears_its_own_tone_from_an_echo_and_no_other(box: Box) -> None:
    async with Line(TRUNK, server=box.server) as line:
        call = await line.call("600", from_number="59322222222")
        await call.answered()
        call.play_tone(440)
        await call.hears(440)
        heard = await call.listen(1.0)
        assert tone_share(heard, 440) > 0.95
        assert not has_tone(heard, 620)


@pytest.mark.parametrize(("key", "answer"), [("1", 440), ("2", 620), ("#", 620)])
async def test_keys_arrive(box: Box, key: str, answer: float) -> None:
    async with Line(TRUNK, server=box.server) as line:
        call = await line.call("601")
        await call.answered()
        await call.send_digits(key)
        await call.hears(answer, within_s=8)


async def test_tells_speech_from_silence(box: Box) -> None:
    async with Line(TRUNK, server=box.server) as line:
        call = await line.call("602")
        await call.answered()
        assert await call.hears_sound(Sound.SPEECH, within_s=10) is Sound.SPEECH


async def test_tells_music(box: Box) -> None:
    async with Line(TRUNK, server=box.server) as line:
        call = await line.call("603")
        await call.answered()
        assert await call.hears_sound(Sound.MUSIC, within_s=10) is Sound.MUSIC


@pytest.mark.parametrize(("number", "status"), [("604", 486), ("999", 404)])
async def test_a_refused_call_says_why(box: Box, number: str, status: int) -> None:
    async with Line(TRUNK, server=box.server) as line:
        call = await line.call(number)
        with pytest.raises(CallRefusedError) as refusal:
            await call.answered()
        assert refusal.value.status == status


async def test_notices_that_the_other_side_hung_up(box: Box) -> None:
    async with Line(TRUNK, server=box.server) as line:
        call = await line.call("606")
        await call.answered()
        await call.hung_up()
        assert call.ended_by_them
        assert line.calls == []


async def test_nobody_listening_is_a_timeout_not_a_hang() -> None:
    async with Line(TRUNK, server=("127.0.0.1", free_udp_port())) as line:
        call = await line.call("600")
        with pytest.raises(CallTimeoutError):
            await call.answered(timeout_s=0.3)


async def test_a_wrong_secret_does_not_register(box: Box) -> None:
    async with Line(PHONE, server=box.server) as phone:
        with pytest.raises(RegistrationError):
            await phone.register("uno", "wrong")


async def test_phone_answers_and_sound_goes_both_ways(box: Box) -> None:
    async with Line(TRUNK, server=box.server) as line, Line(PHONE, server=box.server) as phone:
        await phone.register("uno", PASSWORD)
        call = await line.call("605", from_number="59322222222")
        rung = await phone.rings()
        assert rung.from_number == "59322222222"
        await call.ringing()
        await rung.answer()
        await call.answered()
        rung.play_tone(440)
        call.play_tone(620)
        await asyncio.gather(call.hears(440), rung.hears(620))
        rung.hang_up()
        await call.hung_up()


async def test_phone_refuses(box: Box) -> None:
    async with Line(TRUNK, server=box.server) as line, Line(PHONE, server=box.server) as phone:
        await phone.register("uno", PASSWORD)
        call = await line.call("605")
        (await phone.rings()).refuse(486)
        with pytest.raises(CallRefusedError):
            await call.answered()


async def test_caller_gives_up_while_it_rings(box: Box) -> None:
    async with Line(TRUNK, server=box.server) as line, Line(PHONE, server=box.server) as phone:
        await phone.register("uno", PASSWORD)
        call = await line.call("605")
        rung = await phone.rings()
        call.hang_up()
        await rung.hung_up()
        assert rung.ended_by_them


class _AnswersTooLate(asyncio.DatagramProtocol):
    """A far end whose 200 crosses our CANCEL on the wire."""

    def __init__(self) -> None:
        self.invite = ""
        self.heard: asyncio.Queue[str] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        method = data.decode().partition(" ")[0]
        if method == "INVITE":
            self.invite = data.decode()
            self.transport.sendto(self._says("180 Ringing"), addr)
        elif method == "CANCEL":
            self.transport.sendto(self._says("200 OK"), addr)
        self.heard.put_nowait(method)

    def _says(self, status: str) -> bytes:
        kept = [
            line + (";tag=them" if line.startswith("To:") else "")
            for line in self.invite.splitlines()
            if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))
        ]
        contact = "Contact: <sip:600@127.0.0.1>"
        return "\r\n".join([f"SIP/2.0 {status}", *kept, contact, "Content-Length: 0", "", ""]).encode()


async def test_an_answer_that_crosses_our_hang_up_is_ended() -> None:
    """Otherwise the exchange would believe in a conversation until its own timer ends it."""
    loop = asyncio.get_running_loop()
    transport, far = await loop.create_datagram_endpoint(_AnswersTooLate, local_addr=("127.0.0.1", 0))
    try:
        async with Line(TRUNK, server=transport.get_extra_info("sockname")) as line:
            call = await line.call("600")
            await call.ringing()
            call.hang_up()
            async with asyncio.timeout(5):
                methods = [await far.heard.get() for _ in range(4)]
        assert methods == ["INVITE", "CANCEL", "ACK", "BYE"]
    finally:
        transport.close()
