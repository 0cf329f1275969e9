"""Endpoints, one file per subject: they check the request, give the command, answer."""
