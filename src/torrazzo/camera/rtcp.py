# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""RTCP: what a sender says about its clock and its end, what we say back. Pure.

RFC 3550 section 6, RFC 4585 section 6.3.
"""

import struct
from typing import NamedTuple

from torrazzo.camera import limits

_HEAD = struct.Struct(">BBH")
_REPORT = struct.Struct(">IIII")  # SSRC, NTP seconds, NTP fraction, RTP time stamp
_BLOCK = struct.Struct(">IIIIII")
_SECONDS_1900_TO_1970 = 2_208_988_800
_ERA = 1 << 32  # NTP seconds wrap in 2036


class Report(NamedTuple):
    """A sender report."""

    ssrc: int
    ntp_ns: int  # UTC
    middle: int  # the middle 32 bits of its NTP time, to be echoed
    stamp: int  # RTP time stamp of the same moment


class Bye(NamedTuple):
    """These senders stop."""

    ssrcs: tuple[int, ...]


class Reception(NamedTuple):
    """What a receiver report says about one sender."""

    ssrc: int
    lost: int  # since the beginning
    fraction: int  # lost since the report before, in 1/256
    highest: int  # extended sequence number
    middle: int  # of the last sender report; 0 if none came
    delay: int  # since then, 1/65536 s


def parse_rtcp(data: bytes) -> list[Report | Bye]:
    """The reports in one compound packet that we use; others, and what is broken behind them, are passed over."""
    found: list[Report | Bye] = []
    at = 0
    while at + 4 <= len(data) and len(found) < limits.RTCP_HELD:
        first, kind, words = _HEAD.unpack_from(data, at)
        stop = at + 4 + 4 * words
        if first >> 6 != 2 or stop > len(data):
            break
        if kind == 200 and stop - at >= 28:
            ssrc, seconds, fraction, stamp = _REPORT.unpack_from(data, at + 4)
            if seconds:  # 0: the camera has no clock
                since = seconds - _SECONDS_1900_TO_1970 + (_ERA if seconds < _ERA >> 1 else 0)
                ntp_ns = since * 1_000_000_000 + (fraction * 1_000_000_000 >> 32)
                found.append(Report(ssrc, ntp_ns, (seconds & 0xFFFF) << 16 | fraction >> 16, stamp))
        elif kind == 203:
            count = min(first & 31, words)
            found.append(Bye(struct.unpack_from(f">{count}I", data, at + 4)))
        at = stop
    return found


def format_receiver_report(own: int, name: bytes, about: Reception | None) -> bytes:
    """A receiver report with its source description (CNAME), as they must go together (RFC 3550 section 6.1)."""
    if about is None:
        report = struct.pack(">BBHI", 0x80, 201, 1, own)
    else:
        lost = max(-0x80_0000, min(about.lost, 0x7F_FFFF)) & 0xFF_FFFF
        report = struct.pack(">BBHI", 0x81, 201, 7, own) + _BLOCK.pack(
            about.ssrc, about.fraction << 24 | lost, about.highest, 0, about.middle, about.delay & 0xFFFF_FFFF
        )
    item = bytes((1, len(name))) + name
    item += b"\0" * (4 - len(item) % 4)
    return report + struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, own) + item


def format_picture_loss(own: int, sender: int) -> bytes:
    """Ask a sender for a key frame (PLI, RFC 4585 section 6.3.1)."""
    return struct.pack(">BBHII", 0x81, 206, 2, own, sender)


def frame_interleaved(channel: int, data: bytes) -> bytes:
    """A packet as it goes through the RTSP connection (RFC 2326 section 10.12)."""
    return struct.pack(">cBH", b"$", channel, len(data)) + data
