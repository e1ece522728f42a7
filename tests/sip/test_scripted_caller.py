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


class _AnswersTheCancelled(asyncio.DatagramProtocol):
    """A far end whose answer is already on its way when the CANCEL comes (RFC 3261 §9.1)."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self._invite = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = data.decode()
        method = request.split(" ", 1)[0]
        self.asked.put_nowait(method)
        if method == "INVITE":
            self._invite = request
            self._answer(addr, request, "180 Ringing")
        elif method == "CANCEL":
            self._answer(addr, request, "200 OK")
            self._answer(addr, self._invite, "200 OK")
        elif method == "BYE":
            self._answer(addr, request, "200 OK")

    def _answer(self, addr: tuple[str, int], request: str, status: str) -> None:
        kept = ("Via:", "From:", "To:", "Call-ID:", "CSeq:")
        lines = [line for line in request.splitlines() if line.startswith(kept)]
        lines = [
            line + ";tag=far" if line.startswith("To:") and "tag=" not in line else line for line in lines
        ]
        head = [f"SIP/2.0 {status}", *lines, "Contact: <sip:far@127.0.0.1>", "Content-Length: 0", "", ""]
        self._transport.sendto("\r\n".join(head).encode(), addr)


async def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() -> None:
    loop = asyncio.get_running_loop()
    transport, far = await loop.create_datagram_endpoint(_AnswersTheCancelled, local_addr=("127.0.0.1", 0))
    try:
        async with Line(TRUNK, server=transport.get_extra_info("sockname")[:2]) as line:
            call = await line.call("600")
            await call.reached()
            call.hang_up()
            async with asyncio.timeout(5):
                asked = [await far.asked.get() for _ in range(4)]
        assert asked == ["INVITE", "CANCEL", "ACK", "BYE"]
    finally:
        transport.close()
