"""The set-based billing run against a slow oracle, and what comes after a bill."""
