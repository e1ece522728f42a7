"""Passwords and secrets: argon2 off the loop, generated ones from the machine's own randomness."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from contact_centre.access.errors import WeakPasswordError

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 256
# No l, 1, O, 0: these are read aloud and typed in from paper. No vowels: chance spells no name, which would be refused.
_ALPHABET = "bcdfghjkmnpqrstvwxyzBCDFGHJKLMNPQRSTVWXYZ23456789"
# OWASP's second choice for argon2id: 19 MiB, two passes. Some 20 ms of a core, and calls live beside it.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = 2  # however many sign in when a shift begins


def generate_password() -> str:
    """Four groups of four: 90 bits, and still readable over the telephone."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def generate_sip_secret() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(32))


def check_strength(password: str, username: str) -> None:
    """Raises WeakPasswordError. Length is what counts (NIST SP 800-63B); the name and one letter do not."""
    plain = password.casefold()
    poor = len(set(plain)) < 4 or username.casefold() in plain
    if not MINIMUM_LENGTH <= len(password) <= MAXIMUM_LENGTH or poor:
        raise WeakPasswordError(MINIMUM_LENGTH)


class Passwords:
    """Hashes and verifies in threads."""

    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Takes as long for an unknown user (None) as for a known one, so that names cannot be found out."""
        if self._nobody is None:
            self._nobody = await self.hash(secrets.token_hex(16))
        async with self._slots:
            known = await asyncio.to_thread(self._matches, password_hash or self._nobody, password)
        return known and password_hash is not None

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password[: MAXIMUM_LENGTH + 1])
        except (VerificationError, InvalidHashError):
            return False
