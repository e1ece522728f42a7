"""The secrets of one installation, made on its first run and kept in `<home>/secrets.json`, readable by its owner only."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from voice_core.errors import InvalidInputError, UnwritableError
from voice_core.whole_file import create_whole, replace_whole

NAME = "secrets.json"
ACCOUNT = "centralita"  # whose passwords they are, in ari.conf and manager.conf
BYTES = 24  # of randomness in each
FEWEST_LETTERS = 8  # different ones: who writes a word twice to make it long enough has fewer
# What manuals and scanners have: also as a part of a longer word.
KNOWN_DEFAULTS = (
    "asterisk",
    "centralita",
    "change",
    "password",
    "passw0rd",
    "secret",
    "admin",
    "12345",
    "qwerty",
)


def _not_guessable(value: str) -> str:
    if (
        any(word in value.lower() for word in KNOWN_DEFAULTS)
        or len(set(value.lower())) < FEWEST_LETTERS
        or not value.isascii()
        or not value.replace("-", "").replace("_", "").isalnum()
    ):
        raise ValueError("must be a random word of letters, digits, - and _")
    return value


Secret = Annotated[str, Field(min_length=16, max_length=200, repr=False), AfterValidator(_not_guessable)]


def _sendable(value: str) -> str:
    if not value.isprintable() or not value.isascii() or value != value.strip():
        raise ValueError("must be printable, without spaces around it")
    return value


# Given by whoever runs that system: as strong as they made it.
Given = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_sendable)]


class Secrets(BaseModel):
    """Passwords between our own parts, none of them ever typed by a person; and those of the institution's systems."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ari_password: Secret
    ami_password: Secret
    session_key: Secret
    connectors: dict[str, Given] = Field(default={}, repr=False)  # by the names their descriptions give


def load_secrets(home: Path) -> Secrets:
    """Read them, making them first where there are none. Raises InvalidInputError for weak or unreadable ones,
    UnwritableError where they cannot be written."""
    path = home / NAME
    if not path.exists():
        _write_new(path)
    try:
        return Secrets.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidInputError(
            f"{path} cannot be read ({error.strerror}): give it back to its owner"
        ) from error
    except ValidationError as error:
        name = error.errors(include_input=False)[0]["loc"] or ("file",)
        if name[0] == "connectors":
            where = ".".join(map(str, name))
            raise InvalidInputError(
                f"{path}: {where} must be a text that can be sent: write it again"
            ) from None
        raise InvalidInputError(
            f"{path}: {name[0]} is missing, empty or guessable. Remove the file to have new secrets made"
        ) from None


def give_secret(home: Path, name: str, value: str) -> None:
    """What a connector signs in with, under the name its description gives. Raises as `load_secrets`."""
    path, secrets = home / NAME, load_secrets(home)
    try:
        given = Secrets(**secrets.model_dump() | {"connectors": {**secrets.connectors, name: value}})
    except ValidationError:
        raise InvalidInputError(
            f"{name} must be printable ASCII without spaces around it, and not empty: nothing was changed"
        ) from None
    try:
        replace_whole(path, given.model_dump_json(indent=2))
    except OSError as error:
        raise UnwritableError(path, error.strerror) from error


def between_nodes(secrets: Secrets) -> str:
    """The word by which the centre's Asterisks know each other: made from ours, so that there is nothing to keep."""
    return hmac.new(secrets.ari_password.encode(), b"between nodes", hashlib.sha256).hexdigest()


def _write_new(path: Path) -> None:
    values = {name: _new_secret() for name, field in Secrets.model_fields.items() if field.is_required()}
    try:
        create_whole(path, json.dumps(values, indent=2))
    except OSError as error:
        raise UnwritableError(path, error.strerror) from error


def _new_secret() -> str:
    """Chance may write a word that we would refuse."""
    while True:
        try:
            return _not_guessable(secrets.token_urlsafe(BYTES))
        except ValueError:
            continue
