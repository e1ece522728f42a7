"""Errors of access, on top of the domain's tree.

CentralitaError
└── AccessError
    ├── WrongCredentialsError   user name or password is wrong, or the user is switched off
    ├── TooManyAttemptsError    `retry_after_s` says when to try again
    ├── NotSignedInError        no session, or it is over
    ├── ForgedRequestError      CSRF token missing or wrong, or a foreign Origin
    ├── PlainHttpError          it came over a network by plain HTTP, though HTTPS is there
    ├── UserExistsError
    └── WeakPasswordError
"""

from __future__ import annotations

from voice_core.errors import CentralitaError


class AccessError(CentralitaError):
    code = "access"


class WrongCredentialsError(AccessError):
    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("The user name or the password is wrong.")


class TooManyAttemptsError(AccessError):
    code = "too_many_attempts"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("Too many failed attempts.", retry_after_s=retry_after_s)


class NotSignedInError(AccessError):
    code = "not_signed_in"

    def __init__(self) -> None:
        super().__init__("Sign in first.")


class ForgedRequestError(AccessError):
    code = "forged_request"


class PlainHttpError(AccessError):
    code = "plain_http"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"This centre is used at {url}. A proxy in front must send X-Forwarded-Proto, and its address must be "
            "among CENTRALITA_TRUSTED_PROXIES.",
            url=url,
        )


class UserExistsError(AccessError):
    code = "user_exists"

    def __init__(self, username: str) -> None:
        super().__init__("That user name is taken.", username=username)


class WeakPasswordError(AccessError):
    code = "weak_password"

    def __init__(self, minimum: int) -> None:
        super().__init__("The password is too short or too common.", minimum=minimum)
