"""The API's models of calls."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from contact_centre.live.schemas import InteractionOut
from contact_centre.recordings.schemas import RecordingOut
from contact_centre.schema import Answer, Body, Line, Paged, Text
from recorder.ear import Mode


class CallQuery(Paged):
    """Which calls; `from` is inclusive, `to` is not; both look at when the call came in."""

    state: Literal["live", "closed"] | None = None
    agent: Line | None = None
    queue: Line | None = None
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = Field(default=None, alias="to")
    text: Line = ""


class CallPageOut(Answer):
    items: list[InteractionOut]
    total: int
    page: int
    page_size: int


class EntryOut(Answer):
    """A line of the ledger."""

    at: datetime
    kind: str
    actor: str
    data: dict[str, Any]


class CallOut(Answer):
    interaction: InteractionOut
    entries: list[EntryOut]
    recordings: list[RecordingOut]


class DialBody(Body):
    number: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ().\-]{1,29}$")]


class MuteBody(Body):
    on: bool


class DigitsBody(Body):
    digits: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]{1,32}$")]


class TargetBody(Body):
    kind: Literal["agent", "queue", "number"]
    value: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+*#._-]{1,40}$")]


class WrapUpBody(Body):
    disposition: Line | None = None
    note: Text = ""
    tags: Annotated[list[Line], Field(max_length=20)] = Field(default_factory=list)


class ListenBody(Body):
    mode: Mode
