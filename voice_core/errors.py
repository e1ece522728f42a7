"""The tree of domain errors. Each has a stable `code`; `web/` alone knows HTTP statuses.

CentralitaError
├── NotFoundError          no such interaction, offer, agent, queue
├── StageError             the interaction is not in a stage that allows this
├── OfferGoneError         the offer was withdrawn, taken or timed out
├── NotAllowedError        this person may not do this
├── InvalidInputError      the words or values given are wrong; `detail` says which
├── UnavailableError       a part we need (Asterisk, database) does not answer now
│   └── UnwritableError    a folder or file of ours cannot be written: full, read-only, somebody else's
└── StaleWriteError        somebody else wrote this row first
    └── FencedError        another controller holds the lease: this one must stop
"""

from __future__ import annotations

from typing import Any


class CentralitaError(Exception):
    """Base of all errors a person can meet. `str(error)` is English; the panel translates `code`."""

    code = "error"

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.data = data


class NotFoundError(CentralitaError):
    code = "not_found"


class StageError(CentralitaError):
    code = "wrong_stage"


class OfferGoneError(CentralitaError):
    code = "offer_gone"


class NotAllowedError(CentralitaError):
    code = "not_allowed"


class InvalidInputError(CentralitaError):
    code = "invalid_input"


class UnavailableError(CentralitaError):
    code = "unavailable"


class UnwritableError(UnavailableError):
    """`where`: the path or database; `why`: what the system said."""

    code = "unwritable"

    def __init__(self, where: object, why: object) -> None:
        super().__init__(
            f"{where} cannot be written ({why}): free some space or give the folder back to its user, "
            "or set CENTRALITA_HOME to another folder.",
            where=str(where),
            why=str(why),
        )


class StaleWriteError(CentralitaError):
    code = "stale_write"


class FencedError(StaleWriteError):
    """People read it as StaleWriteError: after a reload they see what the other controller wrote."""
