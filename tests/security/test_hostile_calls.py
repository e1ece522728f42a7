"""Fault 33 over SIP: what a caller or a telephone writes where numbers, names and headers go stays a word, or is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from ari_apps.ports import Caller
from ari_apps.telephone import Target
from contact_centre.scripted_caller import Call, CallRefusedError, Line
from tests.asterisk.box import AsteriskBox
from tests.asterisk.calls_rig import CUSTOMER, TIMEOUT_S, Book, Rig, hears_speech, rig_on
from voice_core.errors import CentralitaError, InvalidInputError
from voice_core.interaction import EndReason, Interaction, Stage
from voice_core.ledger import Kind

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(90)]
# Written as a SIP address must have them; Asterisk takes the %-signs out again.
CRLF, NUL, AMP, VARIABLE, UP = (
    "%0d%0aX-Evil%3a%20yes",
    "%00",
    "%26",
    "%24%7bSHELL(id)%7d",
    "..%2f..%2fsecrets",
)
QUOTED = "x%22%3b%20%3csip%3aevil%3e"
HOSTILE_USERS = [
    f"099{CRLF}",
    f"099{NUL}1",
    f"099{AMP}1",
    f"099{VARIABLE}",
    UP,
    QUOTED,
    "9" * 400,
    "-a",
    "%09%20",
]
IN_A_NUMBER = "\r\n\0&;,${}()/\\@\"'<> "


@pytest_asyncio.fixture(loop_scope="session")
async def rig(asterisk: AsteriskBox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_on(asterisk, tmp_path) as running:
        yield running


class RawCaller(asyncio.DatagramProtocol):
    """The trunk, writing its SIP by hand."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answers are not needed: what Asterisk makes of it is looked at inside."""

    def call(self, number: str, from_: str, *headers: str) -> None:
        """An INVITE with this whole From address, and more headers."""
        self._sent += 1
        host, port = self._transport.get_extra_info("sockname")
        sdp = "\r\n".join(
            [
                "v=0",
                f"o=- 1 1 IN IP4 {host}",
                "s=-",
                f"c=IN IP4 {host}",
                "t=0 0",
                "m=audio 40000 RTP/AVP 0",
                "",
            ]
        )
        lines = [
            f"INVITE sip:{number}@{self._server[0]}:{self._server[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bKraw{id(self)}{self._sent};rport",
            f"From: {from_};tag=t{self._sent}",
            f"To: <sip:{number}@{self._server[0]}>",
            f"Call-ID: raw{id(self)}-{self._sent}@{host}",
            "CSeq: 1 INVITE",
            f"Contact: <sip:trunk@{host}:{port}>",
            *headers,
            "Max-Forwards: 70",
            "Content-Type: application/sdp",
            f"Content-Length: {len(sdp)}",
        ]
        self._transport.sendto(("\r\n".join(lines) + "\r\n\r\n" + sdp).encode(), self._server)


@asynccontextmanager
async def raw_caller(rig: Rig) -> AsyncIterator[RawCaller]:
    loop = asyncio.get_running_loop()
    transport, caller = await loop.create_datagram_endpoint(
        lambda: RawCaller(rig.box.server), local_addr=("127.0.0.2", 0)
    )
    try:
        yield caller
    finally:
        transport.close()


@pytest.mark.parametrize("user", HOSTILE_USERS, ids=[f"user{n}" for n, _ in enumerate(HOSTILE_USERS)])
async def test_whatever_the_caller_is_called_is_only_shown(rig: Rig, user: str) -> None:
    """The call is served; the agent's telephone is told digits, and nothing of it becomes a header or a callback."""
    ana = await rig.phone("ana")
    caller = await rig.caller(keys="1", from_number=user)
    rung = await ana.rings(timeout_s=TIMEOUT_S)
    assert rung.header("X-Evil") is None
    assert is_digits(rung.from_number), rung.from_number
    await rung.answer()
    contact = await rig.stage(Stage.TALKING)
    assert "uid=" not in contact.from_address
    assert len(contact.from_address) <= 255
    caller.hang_up()
    await rig.ended(contact.id)
    await rig.nothing_left()


async def test_a_hostile_caller_cannot_be_called_back(rig: Rig) -> None:
    network = await rig.outside()
    caller = await rig.caller(keys="1", from_number=f"0991234567{AMP}PJSIP%2fana")
    contact = await rig.stage(Stage.QUEUED)
    await caller.send_digits("2")
    await rig.until(
        lambda: bool(
            rig.words.after("No podemos devolver la llamada a este número. Siga en la línea, por favor.")
        ),
        "the caller is told",
    )
    assert rig.desk.interaction(contact.id).callback_address is None
    assert not network.calls


async def test_display_names_and_headers_of_the_trunk_reach_no_telephone(rig: Rig) -> None:
    ana = await rig.phone("ana")
    async with raw_caller(rig) as trunk:
        trunk.call(
            "101",
            '"Rosa\\" <sip:evil@evil> ${SHELL(id)} & ; \\\\" <sip:0991112223@127.0.0.2>',
            "X-Evil: yes",
            "X-Centralita-Auto-Answer: yes",
            "Alert-Info: <http://evil.example/ring.wav>;info=alert-autoanswer",
            "Call-Info: <sip:evil>;answer-after=0",
            'P-Asserted-Identity: "x" <sip:0994445556${EXTEN}@evil>',
            "Diversion: <sip:ana@127.0.0.1>",
        )
        contact = await one_contact(rig)
        assert "uid=" not in contact.from_address + contact.contact_name
        await rig.desk.enqueue(contact.id, "soporte") if contact.stage is Stage.FLOW else None
        rung = await ana.rings(timeout_s=TIMEOUT_S)
        for header in ("X-Evil", "X-Centralita-Auto-Answer", "Alert-Info", "Call-Info", "Diversion"):
            assert rung.header(header) is None, header
        assert "evil" not in (rung.header("From") or "")
        assert is_digits(rung.from_number)


async def test_a_name_in_the_address_book_breaks_out_of_no_header(rig: Rig) -> None:
    book = cast("Book", rig.switchboard.exchange.contacts)
    book.known[CUSTOMER] = Caller("c1", 'Rosa"\r\nX-Evil: yes\r\n <sip:evil>;${SHELL(id)}&\0')
    ana = await rig.phone("ana")
    await rig.caller(keys="1")
    rung = await ana.rings(timeout_s=TIMEOUT_S)
    assert rung.header("X-Evil") is None
    assert rung.from_number == CUSTOMER
    assert "evil>" not in (rung.header("From") or "").partition("<")[2]


@pytest.mark.parametrize(
    "number",
    [f"101{AMP}102", f"101{VARIABLE}", UP, f"101{CRLF}", "way-out", "h", "s", "i", "trunk-demo", "1" * 300],
)
async def test_a_trunk_reaches_our_numbers_and_nothing_else(rig: Rig, number: str) -> None:
    line = await rig.stack.enter_async_context(Line("127.0.0.2", server=rig.box.server))
    call = await line.call(number, from_number=CUSTOMER)
    with pytest.raises(CallRefusedError) as refused:
        await call.answered(timeout_s=TIMEOUT_S)
    assert refused.value.status in (404, 484)
    assert not rig.desk.live()


# A NUL ends the number for Asterisk itself: nobody of ours is told of what comes after it, so it is not among these.
DIALLED = [
    f"0991234567{AMP}PJSIP%2fluis",
    f"099{AMP}1234567",
    f"099{VARIABLE}1234567",
    f"0991234567{CRLF}",
    "0991234567%2c1%2cX",
    "0991234567%40evil",
    "0991234567%3bx",
    UP.replace("..", "99.."),
    "99" + "9" * 300,
    "luis",
    "trunk-demo",
]


async def test_a_desk_phone_dials_numbers_and_nothing_else(rig: Rig) -> None:
    """Not even what would be left of it without its strange parts."""
    network, ana = await rig.outside(), await rig.phone("ana")
    luis = await rig.phone("luis")
    for number in DIALLED:
        own = await ana.call(number)
        assert await answer_to(own) in (200, 404, 484), number  # 200: it is told why, in words
        own.hang_up()
        assert not rig.desk.live(), number
    await rig.nothing_left()
    assert not network.calls
    assert not luis.calls
    assert Kind.LINE_OPENED not in [entry.kind for entry in rig.store.ledger]


async def answer_to(call: Call) -> int:
    """The SIP status it is answered with in the end."""
    try:
        await call.answered(timeout_s=TIMEOUT_S)
    except CallRefusedError:
        return call.status
    return 200


async def test_a_refused_number_is_answered_with_words(rig: Rig) -> None:
    ana = await rig.phone("ana")
    own = await ana.call(DIALLED[0])
    await own.answered(timeout_s=TIMEOUT_S)
    await hears_speech(own)
    await own.hung_up(timeout_s=15)
    await rig.nothing_left()


async def test_no_transfer_takes_anything_but_a_number_a_queue_or_a_person(rig: Rig) -> None:
    network = await rig.outside()
    caller, _, rung, contact = await rig.talking()
    for letter in IN_A_NUMBER:
        for number in (f"0991234567{letter}", f"099{letter}1234567", f"099{letter}&PJSIP/luis"):
            if letter in " ()." and number != f"099{letter}&PJSIP/luis":
                continue  # people write these between digits: they are taken out, and it is that number
            for ask in (rig.telephone.transfer, rig.telephone.consult):
                with pytest.raises(InvalidInputError):
                    await ask(contact.id, "ana", Target("number", number))
    for kind in ("agent", "queue"):
        for name in ("../soporte", "soporte&otra", "${x}", "a\0b", "luis\r\nX: y", "luis-sip", ""):
            with pytest.raises(CentralitaError):
                await rig.telephone.transfer(contact.id, "ana", Target(kind, name))  # type: ignore[arg-type]
    for user in (f"099{AMP}1", f"099{VARIABLE}", UP, QUOTED, f"0991234567{AMP}1", f"0991234567{CRLF}"):
        rung.transfer(user)
        assert await rung.transfer_over() >= 400, user
    for digits in ("1\r\nX", "${x}", "1&2", "\0", "../1", "1" * 65):
        with pytest.raises(InvalidInputError):
            await rig.telephone.send_digits(contact.id, "ana", digits)
    await caller.hears(620, within_s=5)
    await rung.hears(440)
    assert not network.calls
    caller.hang_up()
    assert (await rig.ended(contact.id)).end_reason is EndReason.CUSTOMER_HUNG_UP
    await rig.nothing_left()


def is_digits(number: str) -> bool:
    """What a telephone is told of a number, or what Asterisk says where there is none."""
    return number == "anonymous" or set(number) <= set("+0123456789")


async def one_contact(rig: Rig) -> Interaction:
    await rig.until(lambda: len(rig.desk.live()) == 1, "the call came in")
    return rig.desk.live()[0]
