"""Where the lease's holder serves, and how far each reaction has come in the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lease", sa.Column("url", sa.String(255), nullable=False, server_default=""))
    op.add_column("lease", sa.Column("word", sa.String(64), nullable=False, server_default=""))
    reactions = op.create_table(
        "reactions",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("turns", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_reactions"),
    )
    # What was closed until now was described as it closed.
    ledger = sa.table("ledger", sa.column("seq"))
    last = op.get_bind().scalar(sa.select(sa.func.max(ledger.c.seq)))
    op.get_bind().execute(sa.insert(reactions).values(name="describe_recordings", seq=last or 0, turns=0))


def downgrade() -> None:
    op.drop_table("reactions")
    op.drop_column("lease", "word")
    op.drop_column("lease", "url")
