"""Bases of the API's models: strict about what comes in, exact about what goes out."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# No NUL or other control characters: neither databases nor Asterisk take them well (fault 33).
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$", max_length=4000)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")]


class Body(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """What follows the question mark: strings, read for what they mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Query):
    page: int = Field(default=1, ge=1, le=100_000)
    page_size: int = Field(default=50, ge=1, le=200)


class Answer(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(extra="forbid", frozen=True)
