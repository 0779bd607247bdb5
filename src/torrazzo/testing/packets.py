# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""NAL units into RTP packets (RFC 6184 section 5, RFC 7798 section 4), made once per clip and stamped per sending."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from torrazzo.testing.clips import ClipUnit, is_picture

PAYLOAD_TYPE = 96
_HEADER = 12
_FRAME = 4  # `$`, channel, length: RFC 2326 section 10.12
_STAMP = struct.Struct(">HII")


class Burst(NamedTuple):
    """The packets of one access unit, ready but for sequence number, time stamp, SSRC and channel."""

    packets: tuple[bytes, ...]  # RTP headers with zeros in these fields, and payloads

    def stamp(self, seq: int, rtp: int, ssrc: int) -> list[bytearray]:
        """RTP packets numbered from `seq` on."""
        stamped = []
        for offset, packet in enumerate(self.packets):
            data = bytearray(packet)
            _STAMP.pack_into(data, 2, seq + offset & 0xFFFF, rtp & 0xFFFF_FFFF, ssrc)
            stamped.append(data)
        return stamped


def interleave(channel: int, packets: Sequence[bytes | bytearray]) -> bytes:
    """Packets as they stand on an RTSP connection."""
    parts: list[bytes | bytearray] = []
    for packet in packets:
        parts.append(struct.pack(">BBH", 0x24, channel, len(packet)))
        parts.append(packet)
    return b"".join(parts)


def make_burst(
    codec: str, unit: ClipUnit, mtu: int, *, aggregate: bool, parameter_sets: bool, marker: bool = True
) -> Burst:
    """One access unit; `aggregate` puts what precedes the picture into one packet; no `marker` is a known flaw."""
    nals = [nal for nal in unit.nals if parameter_sets or not _is_set(codec, nal)]
    first = next((at for at, nal in enumerate(nals) if is_picture(codec, nal)), len(nals))
    payloads: list[bytes] = []
    if aggregate and first > 1 and sum(len(nal) + 2 for nal in nals[:first]) < mtu - _HEADER - 2:
        payloads.append(_aggregate(codec, nals[:first]))
        nals = nals[first:]
    for nal in nals:
        payloads += _fragments(codec, nal, mtu - _HEADER) if len(nal) > mtu - _HEADER else [nal]
    last = len(payloads) - 1
    return Burst(
        tuple(
            struct.pack(">BBHII", 0x80, PAYLOAD_TYPE | (0x80 if marker and at == last else 0), 0, 0, 0) + payload
            for at, payload in enumerate(payloads)
        )
    )


def _is_set(codec: str, nal: bytes) -> bool:
    return nal[0] >> 1 & 63 in (32, 33, 34) if codec == "h265" else nal[0] & 31 in (7, 8)


def _aggregate(codec: str, nals: Sequence[bytes]) -> bytes:
    """STAP-A (RFC 6184 section 5.7.1) or AP (RFC 7798 section 4.4.2)."""
    head = bytes((48 << 1, 1)) if codec == "h265" else bytes((max(nal[0] & 0x60 for nal in nals) | 24,))
    return head + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def _fragments(codec: str, nal: bytes, size: int) -> list[bytes]:
    """FU-A (RFC 6184 section 5.8) or FU (RFC 7798 section 4.4.3)."""
    if codec == "h265":
        head, kind, skip = bytes((nal[0] & 0x81 | 49 << 1, nal[1])), nal[0] >> 1 & 63, 2
    else:
        head, kind, skip = bytes((nal[0] & 0xE0 | 28,)), nal[0] & 31, 1
    step = size - len(head) - 1
    starts = range(skip, len(nal), step)
    return [
        head
        + bytes((kind | (0x80 if at == skip else 0) | (0x40 if at + step >= len(nal) else 0),))
        + nal[at : at + step]
        for at in starts
    ]


def sender_report(ssrc: int, utc_ns: int, rtp: int, packets: int, octets: int) -> bytes:
    """RTCP SR and SDES CNAME (RFC 3550 section 6.4.1); `utc_ns` since 1970."""
    seconds, ns = divmod(utc_ns, 1_000_000_000)
    report = struct.pack(
        ">BBHIIIIII",
        0x80, 200, 6, ssrc, seconds + 2_208_988_800 & 0xFFFF_FFFF, (ns << 32) // 1_000_000_000,
        rtp & 0xFFFF_FFFF, packets & 0xFFFF_FFFF, octets & 0xFFFF_FFFF,
    )  # fmt: skip
    name = b"fake"
    chunk = struct.pack(">IBB", ssrc, 1, len(name)) + name + b"\0\0"
    return report + struct.pack(">BBH", 0x81, 202, len(chunk) // 4) + chunk


def goodbye(ssrc: int) -> bytes:
    """RTCP BYE (RFC 3550 section 6.6)."""
    return struct.pack(">BBHI", 0x81, 203, 1, ssrc)
