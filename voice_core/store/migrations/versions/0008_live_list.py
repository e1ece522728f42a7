"""The list of what lives is read from an index of what lives, in the list's order; before, all calls ever were looked through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NAME = "ix_interactions_live"


def upgrade() -> None:
    _replace("opened_at", "id", "stage")


def downgrade() -> None:
    _replace("id")


def _replace(*columns: str) -> None:
    live = sa.text("stage <> 'closed'")
    op.drop_index(_NAME, "interactions")
    op.create_index(_NAME, "interactions", list(columns), sqlite_where=live, postgresql_where=live)
