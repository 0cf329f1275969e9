"""What is measured: one file a question, each prints a ratio or counts. `make bench` runs them all."""
