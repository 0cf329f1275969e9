"""Ids, messages, tables, database and vault."""
