"""Tables of the customers and their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from voice_core.store.models import Base, UtcDateTime


class ContactRow(Base):
    __tablename__ = "contacts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContactNumberRow(Base):
    """A number belongs to one contact. Kept as E.164 where it is one, as dialled otherwise (extensions)."""

    __tablename__ = "contact_numbers"

    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contacts.id"), index=True)


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer the organisation knows."""

    id: str
    name: str
    note: str
    numbers: tuple[str, ...]
    created_at: datetime
