"""Alembic's scripts: each version brings a database one step nearer to the models."""
