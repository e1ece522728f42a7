"""The API's models of customers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from contact_centre.contacts.models import Contact
from contact_centre.schema import Answer, Body, Line, Paged, Text

Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9*#() .\-/]{1,30}$")]


class ContactOut(Answer):
    id: str
    name: str
    note: str
    numbers: list[str]
    created_at: datetime


class ContactPageOut(Answer):
    items: list[ContactOut]
    total: int
    page: int
    page_size: int


class ContactBody(Body):
    name: Annotated[Line, StringConstraints(min_length=1, max_length=120)]
    numbers: Annotated[list[Number], Field(max_length=20)] = Field(default_factory=list)
    note: Text = ""


class ContactQuery(Paged):
    text: Line = ""


def contact_out(contact: Contact) -> ContactOut:
    return ContactOut(
        id=contact.id,
        name=contact.name,
        note=contact.note,
        numbers=list(contact.numbers),
        created_at=contact.created_at,
    )
