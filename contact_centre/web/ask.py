"""One request, as the routes see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from contact_centre.access.errors import NotSignedInError
from contact_centre.access.models import Signed
from contact_centre.access.privileges import Privilege
from voice_core.errors import NotAllowedError


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks, in what language, from where."""

    request: web.Request
    language: str  # "es" or "en"
    address: str
    session: Signed | None = None
    cookies: dict[str, str | None] = field(default_factory=dict)  # to set with the answer; None removes

    @property
    def signed(self) -> Signed:
        if self.session is None:
            raise NotSignedInError
        return self.session

    @property
    def username(self) -> str:
        return self.signed.username

    def demand(self, privilege: Privilege) -> None:
        """Raises NotAllowedError."""
        if not self.signed.may(privilege):
            raise NotAllowedError("Your role does not allow this.", privilege=privilege)


def language_of(header: str) -> str:
    """The first of our languages in an Accept-Language header; Spanish when none is asked for."""
    wanted: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((float(weight or 1), name[:2].lower()))
        except ValueError:
            continue
    for _, name in sorted(wanted, key=lambda pair: -pair[0]):
        if name in ("es", "en"):
            return name
    return "es"
