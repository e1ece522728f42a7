"""Errors of the recorder, on top of the domain's tree.

CentralitaError
└── RecorderError
    ├── VaultError           the disk refused: full, read-only, missing folder
    ├── DamagedError         the stored bytes do not match their hash any more
    └── ListeningError       the supervisor cannot listen now; the message says why
"""

from __future__ import annotations

from voice_core.errors import CentralitaError


class RecorderError(CentralitaError):
    code = "recorder"


class VaultError(RecorderError):
    code = "vault_failed"


class DamagedError(RecorderError):
    code = "recording_damaged"


class ListeningError(RecorderError):
    code = "listening_failed"
