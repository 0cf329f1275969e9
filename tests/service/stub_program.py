"""Stands for `yakkan` below `yakkan up`: `api` answers every GET with 200, `worker` waits, or dies when told to."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Yes(BaseHTTPRequestHandler):
    """Answers 200."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Write nothing."""


def main() -> None:
    """Do what the command line names."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if sys.argv[1] == "api":
        HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Yes).serve_forever()
    if "STUB_WORKER_DIES" in os.environ:
        sys.exit("the worker has a reason to die")
    signal.pause()


main()
