"""The HTTP API: authentication, problems, idempotency, endpoints."""
