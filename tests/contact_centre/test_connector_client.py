"""A system asked over real HTTP: one that is well, slow, broken, redirecting, huge, wrong, gone."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time

import pytest
from aiohttp import ThreadedResolver, web
from aiohttp.abc import ResolveResult

from contact_centre.connectors.description import Description
from contact_centre.connectors.guard import AT_ONCE
from ivr_flows.inputs import Answered, NotFound, Unavailable
from tests.contact_centre.systems import (
    BALANCE,
    asking,
    balance_from,
    description_of,
    hangs,
    says,
    says_raw,
    serving,
    shelf_of,
)

SHORT = """
base: {base}
allow: [127.0.0.1]
operations: {{a: {{get: /a, example: {{}}}}}}
"""
BUSY_S = 2.0  # what a machine busy with other tests may add
WELL = says({"balance": 12.5, "due": "2026-12-10", "more": [1, 2]})


async def test_a_system_that_is_well() -> None:
    async with serving(WELL) as server, balance_from(server) as system:
        assert await system.ask("saldo", contrato="1001") == Answered({"saldo": 12.5, "vence": "2026-12-10"})
        assert server.seen[0].raw_path == "/api/cuentas/1001/saldo"
        assert "Idempotency-Key" not in server.seen[0].headers
        assert system.observed == [("sistema", "answered")]


async def test_what_does_not_exist() -> None:
    async with serving(says({}, 404)) as server, balance_from(server) as system:
        assert await system.ask("saldo", contrato="7") == NotFound()
        assert len(server.seen) == 1


async def test_an_answer_that_does_not_come_costs_its_time_and_no_more() -> None:
    async with serving(hangs) as server, balance_from(server, timeout_s="0.2", retries="2") as system:
        begun = time.monotonic()
        assert await system.ask("saldo", contrato="1") == Unavailable(
            "timeout", {"es": "No responde.", "en": "It is down."}
        )
        took_s = time.monotonic() - begun
        assert 0.2 <= took_s < 0.2 * 3 + BUSY_S
        assert 1 < len(server.seen) <= 3


async def test_a_name_that_is_never_resolved_and_a_crowd_cost_no_more_than_their_time() -> None:
    class Silent(ThreadedResolver):
        async def resolve(self, *_: object, **__: object) -> list[ResolveResult]:
            await asyncio.Event().wait()
            raise AssertionError("nobody sets it")

    text = BALANCE.format(base="http://sistema.example").replace("[127.0.0.1]", "[sistema.example]")
    text = text.replace("timeout_s: 5", "timeout_s: 0.3")
    async with asking(description_of(text), resolver=Silent()) as system:
        begun = time.monotonic()
        assert isinstance(await system.ask("saldo", contrato="1"), Unavailable)
        assert time.monotonic() - begun < 0.3 * 3 + BUSY_S
    async with serving(hangs) as server, balance_from(server, timeout_s="0.3", retries="0") as system:
        begun = time.monotonic()
        crowd = [system.ask("saldo", contrato=str(number)) for number in range(15 * AT_ONCE)]
        answers = await asyncio.gather(*crowd)
        assert time.monotonic() - begun < 0.3 + BUSY_S  # one after the other, 4.5 s
        assert {answer.reason for answer in answers if isinstance(answer, Unavailable)} == {"timeout"}
        assert len(answers) == 15 * AT_ONCE


async def test_no_more_are_asked_at_once_than_a_system_should_bear() -> None:
    asked, most, full, gate = 0, 0, asyncio.Event(), asyncio.Event()

    async def gated(_: web.Request) -> web.Response:
        nonlocal asked, most
        asked += 1
        most = max(most, asked)
        if asked == AT_ONCE:
            full.set()
        await gate.wait()
        asked -= 1
        return web.json_response({"balance": 12.5, "due": "2026-12-10"})

    async with serving(gated) as server, balance_from(server) as system:
        crowd = asyncio.gather(*(system.ask("saldo", contrato=str(number)) for number in range(3 * AT_ONCE)))
        await full.wait()
        gate.set()
        assert {type(answer) for answer in await crowd} == {Answered}
        assert most == AT_ONCE
        assert len(server.seen) == 3 * AT_ONCE


async def test_an_answer_that_comes_drop_by_drop_is_bounded_too() -> None:
    async def drips(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    async with serving(drips) as server, balance_from(server, timeout_s="0.2", retries="0") as system:
        begun = time.monotonic()
        assert isinstance(await system.ask("saldo", contrato="1"), Unavailable)
        assert time.monotonic() - begun < 0.2 + BUSY_S


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_failure_that_may_pass_is_asked_about_again(status: int) -> None:
    async with serving(says({}, status), WELL) as server, balance_from(server, timeout_s="2") as system:
        assert isinstance(await system.ask("saldo", contrato="1"), Answered)
        assert len(server.seen) == 2


async def test_what_changes_something_is_sent_once_unless_it_may_be_repeated() -> None:
    failing = says({}, 503)
    async with serving(failing) as server, balance_from(server, timeout_s="2") as system:
        assert await system.ask("pagar", contrato="1", monto="5") == Unavailable(
            "failing", {"es": "No responde.", "en": "It is down."}
        )
        assert len(server.seen) == 1
        assert json.loads(server.bodies[0]) == {"contrato": "1", "monto": "5"}
    async with serving(failing, says({"number": 7})) as server, balance_from(server, timeout_s="2") as system:
        assert await system.ask("registrar", contrato="1", key="una-vez") == Answered({"numero": 7})
        assert [request.headers["Idempotency-Key"] for request in server.seen] == ["una-vez", "una-vez"]


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
async def test_what_changes_something_is_sent_once_also_when_the_connection_breaks(method: str) -> None:
    async def breaks(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    text = (
        "base: {base}\nallow: [127.0.0.1]\nretries: 2\noperations: {{a: {{{method}: /a, example: {{}}}}}}\n"
    )
    async with serving(breaks) as server:
        async with asking(description_of(text.format(base=server.url, method=method))) as system:
            answer = await system.ask("a")
            assert isinstance(answer, Unavailable)
            assert answer.reason == "unreachable"
        assert len(server.seen) == 1
    async with serving(breaks, WELL) as server, balance_from(server, timeout_s="2") as system:
        assert isinstance(await system.ask("saldo", contrato="1"), Answered)
        assert len(server.seen) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 422])
async def test_a_refusal_is_not_asked_about_again_and_rests_nobody(status: int) -> None:
    async with (
        serving(says({}, status)) as server,
        balance_from(server, breaker="{failures: 1, rest_s: 60}") as system,
    ):
        for _ in range(3):
            answer = await system.ask("saldo", contrato="1")
            assert isinstance(answer, Unavailable)
            assert answer.reason == "refused"
        assert len(server.seen) == 3


async def test_a_redirection_is_not_followed() -> None:
    async with serving(WELL) as elsewhere:

        async def moved(_: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": elsewhere.url})

        async with serving(moved) as server, balance_from(server) as system:
            answer = await system.ask("saldo", contrato="1")
            assert isinstance(answer, Unavailable)
            assert answer.reason == "redirected"
            assert elsewhere.seen == []


BAD_ANSWERS = {
    "no JSON": says_raw(b"<html>Bienvenido</html>"),
    "half": says_raw(b'{"balance": 12'),
    "not a number": says_raw(b'{"balance": NaN}'),
    "infinite": says_raw(b'{"balance": Infinity}'),
    "too great": says({"balance": 10**40}),
    "not UTF-8": says_raw(b'{"balance": "\xff\xfe"}'),
    "nested": says_raw(b"[" * 100_000),
    "deep": says_raw(b'{"balance": ' + b"[" * 500 + b"]" * 500 + b"}"),
    "many": says({"balance": 1, "more": list(range(20_000))}),
    "a list where a value is wanted": says({"balance": [1, 2]}),
    "a mapping where a value is wanted": says({"balance": {"a": 1}}),
    "a text nobody would hear out": says({"balance": "a" * 5_000}),
    "compressed": says_raw(gzip.compress(b'{"balance": 1}'), Content_Encoding="gzip"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_an_answer_that_cannot_be_used(name: str) -> None:
    async with serving(BAD_ANSWERS[name]) as server, balance_from(server) as system:
        answer = await system.ask("saldo", contrato="1")
        assert isinstance(answer, Unavailable)
        assert answer.reason == "bad_answer"
        assert len(server.seen) == 1


async def test_a_huge_answer_is_left_off() -> None:
    sent = 0

    async def huge(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)
            sent += 65_536

    async with serving(huge) as server, balance_from(server, timeout_s="5") as system:
        answer = await system.ask("saldo", contrato="1")
        assert isinstance(answer, Unavailable)
        assert answer.reason == "too_large"
    assert sent < 20_000_000


async def test_words_in_an_answer_are_short_and_sayable() -> None:
    async with (
        serving(says({"balance": "a\x00b\n" * 900, "due": "{{ caller }}"})) as server,
        balance_from(server) as system,
    ):
        answer = await system.ask("saldo", contrato="1")
        assert isinstance(answer, Answered)
        assert len(str(answer.values["saldo"])) <= 500
        assert str(answer.values["saldo"]).startswith("a b a b")
        assert answer.values["vence"] == "{{ caller }}"


async def test_nobody_there_and_something_that_is_no_web_server() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        text = SHORT.format(base=f"http://127.0.0.1:{taken.getsockname()[1]}")
    async with asking(description_of(text)) as system:
        answer = await system.ask("a")
        assert isinstance(answer, Unavailable)
        assert answer.reason == "unreachable"

    async def grunts(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(grunts, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        text = SHORT.format(base=f"http://127.0.0.1:{port}")
        async with asking(description_of(text)) as system:
            answer = await system.ask("a")
            assert isinstance(answer, Unavailable)
            assert answer.reason == "unreachable"


async def test_a_system_that_fails_and_fails_is_left_alone_and_tried_again_later() -> None:
    plan = [says({}, 500)] * 2 + [WELL]
    async with (
        serving(*plan) as server,
        balance_from(server, retries="0", breaker="{failures: 2, rest_s: 2}") as system,
    ):
        for reason in ("failing", "failing", "resting", "resting"):
            answer = await system.ask("saldo", contrato="1")
            assert isinstance(answer, Unavailable)
            assert answer.reason == reason
        assert len(server.seen) == 2
        async with asyncio.timeout(5):
            while not isinstance(await system.ask("saldo", contrato="1"), Answered):
                await asyncio.sleep(0.05)  # it rests by the clock
        assert len(server.seen) == 3
        assert isinstance(await system.ask("saldo", contrato="1"), Answered)


async def test_a_caller_who_hangs_up_meanwhile_neither_breaks_nor_blocks_it() -> None:
    async with (
        serving(hangs, WELL) as server,
        balance_from(server, timeout_s="5", breaker="{failures: 1, rest_s: 60}") as system,
    ):
        asked = asyncio.create_task(system.ask("saldo", contrato="1"))
        await server.came.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert isinstance(await system.ask("saldo", contrato="1"), Answered)


async def test_an_answer_is_given_again_while_it_is_fresh() -> None:
    async with serving(WELL, says({"balance": 1})) as server:
        text = f"""
        base: {server.url}
        allow: [127.0.0.1]
        operations:
          saldo:
            get: /saldo
            arguments: [contrato]
            cache_s: 2
            result: {{saldo: "{{{{ answer.balance }}}}"}}
            example: {{answer: {{balance: 1}}}}
        """
        async with asking(description_of(text)) as system:
            first = [await system.ask("saldo", contrato="1") for _ in range(3)]
            assert first == [Answered({"saldo": 12.5})] * 3
            assert len(server.seen) == 1
            assert await system.ask("saldo", contrato="2") == Answered({"saldo": 1})
            assert await system.ask("saldo", contrato="1", secrets=frozenset({"contrato"})) == Answered(
                {"saldo": 1}
            )
            async with asyncio.timeout(5):
                while await system.ask("saldo", contrato="1") != Answered({"saldo": 1}):
                    await asyncio.sleep(0.05)  # it is fresh by the clock


@pytest.mark.parametrize(
    "value", ["", ".", "..", "../../admin", "a/../../b", "..\\x", "x" * 201, "a\r\nHost: x", "\x00"]
)
async def test_an_argument_cannot_climb_out_of_its_place_in_the_path(value: str) -> None:
    async with serving(WELL) as server, balance_from(server) as system:
        answer = await system.ask("saldo", contrato=value)
        assert isinstance(answer, Unavailable)
        assert answer.reason == "bad_argument"
        assert server.seen == []


async def test_other_odd_arguments_arrive_as_they_are() -> None:
    async with serving(WELL) as server, balance_from(server) as system:
        for value in ("a/b", "a?b=c#d", "ñandú é", "%2e%2e", "a&b;c"):
            await system.ask("saldo", contrato=value)
            request = server.seen[-1]
            assert request.raw_path.count("/") == 4
            assert request.url.raw_parts[3] != ".."
            assert request.path == f"/api/cuentas/{value}/saldo"


@pytest.mark.parametrize(
    ("authentication", "header", "value"),
    [
        ("{kind: bearer, secret: clave}", "Authorization", "Bearer s3creto"),
        ("{kind: basic, user: yo, secret: clave}", "Authorization", "Basic eW86czNjcmV0bw=="),
        ("{kind: header, header: X-Api-Key, secret: clave}", "X-Api-Key", "s3creto"),
    ],
)
async def test_authentication(
    authentication: str, header: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(says({}, 401)) as server:
        text = SHORT.format(base=server.url) + f"authentication: {authentication}\n"
        described = described_in_spite_of_a_warning(text)
        async with asking(described, secrets={"clave": "s3creto"}) as system:
            await system.ask("a")
            assert server.seen[0].headers[header] == value
        async with asking(described, secrets={}) as system:
            answer = await system.ask("a")
            assert isinstance(answer, Unavailable)
            assert answer.reason == "no_secret"
        assert len(server.seen) == 1
    assert "s3creto" not in capsys.readouterr().err


def described_in_spite_of_a_warning(text: str) -> Description:
    """Plain HTTP is fine on loopback, and warned about."""
    shelf = shelf_of(text)
    assert [problem.code for problem in shelf.problems] == ["plain_http"]
    return shelf.descriptions["sistema"]


async def test_secrets_of_the_caller_are_in_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    async def repeats(request: web.Request) -> web.Response:
        return web.json_response({"balance": [request.path]}, status=200)

    for respond in (repeats, says({}, 500), hangs):
        async with serving(respond) as server, balance_from(server, timeout_s="0.2") as system:
            answer = await system.ask("saldo", contrato="4444333322221111", secrets=frozenset({"contrato"}))
            assert isinstance(answer, Unavailable)
            assert "4444333322221111" not in repr(answer)
    told = capsys.readouterr()
    assert "connector_failed" in told.out + told.err
    assert "4444333322221111" not in told.out + told.err


SOAP = """
base: {base}
allow: [127.0.0.1]
retries: 0
operations:
  saldo:
    soap:
      path: /ws
      action: urn:saldo
      version: "{version}"
      body: "<q:saldo xmlns:q='urn:q'><q:tel>{{{{ tel }}}}</q:tel></q:saldo>"
    arguments: [tel]
    reads: true
    result: {{saldo: "{{{{ answer.saldo|float }}}}", tipo: "{{{{ answer.tipo }}}}"}}
    not_found: "{{{{ answer.fault.faultcode == 'q:NoExiste' }}}}"
    example: {{answer: {{saldo: 1}}}}
"""


def envelope(inside: str) -> bytes:
    return (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/>'
        f"<s:Body>{inside}</s:Body></s:Envelope>"
    ).encode()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_a_system_that_speaks_soap(version: str) -> None:
    body = envelope(
        "<r:saldoResponse xmlns:r='urn:r'><r:saldo>45.20</r:saldo><r:tipo>bueno &amp; fiel</r:tipo></r:saldoResponse>"
    )
    async with (
        serving(says_raw(body)) as server,
        asking(description_of(SOAP.format(base=server.url, version=version))) as system,
    ):
        assert await system.ask("saldo", tel="</q:tel><x/>&\"'") == Answered(
            {"saldo": 45.2, "tipo": "bueno & fiel"}
        )
        request, sent = server.seen[0], server.bodies[0].decode()
        assert "<x/>" not in sent
        assert "&lt;/q:tel&gt;&lt;x/&gt;&amp;" in sent
        if version == "1.1":
            assert request.headers["SOAPAction"] == '"urn:saldo"'
        else:
            assert 'action="urn:saldo"' in request.headers["Content-Type"]


async def test_faults_of_soap() -> None:
    unknown = envelope("<s:Fault><faultcode>q:NoExiste</faultcode><faultstring>no</faultstring></s:Fault>")
    broken = envelope(
        "<s:Fault><faultcode>s:Server</faultcode><faultstring>Oracle 42</faultstring></s:Fault>"
    )
    for body, status, expected in (
        (unknown, 500, NotFound()),
        (broken, 500, "failing"),
        (broken, 200, "refused"),
    ):
        async with (
            serving(says_raw(body, status)) as server,
            asking(description_of(SOAP.format(base=server.url, version="1.1"))) as system,
        ):
            answer = await system.ask("saldo", tel="1")
            assert (answer.reason if isinstance(answer, Unavailable) else answer) == expected


LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<Envelope><Body><r><saldo>&b;</saldo></r></Body></Envelope>"
)
OUTSIDE = b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><Envelope><Body><r><saldo>1</saldo><tipo>&a;</tipo></r></Body></Envelope>'
ONLY_TYPE = (
    b'<!DOCTYPE l SYSTEM "http://127.0.0.1:1/x.dtd"><Envelope><Body><r><saldo>1</saldo></r></Body></Envelope>'
)
BAD_XML = {
    "laughs": LAUGHS,
    "a file of ours": OUTSIDE,
    "a document type": ONLY_TYPE,
    "deep": envelope("<r>" + "<a>" * 5_000 + "</a>" * 5_000 + "</r>"),
    "many": envelope("<r>" + "<a/>" * 20_000 + "</r>"),
    "half": envelope("<r><saldo>1")[:-30],
    "no envelope": b"<html><body>Bienvenido</body></html>",
    "an empty body": envelope(""),
    "nothing": b"",
    "no XML": b"\x00\x01",
    "a strange encoding": b'<?xml version="1.0" encoding="nonsense"?><a/>',
}


@pytest.mark.parametrize("name", BAD_XML)
async def test_xml_that_is_refused(name: str) -> None:
    async with (
        serving(says_raw(BAD_XML[name])) as server,
        asking(description_of(SOAP.format(base=server.url, version="1.1"))) as system,
    ):
        answer = await system.ask("saldo", tel="1")
        assert isinstance(answer, Unavailable)
        assert answer.reason == "bad_answer"


async def test_what_nobody_described_is_unavailable() -> None:
    async with serving(WELL) as server, balance_from(server) as system:
        answer = await system.ask("nada")
        assert isinstance(answer, Unavailable)
        assert answer.reason == "unknown_operation"
