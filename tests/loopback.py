# SPDX-License-Identifier: MIT
"""TCP ports of the loopback, for tests (support.py) and for scripts/bench."""

import socket


def free_port():
    """A TCP port of the loopback that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    """Whether something listens on the loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False
