# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a network who is there."""

import asyncio
import re
import socket
import struct

import pytest

from torrazzo.camera import CameraError, limits
from torrazzo.camera.onvif import discover
from torrazzo.camera.onvif.discovery import Gathering
from torrazzo.testing.onvif import FakeOnvif, Traits
from torrazzo.testing.onvif_texts import probe_match

IDS = ("5e1f0b5c-0000-4000-8000-000000000001", "5e1f0b5c-0000-4000-8000-000000000002")
FIRST = f"urn:uuid:{IDS[0]}"


def test_a_device_is_found() -> None:
    """A device answers several probes and stands once in the list, with the address from which it answered first."""
    with FakeOnvif(Traits(model="Fake 7")).running() as fake:
        found = asyncio.run(discover(1.0, "127.0.0.1", ("127.0.0.1", fake.discovery_port)))
        assert fake.probes == 4
    assert len(found) == 1
    assert found[0].addresses == (
        f"http://127.0.0.1:{fake.port}/onvif/device_service",
        "http://169.254.1.1/onvif/device_service",
    )
    assert found[0][2:] == ("127.0.0.1", "Fake 7", "F", "Piazza Stradivari")


def test_a_group_is_asked() -> None:
    """What is asked goes to a multicast group, and no further than this network."""
    group = "239.255.77.77"
    with FakeOnvif().running(group) as fake:
        found = asyncio.run(discover(1.0, "127.0.0.1", (group, fake.discovery_port)))
    assert [device.sender for device in found] == ["127.0.0.1"]


def test_probes_are_what_devices_expect() -> None:
    """A probe names its kind by prefixes that it declares, and each has its own number."""
    texts = [probe.decode() for probe in Gathering(IDS).probes()]
    assert [re.findall(r"<d:Types>([^<]*)<", text) for text in texts] == [
        ["dn:NetworkVideoTransmitter"],
        ["tds:Device"],
    ]
    assert all('xmlns:dn="http://www.onvif.org/ver10/network/wsdl"' in text for text in texts)
    assert all(f"urn:uuid:{number}<" in text for number, text in zip(IDS, texts, strict=True))


def test_only_answers_count() -> None:
    """Answers to others, addresses that are none, and what is no XML are passed over."""
    gathering = Gathering(IDS)
    for datagram in (
        probe_match("urn:uuid:other", "http://h", "x"),
        probe_match(FIRST, "ftp://h", "x").replace(b"http://169.254.1.1", b"http://u:p@h"),
        probe_match(FIRST, "http://h", "x") + b" " * limits.DISCOVERY_DATAGRAM,
        b"",
        b"<a/>",
        b"\xff" * 400,
        b"<!DOCTYPE a>" + probe_match(FIRST, "http://h", "x"),
    ):
        gathering.take(datagram, "10.0.0.1")
    assert gathering.devices == []
    gathering.take(probe_match(FIRST, "http://h", "\x1b[31m<b>"), "10.0.0.1")


def test_a_flood_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many answer, as many are kept and read as limits.py says."""
    monkeypatch.setattr(limits, "DISCOVERY_DEVICES", 5)
    monkeypatch.setattr(limits, "DISCOVERY_ANSWERS", 20)
    gathering = Gathering(IDS)
    for number in range(100):
        gathering.take(probe_match(FIRST, f"http://h{number}", f"m{number}"), "10.0.0.1")
    assert gathering.is_full
    assert len(gathering.devices) == 5


def test_a_flood_does_not_prolong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that never stops answering is heard only until the time is over."""

    async def search() -> int:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.bind(("127.0.0.1", 0))
            searching = asyncio.create_task(discover(0.5, "127.0.0.1", sock.getsockname()))
            _, sender = await loop.sock_recvfrom(sock, 65_536)
            began = loop.time()
            while not searching.done():
                await loop.sock_sendto(sock, struct.pack(">Q", 7) * 100, sender)
                await asyncio.sleep(0)
            assert loop.time() - began < 10
            return len(await searching)

    assert asyncio.run(search()) == 0


def test_no_such_network() -> None:
    """An address that is not ours cannot be asked from."""
    with pytest.raises(CameraError, match="no address to ask from"):
        asyncio.run(discover(0.1, "203.0.113.1"))
    with pytest.raises(CameraError, match="no address to ask from"):
        asyncio.run(discover(0.1, "nowhere"))
