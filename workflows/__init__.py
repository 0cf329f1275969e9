"""Workflows by subject: durable stories that own time and decisions."""
