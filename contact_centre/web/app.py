"""The aiohttp application, and the server that carries it."""

from __future__ import annotations

import errno
import re
import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from contact_centre.access.service import Access
from contact_centre.web.endpoint import BODY_LIMIT_BYTES, endpoint
from contact_centre.web.guard import Next, guards
from contact_centre.web.metrics import add_metrics
from contact_centre.web.openapi import openapi
from contact_centre.web.route import API, Route
from contact_centre.web.site import Site
from contact_centre.web.static import Panel
from voice_core.errors import UnavailableError

SHUTDOWN_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Declared here, answered by another process."""

    routes: Sequence[Route]
    forward: Next


def build_app(
    routes: Sequence[Route],
    access: Access,
    observe: Callable[[], bytes],
    *,
    panel: Path,
    site: Site,
    elsewhere: Elsewhere | None = None,
) -> web.Application:
    """`observe` writes the metrics. `elsewhere`: routes that another process answers."""
    app = web.Application(middlewares=guards(site), client_max_size=BODY_LIMIT_BYTES)
    for route in routes:
        app.router.add_route(route.method, API + route.path, endpoint(route, access))
    if elsewhere is not None:
        for route in elsewhere.routes:
            app.router.add_route(route.method, API + route.path, elsewhere.forward)
        routes = [*routes, *elsewhere.routes]
    document = cache(lambda: openapi(routes))  # when first asked for: the start does not wait for it

    async def describe(_request: web.Request) -> web.StreamResponse:
        return web.json_response(document())

    async def unknown(request: web.Request) -> web.StreamResponse:
        allowed = {route.method for route in routes if _matches(route, request.path)}
        if allowed and request.method not in allowed:
            raise web.HTTPMethodNotAllowed(request.method, sorted(allowed))
        raise web.HTTPNotFound

    app.router.add_route("GET", f"{API}/openapi.json", describe)
    app.router.add_route("*", "/api/{rest:.*}", unknown)
    add_metrics(app, observe)
    Panel(panel).add_to(app)
    return app


def _matches(route: Route, path: str) -> bool:
    return re.fullmatch(re.sub(r"{\w+}", "[^/]+", API + route.path), path) is not None


class Server(AbstractAsyncContextManager["Server"]):
    """Listens while the context is open, by HTTPS with `tls`. Raises UnavailableError with a sentence when it cannot."""

    def __init__(self, app: web.Application, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
        self._host = host
        self._port = port
        self._tls = tls

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, ssl_context=self._tls).start()
        except OSError as error:
            await self._runner.cleanup()
            raise UnavailableError(_reason(error, self._host, self._port)) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use: stop what uses it, or set CENTRALITA_HTTP_PORT to a free one."
    return (
        f"Cannot listen on {host}:{port}: {error.strerror}. Set CENTRALITA_HTTP_HOST or CENTRALITA_HTTP_PORT."
    )
