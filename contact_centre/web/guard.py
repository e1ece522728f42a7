"""What stands before every request: host and origin, security headers, failures as JSON."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from contact_centre.access.audit import current_address
from contact_centre.access.errors import ForgedRequestError
from contact_centre.sentences import say
from contact_centre.web.ask import language_of
from contact_centre.web.errors import answer_to, refusal
from contact_centre.web.route import API

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
WORD_HEADER = "X-Centralita-Word"  # the lease's: a web of this centre asks, and tells for whom
FOR_HEADER = "X-Centralita-For"
ADDRESS = web.RequestKey("address", str)  # of the person who asks
PREPARED = web.RequestKey("prepared", bool)  # an answer has begun: no other one can be given
_HEADERS = {
    # Styles may be inline: the panel's component library sets them. Scripts may not.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "media-src 'self' blob: data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


def guards(hosts: frozenset[str], word: str = "") -> list[Middleware]:
    """In order, outermost first. `hosts` are the names this server answers to, without port; who knows `word` may
    tell whose address a request comes from. Sets `request[ADDRESS]`.
    """

    @web.middleware
    async def headers(request: web.Request, handler: Next) -> web.StreamResponse:
        response = await handler(request)
        if not response.prepared:
            add_headers(request, response)
        return response

    @web.middleware
    async def failures(request: web.Request, handler: Next) -> web.StreamResponse:
        try:
            return await handler(request)
        except Exception as error:  # (the edge: whatever it was, a person gets a sentence)
            if request.get(PREPARED):
                raise
            return answer_to(error, request)

    @web.middleware
    async def same_site(request: web.Request, handler: Next) -> web.StreamResponse:
        # A foreign name that resolves to this machine (DNS rebinding) must not get an answer.
        if _name(request.host) not in hosts:
            language = language_of(request.headers.get("Accept-Language", ""))
            return refusal("wrong_host", say("wrong_host", language))
        origin = request.headers.get("Origin")
        if origin is not None and not _same(origin, request) and _sensitive(request):
            raise ForgedRequestError("The request comes from another site.")
        request[ADDRESS] = _address(request, word)
        current_address.set(request[ADDRESS])
        return await handler(request)

    return [headers, failures, same_site]


def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Also called by routes that begin their own answer (downloads, sockets)."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith(API):
        response.headers.setdefault("Cache-Control", "no-store")


def _address(request: web.Request, word: str) -> str:
    said = request.headers.get(WORD_HEADER, "")
    if word and hmac.compare_digest(said.encode(), word.encode()):
        return request.headers.get(FOR_HEADER, "")[:64]
    return request.remote or ""


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same(origin: str, request: web.Request) -> bool:
    return origin == f"{request.scheme}://{request.host}"


def _sensitive(request: web.Request) -> bool:
    return request.method not in ("GET", "HEAD") or "Upgrade" in request.headers
