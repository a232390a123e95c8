"""Runs the migrations on the connection that storage/migrate.py hands over."""

from alembic import context
from sqlmodel import SQLModel

import storage.models  # noqa: F401  (the tables register themselves with the metadata)
from storage.migrate import render_item

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    # SQLite can't alter a column: a batch copies the table instead.
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
