"""Who signed out, or was changed: their sockets are looked at now, in this process and in the others."""

from __future__ import annotations

from pydantic_core import from_json, to_json

from contact_centre.access.service import Access
from contact_centre.shared.outbox import Outbox
from contact_centre.web.sockets import Sockets

KIND = "people"


class People:
    """Without an outbox the others notice within 20 s. What is told by ourselves comes back to us, and changes nothing."""

    def __init__(self, access: Access, sockets: Sockets, outbox: Outbox | None = None) -> None:
        self.sockets = sockets
        self._access = access
        self._outbox = outbox

    async def signed_out(self, token_hash: str) -> None:
        self._tell(signed_out=token_hash)
        await self.sockets.signed_out(token_hash)

    def changed(self, username: str) -> None:
        self._tell(changed=username)
        self.sockets.person_changed(username)

    def heard(self, text: bytes) -> None:
        """From another process."""
        said = from_json(text)
        if token_hash := said.get("signed_out"):
            self._access.forget(token_hash=token_hash)
            self.sockets.session_over(token_hash)
        if username := said.get("changed"):
            self._access.forget(username=username)
            self.sockets.person_changed(username)

    def _tell(self, **said: str) -> None:
        if self._outbox is not None:
            self._outbox.put(KIND, to_json(said))
