"""The tree of errors of the ARI client.

AriError
├── RequestError            Asterisk answered with an error; has method, path, status, message
│   ├── Refused             400 and whatever has no name of its own
│   │   └── Unauthorized    401, 403: wrong user, password or rights
│   ├── NotFound            404: already gone (usual; the handles absorb it where it means "done")
│   ├── Conflict            409: already there, or not in a state that allows this
│   ├── Unprocessable       422: well-formed, but impossible now (a channel not in Stasis)
│   └── ServerFailure       5xx: a folder is missing, out of memory …
│       └── Unreachable     an endpoint to ring is unknown or has no phone registered
├── RequestTimeout          no answer within the request's timeout; it may have been carried out
├── ConnectionLost          no socket to Asterisk now; a pending request may have been carried out
│   └── DeafSocket          one that Asterisk opened, and that answers nothing and tells nothing
├── EventOverflow           events came faster than they were read: the stream is no longer complete
└── TakenOver               another client connected under our application's name: it has our calls now
"""

# ruff: noqa: N818 — the answers' own names; `except NotFound` reads as what happened
from __future__ import annotations

from voice_core.errors import CentralitaError, UnavailableError


class AriError(CentralitaError):
    code = "telephone_error"


class RequestError(AriError):
    code = "telephone_refused"

    def __init__(self, method: str, path: str, status: int, message: str) -> None:
        super().__init__(f"{method} {path}: {status} {message}", status=status)
        self.method = method
        self.path = path
        self.status = status
        self.message = message


class Refused(RequestError):
    pass


class Unauthorized(Refused):
    code = "telephone_unauthorized"


class NotFound(RequestError):
    code = "telephone_gone"


class Conflict(RequestError):
    pass


class Unprocessable(RequestError):
    pass


class ServerFailure(RequestError):
    code = "telephone_failed"


class Unreachable(ServerFailure):
    code = "telephone_unreachable"


class RequestTimeout(AriError, UnavailableError):
    code = "telephone_timeout"


class ConnectionLost(AriError, UnavailableError):
    code = "telephone_unavailable"


class DeafSocket(ConnectionLost):
    """A socket that Asterisk opened, and on which nothing is answered and nothing told."""


class EventOverflow(AriError):
    code = "telephone_overflow"


class TakenOver(AriError):
    code = "telephone_taken_over"


def is_channel_gone(error: AriError) -> bool:
    """A request with a channel that has hung up, or is hanging up: its events may be still to tell."""
    left = isinstance(error, Unprocessable) and error.message == "Channel not in Stasis application"
    return left or (isinstance(error, NotFound) and error.message == "Channel not found")


def refusal(method: str, path: str, status: int, message: str) -> RequestError:
    """The error that stands for an answer's status."""
    named: dict[int, type[RequestError]] = {
        401: Unauthorized,
        403: Unauthorized,
        404: NotFound,
        409: Conflict,
        422: Unprocessable,
    }
    kind = named.get(status, ServerFailure if status >= 500 else Refused)
    return kind(method, path, status, message)
