"""How much of each kind of channel a person carries at once. Empty: the usual."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("capacity", sa.JSON, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("users", "capacity")
