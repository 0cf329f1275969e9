"""Ports of this machine's loopback."""

import random
import socket


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Find free ports below those that the system gives to outgoing connections: they are free after a restart too.

    Raises:
        OSError: there are not that many.
    """
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 12_000):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    message = "no free port between 20000 and 32000"
    raise OSError(message)
