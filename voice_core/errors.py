"""The tree of domain errors. Each has a stable `code`; `web/` alone knows HTTP statuses.

CentralitaError
├── NotFoundError          no such interaction, offer, agent, queue
├── StageError             the interaction is not in a stage that allows this
├── OfferGoneError         the offer was withdrawn, taken or timed out
├── NotAllowedError        this person may not do this
├── InvalidInputError      the words or values given are wrong; `detail` says which
├── UnavailableError       a part we need (Asterisk, database) does not answer now
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


class StaleWriteError(CentralitaError):
    code = "stale_write"


class FencedError(StaleWriteError):
    """People read it as StaleWriteError: after a reload they see what the other controller wrote."""
