# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""TCP ports on loopback for what must know its port before it listens."""

import contextlib
import random
import socket

_DRAWN = random.SystemRandom()  # the seed of the run is the same in each of its processes


def free_port() -> int:
    """Free a moment ago, and below those that the kernel gives to whoever asks for any."""
    while True:
        port = _DRAWN.randrange(10_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
