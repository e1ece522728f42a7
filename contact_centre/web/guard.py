"""What stands before every request: host and origin, security headers, failures as JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from contact_centre.access.audit import current_address
from contact_centre.access.errors import ForgedRequestError, PlainHttpError
from contact_centre.sentences import say
from contact_centre.web.ask import language_of
from contact_centre.web.errors import answer_to, refusal
from contact_centre.web.route import API
from contact_centre.web.site import Reached, Site

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

REACHED = web.RequestKey("reached", Reached)
PREPARED = web.RequestKey("prepared", bool)  # an answer has begun: no other one can be given
STRICT_S = 365 * 24 * 3600
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


def guards(site: Site) -> list[Middleware]:
    """In order, outermost first. Sets `request[REACHED]`."""

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
        if not site.serves(request.host):
            language = language_of(request.headers.get("Accept-Language", ""))
            return refusal("wrong_host", say("wrong_host", language))
        reached = request[REACHED] = site.reached(request)
        current_address.set(reached.address)
        if reached.exposed:
            raise PlainHttpError(site.public_url)
        origin = request.headers.get("Origin")
        ours = origin is None or site.owns(origin, request.host, secure=reached.secure)
        if not ours and _sensitive(request):
            raise ForgedRequestError("The request comes from another site.")
        return await handler(request)

    return [headers, failures, same_site]


def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Also called by routes that begin their own answer (downloads, sockets)."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    reached = request.get(REACHED)
    if reached is not None and reached.strict:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={STRICT_S}")
    if request.path.startswith(API):
        response.headers.setdefault("Cache-Control", "no-store")


def _sensitive(request: web.Request) -> bool:
    return request.method not in ("GET", "HEAD") or "Upgrade" in request.headers
