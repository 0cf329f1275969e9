"""Frozen messages by subject; no table here."""
