"""What can go wrong for a scripted caller. `str(error)` is a sentence; `code` is translated at the edge."""

from __future__ import annotations

from voice_core.errors import CentralitaError


class CallTimeoutError(CentralitaError, TimeoutError):
    """Something awaited on a line did not happen in time; `data["awaited"]` says what."""

    code = "call_timeout"


class CallRefusedError(CentralitaError):
    """The other side refused the call; `status` is the SIP status (404 unknown number, 486 busy …)."""

    code = "call_refused"

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"The call was refused: {status} {reason}.", status=status, reason=reason)
        self.status = status


class RegistrationError(CentralitaError):
    """The telephone could not register: wrong user, wrong secret, or nobody listens."""

    code = "registration_failed"
