# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports in and out."""

import struct

import pytest

from torrazzo.camera.rtcp import (
    Bye,
    Reception,
    Report,
    format_picture_loss,
    format_receiver_report,
    frame_interleaved,
    parse_rtcp,
)

NTP_1970 = 2_208_988_800


def sender_report(ssrc: int, seconds: int, fraction: int, stamp: int, blocks: int = 0) -> bytes:
    return struct.pack(">BBHIIIIII", 0x80 | blocks, 200, 6 + 6 * blocks, ssrc, seconds, fraction, stamp, 1, 2) + bytes(
        24 * blocks
    )


@pytest.mark.parametrize(
    ("seconds", "fraction", "ntp_ns"),
    [
        (NTP_1970 + 1_700_000_000, 1 << 31, 1_700_000_000_500_000_000),
        (0xFFFF_FFFF, 0, (0xFFFF_FFFF - NTP_1970) * 10**9),
        (5, 0, ((1 << 32) + 5 - NTP_1970) * 10**9),
    ],
    ids=["now", "last of era 0", "era 1 (after 2036)"],
)
def test_a_sender_report_tells_utc(seconds: int, fraction: int, ntp_ns: int) -> None:
    """NTP seconds count from 1900 and wrap in 2036."""
    data = sender_report(7, seconds, fraction, 99, blocks=1)
    assert parse_rtcp(data) == [Report(7, ntp_ns, (seconds & 0xFFFF) << 16 | fraction >> 16, 99)]


def test_a_camera_without_clock_says_nothing() -> None:
    """NTP 0 means that it has none (RFC 3550 section 6.4.1)."""
    assert parse_rtcp(sender_report(7, 0, 0, 99)) == []


def test_compound_packets_are_read_to_their_end() -> None:
    """SR, SDES, unknown types and BYE in one packet; what is cut off is left."""
    sdes = struct.pack(">BBHIBB", 0x81, 202, 2, 7, 1, 1) + b"x\0"
    bye = struct.pack(">BBHII", 0x82, 203, 2, 7, 8)
    data = sender_report(7, NTP_1970, 0, 0) + sdes + struct.pack(">BBH", 0x80, 209, 0) + bye
    assert [type(found) for found in parse_rtcp(data)] == [Report, Bye]
    assert parse_rtcp(data)[1] == Bye((7, 8))
    for stop in range(len(data)):
        assert len(parse_rtcp(data[:stop])) <= 1


@pytest.mark.parametrize(
    "data", [b"", b"0", b"\x80\xc8\0\0", b"\x9f\xcb\0\1" + bytes(4), b"\0" * 64, b"\x80\xc8\xff\xff"]
)
def test_broken_reports_are_passed_over(data: bytes) -> None:
    """No report is invented from bytes that aren't there."""
    assert all(isinstance(found, Bye) and len(found.ssrcs) <= 1 for found in parse_rtcp(data))


def test_a_receiver_report_has_the_form_of_the_rfc() -> None:
    """RR, then SDES with a CNAME, both a multiple of four bytes (RFC 3550 section 6.1)."""
    about = Reception(ssrc=7, lost=-1, fraction=3, highest=0x1_0005, middle=9, delay=11)
    data = format_receiver_report(0xAABBCCDD, b"name", about)
    head = struct.unpack(">BBHII", data[:12])
    assert head == (0x81, 201, 7, 0xAABBCCDD, 7)
    assert struct.unpack(">IIIII", data[12:32]) == (3 << 24 | 0xFF_FFFF, 0x1_0005, 0, 9, 11)
    assert data[32:] == struct.pack(">BBHI", 0x81, 202, 3, 0xAABBCCDD) + b"\1\4name\0\0"
    empty = format_receiver_report(1, b"ab", None)
    assert empty[:8] == struct.pack(">BBHI", 0x80, 201, 1, 1)
    assert len(empty) % 4 == 0


def test_a_picture_loss_indication_names_both_ends() -> None:
    """RFC 4585 section 6.3.1, and its frame in the connection."""
    data = format_picture_loss(1, 2)
    assert data == bytes.fromhex("81ce0002 00000001 00000002")
    assert frame_interleaved(1, data) == b"$\1\0\x0c" + data
