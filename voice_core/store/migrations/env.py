"""Alembic's way in: always on the connection `open_database` gives it, never by a configuration file."""

from __future__ import annotations

from alembic import context

from voice_core.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
