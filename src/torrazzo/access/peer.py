# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who sits at the other end of a connection on this machine: a Unix user, told by the kernel, never by the peer.

A Unix socket tells it (SO_PEERCRED). For TCP over loopback both ends are sockets of this machine, and the kernel lists
each with its owner in /proc/net/tcp and tcp6. Through an SSH tunnel it is the user that the tunnel's sshd runs as.
"""

import ipaddress
import pwd
import socket
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from torrazzo.base.errors import Refused

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

_CREDENTIALS = struct.Struct("=iII")  # struct ucred: pid, uid, gid
_ESTABLISHED = "01"  # of a socket that is being closed the kernel tells no owner but 0


class Peer(NamedTuple):
    """A person, as far as we know them."""

    uid: int
    name: str  # of the Unix user; the number where it has none

    @classmethod
    def of(cls, uid: int) -> "Peer":
        """With its name in the machine's user table."""
        try:
            return cls(uid, pwd.getpwuid(uid).pw_name)
        except KeyError:
            return cls(uid, str(uid))


def peer_of(connection: socket.socket) -> Peer:
    """At the other end of an accepted connection; raises `Refused` if the kernel does not tell (any more)."""
    if connection.family == socket.AF_UNIX:
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return Peer.of(_CREDENTIALS.unpack(credentials)[1])
    ours, theirs = connection.getsockname()[:2], connection.getpeername()[:2]
    lines = (line for table in TABLES if table.exists() for line in table.read_text().splitlines()[1:])
    uid = owner_in(lines, _key(*theirs), _key(*ours))
    if uid is None:
        raise Refused("who is at the other end of this connection cannot be told: ask again, from this machine itself")
    return Peer.of(uid)


def owner_in(lines: Iterable[str], local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """The owner of the established socket with these two ends, out of the lines of /proc/net/tcp or tcp6."""
    for line in lines:
        words = line.split()
        if len(words) > 7 and words[3] == _ESTABLISHED and (_end(words[1]), _end(words[2])) == (local, remote):
            return int(words[7])
    return None


def _end(text: str) -> tuple[str, int]:
    """`0100007F:2116` is 127.0.0.1 port 8470: an address in 32-bit words of the machine's own order."""
    address, _, port = text.partition(":")
    words = [bytes.fromhex(address[at : at + 8]) for at in range(0, len(address), 8)]
    if sys.byteorder == "little":
        words = [word[::-1] for word in words]
    return _key(str(ipaddress.ip_address(b"".join(words))), int(port, 16))


def _key(host: str, port: int) -> tuple[str, int]:
    """One spelling for an address, also where IPv4 is written within IPv6."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address), port
