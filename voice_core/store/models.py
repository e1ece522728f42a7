"""The domain's tables, and the base the slices' tables share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, MetaData, String, Text, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


SEARCHED_MOST = 500  # letters; PostgreSQL's indexes take no more than 2 700 bytes


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite keeps no zone, so it is put back on reading; naive times are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        read: datetime = value
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class InteractionRow(Base):
    """`voice_core.interaction.Interaction`, column by column."""

    __tablename__ = "interactions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    direction: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(16))
    from_address: Mapped[str] = mapped_column(String(255))
    to_address: Mapped[str] = mapped_column(String(255))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stage_since: Mapped[datetime] = mapped_column(UtcDateTime)
    external_id: Mapped[str] = mapped_column(String(255))
    node: Mapped[str] = mapped_column(String(64))
    parent_id: Mapped[str | None] = mapped_column(String(64))
    contact_id: Mapped[str | None] = mapped_column(String(64))
    contact_name: Mapped[str] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(16))
    flow: Mapped[str | None] = mapped_column(String(128))
    flow_state: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    queue: Mapped[str | None] = mapped_column(String(64))
    requirements: Mapped[Any] = mapped_column(JSON)
    priority: Mapped[int]
    preferred_agent: Mapped[str | None] = mapped_column(String(64))
    only_agent: Mapped[str | None] = mapped_column(String(64))
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    queue_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    offers: Mapped[int]
    agent: Mapped[str | None] = mapped_column(String(64))
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wrap_up_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(32))
    end_detail: Mapped[str] = mapped_column(Text)
    disposition: Mapped[str | None] = mapped_column(String(64))
    callback_address: Mapped[str | None] = mapped_column(String(255))
    data: Mapped[Any] = mapped_column(JSON)
    version: Mapped[int]
    searched: Mapped[str] = mapped_column(
        String(SEARCHED_MOST)
    )  # what a search looks through; `rows.searched`

    __table_args__ = (
        # One contact for one thing outside: a repeated event cannot open it twice.
        Index(
            "uq_interactions_node_external_id",
            "node",
            "external_id",
            unique=True,
            sqlite_where=text("external_id <> ''"),
            postgresql_where=text("external_id <> ''"),
        ),
        # What is not closed is read by a starting controller and shown in lists; there are few of those among millions.
        Index(
            "ix_interactions_live",
            "opened_at",
            "id",
            "stage",
            sqlite_where=text("stage <> 'closed'"),
            postgresql_where=text("stage <> 'closed'"),
        ),
        # Lists and their counts read these alone, not the rows, which are ten times as long.
        Index("ix_interactions_list", "opened_at", "id", "stage", "queue", "agent", "searched"),
        Index("ix_interactions_agent_opened_at_id_stage", "agent", "opened_at", "id", "stage"),
        Index("ix_interactions_queue_opened_at_id_stage", "queue", "opened_at", "id", "stage"),
        Index("ix_interactions_contact_id_opened_at", "contact_id", "opened_at"),
        Index("ix_interactions_from_address_opened_at", "from_address", "opened_at"),
    )


class OfferRow(Base):
    """The last offer of each interaction."""

    __tablename__ = "offers"

    interaction_id: Mapped[str] = mapped_column(ForeignKey("interactions.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(80))
    agent: Mapped[str] = mapped_column(String(64))
    queue: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AgentRow(Base):
    __tablename__ = "agents"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    skills: Mapped[Any] = mapped_column(JSON)
    capacity: Mapped[Any] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(64))
    state_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(16))
    status_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    idle_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missed_offers: Mapped[int]


class EntryRow(Base):
    """The ledger: only ever appended to."""

    __tablename__ = "ledger"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    interaction_id: Mapped[str] = mapped_column(ForeignKey("interactions.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(64))
    data: Mapped[Any] = mapped_column(JSON)

    __table_args__ = (
        Index("ix_ledger_interaction_id_seq", "interaction_id", "seq"),
        Index("ix_ledger_at", "at"),
    )


class SpanRow(Base):
    """Stretches of the agents' time lines; `until` is null while one lasts."""

    __tablename__ = "status_spans"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    agent: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_status_spans_agent_since", "agent", "since"),
        # Nobody is in two states at once: at most one open span an agent.
        Index(
            "uq_status_spans_open",
            "agent",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )


class LeaseRow(Base):
    """Who may write as the controller (house law 6)."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(255))  # "" = nobody
    token: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied: Mapped[int] = mapped_column(BigInteger)  # commits so far, under all tokens
    url: Mapped[str] = mapped_column(String(255), server_default="")  # where its holder serves
    word: Mapped[str] = mapped_column(String(64), server_default="")  # random, of this token


class ReactionRow(Base):
    """How far each reaction has come in the ledger (`store/reactions.py`)."""

    __tablename__ = "reactions"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)  # of the last ledger line that was reacted to
    turns: Mapped[int] = mapped_column(BigInteger)  # workers came so often to look
