"""The panel by HTTPS: a certificate of its own, renewed while it runs; behind a proxy that is believed, and one that is not."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import make_mocked_request

from contact_centre.access.throttle import PAIR_LIMIT
from contact_centre.sentences import sentence
from contact_centre.web import tls
from contact_centre.web.app import Server
from contact_centre.web.screens import build_screens
from contact_centre.web.site import Site
from contact_centre.web.tls import Certificate, CertificateError, read_pair
from tests.certificates import NAME, Authority, Issued
from tests.contact_centre.house import PASSWORD, WORD, CentreHouse, sip_server
from tests.contact_centre.test_forwarding import front, held_by
from tests.instance import free_ports
from tests.reverse_proxy import reverse_proxy
from voice_core.clock import SystemClock

PROXY, ANA, LUIS = "127.0.0.4", "127.0.0.5", "127.0.0.6"  # where each of them asks from
LIE = "203.0.113.9"
EVENTS, SOFTPHONE = "/events", "/softphone/ws"


@dataclass
class Person:
    """A browser: it looks at the certificate, keeps cookies as browsers do, and knows where the name lives."""

    http: aiohttp.ClientSession
    origin: str
    csrf: str = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Origin": self.origin, "X-CSRF-Token": self.csrf} | headers
        more = {} if body is None else {"json": body}
        return self.http.request(method, f"{self.origin}/api/v1{path}", headers=sent, **more)

    async def sign_in(
        self, username: str, password: str = PASSWORD, **headers: str
    ) -> aiohttp.ClientResponse:
        body = {"username": username, "password": password}
        async with self.ask("POST", "/session", body, **headers) as answer:
            said = await answer.json()
            self.csrf = said.get("csrf", "")
            return answer  # type: ignore[no-any-return]

    async def opens(self, path: str, origin: str | None = None) -> None:
        """Raises WSServerHandshakeError."""
        protocols = ("sip",) if path == SOFTPHONE else ()
        url, headers = f"{self.origin}/api/v1{path}", {"Origin": origin or self.origin}
        async with self.http.ws_connect(url, protocols=protocols, headers=headers) as socket:
            if path == SOFTPHONE:
                await socket.send_str("REGISTER")
            assert await socket.receive_str(timeout=5)


class Here(AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        here = ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)
        return [here]

    async def close(self) -> None:
        return None


@asynccontextmanager
async def person(authority: Authority, origin: str, address: str = ANA) -> AsyncIterator[Person]:
    connector = aiohttp.TCPConnector(ssl=authority.client(), resolver=Here(), local_addr=(address, 0))
    jar, limit = aiohttp.CookieJar(unsafe=True), aiohttp.ClientTimeout(total=15)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, timeout=limit) as http:
        yield Person(http, origin)


def an_origin() -> tuple[str, int]:
    (port,) = free_ports(1)
    return f"https://{NAME}:{port}", port


@asynccontextmanager
async def served(
    house: CentreHouse, site: Site, port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    async with sip_server() as url:
        app = build_screens(replace(house.parts, softphone_url=lambda: url, site=site))
        async with Server(app, "127.0.0.1", port, tls):
            yield


@asynccontextmanager
async def behind_a_proxy(house: CentreHouse, issued: Issued, trusted: str) -> AsyncIterator[tuple[str, str]]:
    """The public origin, and the one behind it; the proxy asks from PROXY."""
    origin, port = an_origin()
    (inside,) = free_ports(1)
    site = Site(public_url=origin, proxies=(ipaddress.ip_network(trusted),), word=WORD)
    proxy = reverse_proxy(f"http://127.0.0.1:{inside}", port, issued.server(), address=PROXY)
    async with served(house, site, inside), proxy:
        yield origin, f"http://127.0.0.1:{inside}"


async def noted(house: CentreHouse, action: str) -> list[str]:
    entries, _ = await house.parts.audit.page(1, 50)
    return [each.address for each in reversed(entries) if each.action == action]


async def refused(person: Person, origin: str) -> None:
    """Neither a socket nor a change."""
    for path in (EVENTS, SOFTPHONE):
        with pytest.raises(aiohttp.WSServerHandshakeError) as handshake:
            await person.opens(path, origin)
        assert handshake.value.status == 403, origin
    async with person.ask("PUT", "/me/state", {"state": "available"}, Origin=origin) as answer:
        assert (await answer.json())["error"]["code"] == "forged_request", origin


async def test_with_a_certificate_of_its_own(
    house: CentreHouse, authority: Authority, issued: Issued
) -> None:
    origin, port = an_origin()
    certificate = Certificate(issued.certificate, issued.key, SystemClock())
    async with (
        served(house, Site(public_url=origin), port, certificate.context),
        person(authority, origin) as ana,
        person(authority, f"https://localhost:{port}") as near,
    ):
        answer = await ana.sign_in("ana")
        assert answer.status == 200
        cookie = answer.headers["Set-Cookie"]
        assert {"Secure", "HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        await ana.opens(EVENTS)
        await ana.opens(SOFTPHONE)
        for foreign in ("https://evil.example", f"http://{NAME}:{port}", f"https://{NAME}", "null"):
            await refused(ana, foreign)
        async with ana.ask("PUT", "/me/state", {"state": "available"}) as answer:
            assert answer.status == 200
        # On the machine itself, by its loopback name; nothing is promised to browsers for that one.
        answer = await near.sign_in("luis")
        assert (answer.status, answer.headers.get("Strict-Transport-Security")) == (200, None)
        await near.opens(SOFTPHONE)
        with pytest.raises(aiohttp.ClientError):
            async with ana.http.get(f"http://{NAME}:{port}/"):
                pass


async def test_a_renewed_certificate_is_taken_up_and_a_broken_one_is_not(
    authority: Authority, issued: Issued, house: CentreHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "LOOK_EVERY_S", 0.02)
    origin, port = an_origin()
    files = (tmp_path / "fullchain.pem", tmp_path / "privkey.pem")
    issued.put(*files)
    certificate = Certificate(*files, SystemClock())

    async def shown() -> str:
        _reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=authority.client(), server_hostname=NAME
        )
        subject = dict(pair for ((pair),) in writer.get_extra_info("peercert")["subject"])
        writer.close()
        return str(subject["commonName"])

    async with (
        served(house, Site(public_url=origin), port, certificate.context),
        person(authority, origin) as ana,
    ):
        await ana.sign_in("ana")
        assert await shown() == "first"
        renewed = authority.issue("renewed")
        files[0].write_bytes(renewed.certificate.read_bytes())  # certbot is between its two files
        await certificate.look()
        assert await shown() == "first"
        for broken in (b"", b"no PEM"):
            files[1].write_bytes(broken)
            await certificate.look()
            assert await shown() == "first"
        looking = asyncio.create_task(certificate.run())
        renewed.put(*files)
        async with asyncio.timeout(10):
            while await shown() != "renewed":
                await asyncio.sleep(0)
        again = authority.issue("renewed again")
        again.put(*files)  # the loop goes on looking
        async with asyncio.timeout(10):
            while await shown() != "renewed again":
                await asyncio.sleep(0)
        looking.cancel()
        await ana.opens(EVENTS)  # whoever is signed in notices nothing


async def test_behind_a_proxy_that_is_believed(
    house: CentreHouse, authority: Authority, issued: Issued
) -> None:
    async with (
        behind_a_proxy(house, issued, f"{PROXY}/32") as (origin, inside),
        person(authority, origin) as ana,
        person(authority, origin, LUIS) as luis,
        person(authority, inside, PROXY) as near,
    ):
        answer = await ana.sign_in(
            "ana", **{"X-Forwarded-For": LIE}
        )  # what she says stands before what it heard
        assert answer.status == 200
        assert "Secure" in answer.headers["Set-Cookie"]
        assert "Strict-Transport-Security" in answer.headers
        await ana.opens(EVENTS)
        await ana.opens(SOFTPHONE)
        for foreign in ("https://evil.example", origin.replace("https", "http"), "http://127.0.0.1"):
            await refused(ana, foreign)
        assert await noted(house, "session.opened") == [ANA]
        # Somebody on the proxy's own machine, beside it.
        assert (await near.sign_in("diego")).status == 200
        await near.opens(EVENTS)
        assert (await noted(house, "session.opened"))[-1] == PROXY
        # One guesses; the other, behind the same proxy, is not shut out.
        for _ in range(PAIR_LIMIT):
            assert (await ana.sign_in("luis", "wrong-password")).status == 401
        assert (await ana.sign_in("luis")).status == 429
        assert (await luis.sign_in("luis")).status == 200
        async with ana.http.get(f"{origin}/metrics") as metrics:
            assert metrics.status == 404


async def test_who_is_not_believed_changes_nothing(
    house: CentreHouse, authority: Authority, issued: Issued
) -> None:
    async with behind_a_proxy(house, issued, "192.0.2.0/24") as (origin, _), person(authority, origin) as ana:
        for guess in range(PAIR_LIMIT):  # another invented address each time
            lie = {
                "X-Forwarded-For": f"203.0.113.{guess}",
                "X-Centralita-For": LIE,
                "Forwarded": f"for={LIE}",
            }
            assert (await ana.sign_in("ana", "wrong-password", **lie)).status == 401
        assert (await ana.sign_in("ana", **{"X-Forwarded-For": LIE})).status == 429
        assert set(await noted(house, "session.refused")) == {PROXY}
        async with ana.http.get(f"{origin}/metrics") as metrics:
            assert metrics.status == 404


async def test_through_a_web_behind_a_proxy_the_controller_hears_of_the_person(
    house: CentreHouse, authority: Authority, issued: Issued, tmp_path: Path
) -> None:
    await held_by(house, str(house.server.make_url("/")))
    origin, port = an_origin()
    settings = {"public_url": origin, "trusted_proxies": PROXY}
    async with front(house, tmp_path, **settings) as web:
        proxy = reverse_proxy(str(web.make_url("")), port, issued.server(), address=PROXY)
        async with proxy, person(authority, origin) as sofia:
            assert (await sofia.sign_in("sofia")).status == 200
            await sofia.opens(EVENTS)
            await refused(sofia, "https://evil.example")
            async with sofia.ask("PUT", "/agents/ana/state", {"state": "offline"}) as answer:
                assert answer.status == 200
    assert await noted(house, "session.opened") == [ANA]
    assert await noted(house, "agent.state_forced") == [ANA]


PUBLIC = Site(
    names=frozenset({"192.0.2.1"}),
    public_url=f"https://{NAME}",
    proxies=(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/64")),
    word=WORD,
)


def reached(site: Site, peer: str, host: str = NAME, **headers: str) -> tuple[str, bool, bool]:
    """(address, secure, exposed)"""

    class Line:
        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return (peer, 4711) if name == "peername" else default

    sent = {"Host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    found = site.reached(make_mocked_request("GET", "/", headers=sent, transport=Line()))
    return found.address, found.secure, found.exposed


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("10.0.0.1", {"X_Forwarded_For": "198.51.100.7"}, ("198.51.100.7", True, False)),
        ("10.0.0.1", {"X_Forwarded_For": "1.1.1.1, 198.51.100.7, 10.0.0.2"}, ("198.51.100.7", True, False)),
        ("10.0.0.1", {"X_Forwarded_For": "198.51.100.7:4711"}, ("198.51.100.7", True, False)),
        ("2001:db8::1", {"X_Forwarded_For": "[2001:db8:1::9]:4711"}, ("2001:db8:1::9", True, False)),
        ("::ffff:10.0.0.1", {"X_Forwarded_For": "198.51.100.7"}, ("198.51.100.7", True, False)),
        ("10.0.0.1", {"X_Forwarded_For": "198.51.100.7, <script>"}, ("10.0.0.1", True, False)),
        ("10.0.0.1", {"X_Forwarded_For": "1.1.1.1," + "10.0.0.2," * 50}, ("10.0.0.1", True, False)),
        ("10.0.0.1", {}, ("10.0.0.1", True, False)),
        ("10.0.0.1", {"X_Forwarded_Proto": "https, http"}, ("10.0.0.1", False, True)),
        ("127.0.0.1", {"X_Forwarded_Proto": "http"}, ("127.0.0.1", True, False)),
        ("10.0.0.1", {"X_Forwarded_Proto": "HTTPS"}, ("10.0.0.1", True, False)),
        ("192.0.2.7", {"X_Forwarded_For": LIE, "X_Forwarded_Proto": "https"}, ("192.0.2.7", False, True)),
        (
            "192.0.2.7",
            {"X_Centralita_Word": WORD, "X_Centralita_For": "192.0.2.8"},
            ("192.0.2.8", True, False),
        ),
        ("192.0.2.7", {"X_Centralita_Word": "no", "X_Centralita_For": LIE}, ("192.0.2.7", False, True)),
        ("127.0.0.1", {"X_Forwarded_For": LIE}, ("127.0.0.1", True, False)),
    ],
)
def test_whom_it_believes(peer: str, headers: dict[str, str], expected: tuple[str, bool, bool]) -> None:
    assert reached(PUBLIC, peer, **headers) == expected


def test_plain_http_beyond_loopback_is_a_choice() -> None:
    assert reached(replace(PUBLIC, plain_http_allowed=True), "192.0.2.7") == ("192.0.2.7", False, False)
    assert reached(Site(), "192.0.2.7") == ("192.0.2.7", False, False)
    near = replace(PUBLIC, proxies=(ipaddress.ip_network("127.0.0.1"),))
    for site in (PUBLIC, near):
        assert reached(site, "127.0.0.1", "localhost:8080") == ("127.0.0.1", False, False)
    assert reached(near, "127.0.0.1", X_Forwarded_Proto="http") == ("127.0.0.1", False, True)
    assert reached(near, "127.0.0.1", "127.0.0.1:8080", X_Forwarded_For=LIE) == (LIE, True, False)
    assert reached(PUBLIC, "10.0.0.1", "192.0.2.1:8080") == ("10.0.0.1", False, False)  # it asks how we are


@pytest.mark.parametrize(
    ("origin", "host", "secure", "ours"),
    [
        (f"https://{NAME}", NAME, True, True),
        (f"https://{NAME}", "127.0.0.1:8080", False, True),  # a proxy that writes its own Host
        (f"http://{NAME}", NAME, False, False),
        (f"https://{NAME}:8443", f"{NAME}:8443", True, False),
        ("http://localhost:8080", "localhost:8080", False, True),
        ("http://localhost:8081", "localhost:8080", False, False),
        ("http://192.0.2.1:8080", "192.0.2.1:8080", False, True),
        ("https://evil.example", NAME, True, False),
        ("", NAME, True, False),
        ("null", NAME, True, False),
    ],
)
def test_which_pages_are_ours(origin: str, host: str, secure: bool, ours: bool) -> None:
    assert PUBLIC.owns(origin, host, secure=secure) is ours
    assert PUBLIC.serves(host)
    assert not PUBLIC.serves("evil.example")


def test_files_that_will_not_do_say_why(authority: Authority, issued: Issued, tmp_path: Path) -> None:
    other, wild = authority.issue("other"), authority.issue("wild", names="DNS:*.example.ec")
    now = datetime.now(UTC)
    none, empty = tmp_path / "none.pem", tmp_path / "empty.pem"
    empty.write_text("")
    there = (issued.certificate, issued.key)
    for files, named, at, code in (
        ((none, issued.key), none, now, "certificate_unreadable"),
        ((issued.certificate, tmp_path), tmp_path, now, "certificate_unreadable"),
        ((issued.certificate, other.key), other.key, now, "certificate_mismatch"),
        ((empty, issued.key), empty, now, "certificate_broken"),
        ((issued.certificate, authority.locked(issued)), issued.certificate, now, "certificate_broken"),
        (there, issued.certificate, now + timedelta(days=61), "certificate_expired"),
        (there, issued.certificate, now - timedelta(days=1), "certificate_early"),
    ):
        with pytest.raises(CertificateError) as refusal:
            read_pair(*files, at)
        assert refusal.value.code == code
        for language in ("es", "en"):
            assert str(named) in sentence(refusal.value, language)
    assert read_pair(*there, now + timedelta(days=61), expired_too=True).days_left(now) == 59  # at the start
    pair = read_pair(*there, now)
    assert pair.days_left(now) == 59
    assert pair.covers(NAME.upper())
    assert not pair.covers("other.example")
    assert read_pair(wild.certificate, wild.key, now).covers("centro.example.ec")
    assert not read_pair(wild.certificate, wild.key, now).covers("a.centro.example.ec")
