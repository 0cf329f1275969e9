"""The outside of the service: command line, processes, settings, and the wiring of all parts."""
