"""Lists and searches that do not read the rows: what is searched in one column, and indexes that hold all a list asks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from voice_core.store.rows import searched

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MANY = 1000
_FIELDS = ("id", "from_address", "to_address", "disposition", "contact_name", "end_detail")
_INDEXES = {
    "ix_interactions_list": ("opened_at", "id", "stage", "queue", "agent", "searched"),
    "ix_interactions_agent_opened_at_id_stage": ("agent", "opened_at", "id", "stage"),
    "ix_interactions_queue_opened_at_id_stage": ("queue", "opened_at", "id", "stage"),
    "ix_recordings_list": ("started_at", "id", "interaction_id", "from_address", "to_address", "disposition"),
}
_BEFORE = {
    "ix_interactions_opened_at": ("opened_at",),
    "ix_interactions_agent_opened_at": ("agent", "opened_at"),
    "ix_interactions_queue_opened_at": ("queue", "opened_at"),
    "ix_recordings_started_at": ("started_at",),
}


def upgrade() -> None:
    op.add_column("interactions", sa.Column("searched", sa.String(500), nullable=False, server_default=""))
    _fill(op.get_bind())
    _replace(_BEFORE, _INDEXES)


def downgrade() -> None:
    _replace(_INDEXES, _BEFORE)
    op.drop_column("interactions", "searched")


def _replace(old: dict[str, tuple[str, ...]], new: dict[str, tuple[str, ...]]) -> None:
    for name in old:
        op.drop_index(name, _table(name))
    for name, columns in new.items():
        op.create_index(name, _table(name), list(columns))


def _table(index: str) -> str:
    return index.split("_")[1]


def _fill(connection: sa.Connection) -> None:
    """In Python, whose small letters know accents; SQLite's do not."""
    rows = sa.table("interactions", *(sa.column(name) for name in (*_FIELDS, "searched")))
    put = sa.update(rows).where(rows.c.id == sa.bindparam("row_id")).values(searched=sa.bindparam("text"))
    last = ""
    while True:
        wanted = sa.select(*(rows.c[name] for name in _FIELDS)).where(rows.c.id > last).order_by(rows.c.id)
        found = connection.execute(wanted.limit(MANY)).mappings().all()
        if not found:
            return
        connection.execute(put, [{"row_id": row["id"], "text": searched(dict(row))} for row in found])
        last = found[-1]["id"]
