# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the page listens: on this machine; for other machines only with accounts, and TLS of ours or of a proxy."""

import errno
import ipaddress
import socket

from torrazzo.base.errors import Invalid, Refused, Unavailable

LOOPBACK = "127.0.0.1"
LAST_PORT = 65_535


def check_loopback(host: str) -> str:
    """The address of `host` if it is loopback; raises `Refused` for any other, names included that mean more."""
    if host == "localhost":
        return LOOPBACK
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise Refused(
            f"the page would listen on {host!r}: footage could then be seen from other machines, and there are no "
            "accounts there. Use 127.0.0.1 or ::1; for other machines see [public] in docs/1-operate/people.md; or "
            "use a tunnel: ssh -L 8470:127.0.0.1:8470 USER@SERVER"
        )
    return str(address)


def check_port(port: int) -> None:
    """Raises `Invalid` for a number that is no port."""
    if not 0 <= port <= LAST_PORT:
        raise Invalid(f"--port {port}: a port is a number from 1 to {LAST_PORT}, or 0 for a free one")


def bind_page(host: str, port: int) -> socket.socket:
    """A socket for the page; raises `Refused` beyond loopback, `Unavailable` if the port is taken, `Invalid`."""
    address = check_loopback(host)
    check_port(port)
    return _listen(address, port)


def bind_public(listen: str) -> socket.socket:
    """A socket for other machines, at `host:port`; whoever asks for it has made sure that it may be."""
    host, _, port = listen.rpartition(":")
    check_port(int(port))
    try:
        address = str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        address = check_loopback(host)
    return _listen(address, int(port))


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # named TCP, so that asyncio knows it for that: else each answer's last part waits 40 ms for a late acknowledgement
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        taken = error.errno in {errno.EADDRINUSE, errno.EACCES}
        hint = "; choose another with --port, or 0 for a free one" if taken else ""
        raise Unavailable(f"the page cannot listen on {address} port {port}: {error.strerror}{hint}") from error
    return listener


def page_address(listener: socket.socket) -> str:
    """`http://127.0.0.1:8470/`."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def allowed_hosts(listener: socket.socket) -> frozenset[str]:
    """Values of the Host header that mean us; a page elsewhere whose name was pointed at loopback has another."""
    port = listener.getsockname()[1]
    names = ("localhost", "127.0.0.1", "[::1]")
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())
