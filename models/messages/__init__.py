"""Messages: what travels between processes, one file per subject."""
