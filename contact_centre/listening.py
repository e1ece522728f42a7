"""Where the panel is offered, from the settings: its names, its certificate, and whether plain HTTP will do.

Decision 0018.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from contact_centre.asterisk_process import port_problem
from contact_centre.sentences import say
from contact_centre.settings import Settings
from contact_centre.web.app import Server
from contact_centre.web.site import Site
from contact_centre.web.tls import Certificate
from voice_core.clock import Clock, SystemClock
from voice_core.errors import InvalidInputError, UnavailableError


class PlainHttpRefusedError(InvalidInputError):
    code = "plain_http_refused"

    def __init__(self, host: str) -> None:
        super().__init__(say(self.code, "en", host=host), host=host)


def require_safe(settings: Settings) -> None:
    """Passwords travel: beyond loopback only by HTTPS, unless told otherwise. Raises PlainHttpRefusedError."""
    behind_proxy = settings.public_url.startswith("https://") and settings.trusted_proxies
    if settings.tls or settings.plain_http_allowed or behind_proxy:
        return
    if not ipaddress.ip_address(settings.http_host).is_loopback:
        raise PlainHttpRefusedError(settings.http_host)


def site_of(settings: Settings, names: frozenset[str], word: str = "") -> Site:
    """`names` and `word`: as `Site` has them."""
    return Site(
        names,
        settings.public_url,
        tuple(ipaddress.ip_network(each) for each in settings.trusted_proxies),
        word,
        settings.plain_http_allowed,
    )


class Door:
    """The port people come in by. Raises InvalidInputError, UnavailableError with a sentence: before anything starts."""

    def __init__(self, settings: Settings) -> None:
        require_safe(settings)
        self._settings = settings
        self._certificate = certificate_of(settings, SystemClock())
        problem = port_problem(socket.SOCK_STREAM, settings.http_host, settings.http_port)
        if problem is not None:  # what most often is in the way
            raise UnavailableError(
                f"{problem}: stop what uses it, or set CENTRALITA_HTTP_PORT to a free one."
            )

    def jobs(self) -> dict[str, Coroutine[Any, Any, None]]:
        return {} if self._certificate is None else {"certificate": self._certificate.run()}

    def server(self, app: web.Application) -> Server:
        tls = None if self._certificate is None else self._certificate.context
        return Server(app, self._settings.http_host, self._settings.http_port, tls)


def certificate_of(settings: Settings, clock: Clock) -> Certificate | None:
    """None where the port speaks plain HTTP. Raises CertificateError."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return Certificate(settings.tls_certificate, settings.tls_key, clock)
