"""Alembic: environment, triggers and the revisions."""
