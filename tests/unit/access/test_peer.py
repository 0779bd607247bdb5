# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is at the other end of a connection, and what they may do."""

import os
import pwd
import socket
from collections.abc import Iterator

import pytest

from torrazzo.access import Peer, People, peer_of
from torrazzo.access.peer import owner_in
from torrazzo.base.errors import Refused
from torrazzo.town.home import RIGHTS

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(params=["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def connected(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client, and the server's end of its connection; the last one calls an IPv4 server by an IPv6 address."""
    host: str = request.param
    listens = "127.0.0.1" if host.endswith("127.0.0.1") else host
    families = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in (listens, host)]
    with socket.create_server((listens, 0), family=families[0]) as server, socket.socket(families[1]) as client:
        client.connect((host, server.getsockname()[1]))
        accepted, _ = server.accept()
        with accepted:
            yield client, accepted


def test_the_kernel_tells_who_connected(connected: tuple[socket.socket, socket.socket]) -> None:
    """Over loopback, by either family and by IPv4 within IPv6."""
    assert peer_of(connected[1]) == Peer(os.getuid(), ME)


def test_of_whom_is_gone_nobody_is_believed(connected: tuple[socket.socket, socket.socket]) -> None:
    """Of a socket that is closed the kernel tells user 0, who is not the one that had it: refused."""
    connected[0].close()
    with pytest.raises(Refused, match="cannot be told"):
        peer_of(connected[1])


def test_a_unix_socket_tells_its_peer() -> None:
    """By its credentials."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer_of(ours) == Peer(os.getuid(), ME)


def test_the_kernel_s_list_is_read_as_it_is_written() -> None:
    """Lines of both tables; only an established socket with just these two ends is theirs."""
    head = "  1: 0100007F:A1B2 0100007F:2116 01 00000000:00000000 00:00000000 00000000  4711        0 1 1 0"
    closing = head.replace(" 01 ", " 06 ").replace("4711", "   0")
    six = "  1: 0000000000000000FFFF00000100007F:A1B2 0000000000000000FFFF00000100007F:2116 01 0:0 00:0 0 4712 0 1"
    ends = ("127.0.0.1", 0xA1B2), ("127.0.0.1", 0x2116)
    assert owner_in([head], *ends) == 4711
    assert owner_in([six], *ends) == 4712
    assert owner_in([closing, "", "garbage"], *ends) is None
    assert owner_in([head], ends[1], ends[0]) is None
    assert owner_in([head], ends[0], ("127.0.0.1", 1)) is None


def test_only_who_is_named_may() -> None:
    """The owner has all rights until he is named; others what stands there; the text says what to write."""
    owner = Peer(os.getuid(), ME)
    anna = Peer(4711, "anna")
    people = People({"anna": ("view",)}, owner.uid)
    for right in RIGHTS:
        people.check(owner, right)
    people.check(anna, "view")
    with pytest.raises(Refused, match=r'anna = \["view", "approve"\]'):
        people.check(anna, "approve")
    with pytest.raises(Refused, match=r'4712 = \["ask"\]'):
        people.check(Peer(4712, "4712"), "ask")
    assert people.others
    alone = People({ME: ("view",)}, owner.uid)
    assert not alone.others
    assert not alone.may(owner, "ask")
