# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a camera would put on the wire: a packetizer written from RFC 3550, 6184 and 7798, for tests and fuzzing."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from torrazzo.camera.rtp import PEEK_SIZE, Depacketizer
from torrazzo.camera.units import AccessUnit, VideoFormat

FORMAT = VideoFormat("h264", 64, 48, (), 0, None)


class Plain:
    """An assembler that adds nothing: what the transport found, as it found it."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, tuple[bytes, ...], int, bool]] = []

    def push(
        self,
        data: bytes,
        nals: Sequence[tuple[int, int]],
        pts: int,
        lost: int,
        arrived_ns: int,
        *,
        discontinuity: bool,
    ) -> list[AccessUnit]:
        end = 0
        for at, size in nals:
            assert data[at - 4 : at] == size.to_bytes(4, "big"), "each NAL unit stands behind its length"
            assert at == end + 4
            assert size > 0
            end = at + size
        assert end == len(data)
        self.seen.append((pts, tuple(data[at : at + size] for at, size in nals), lost, discontinuity))
        return [AccessUnit(pts, pts, data, False, FORMAT, lost, arrived_ns, discontinuity)]

    def flush(self) -> list[AccessUnit]:
        return []


@dataclass
class Packetizer:
    """RTP packets of NAL units."""

    codec: str = "h264"
    ssrc: int = 0x1234_5678
    number: int = 65_500
    payload_type: int = 96
    most: int = 1_400
    has_markers: bool = True
    out: list[bytes] = field(default_factory=list)

    def packet(
        self, payload: bytes, stamp: int, *, marker: bool = False, first: int = 0x80, extra: bytes = b""
    ) -> bytes:
        """One packet; `first` and `extra` for padding, extensions and sources."""
        head = struct.pack(
            ">BBHII", first, marker << 7 | self.payload_type, self.number, stamp & 0xFFFF_FFFF, self.ssrc
        )
        self.number = self.number + 1 & 0xFFFF
        return head + extra + payload

    def picture(self, nals: Sequence[bytes], stamp: int) -> list[bytes]:
        """The packets of one picture."""
        payloads = [payload for nal in nals for payload in self.payloads(nal)]
        last = len(payloads) - 1
        return [
            self.packet(payload, stamp, marker=self.has_markers and place == last)
            for place, payload in enumerate(payloads)
        ]

    def payloads(self, nal: bytes) -> list[bytes]:
        """One NAL unit, whole or in fragments."""
        if len(nal) <= self.most:
            return [nal]
        if self.codec == "h264":
            heads, body, kind = bytes((nal[0] & 0xE0 | 28,)), nal[1:], nal[0] & 0x1F
        else:
            heads, body, kind = bytes((nal[0] & 0x81 | 49 << 1, nal[1])), nal[2:], nal[0] >> 1 & 0x3F
        step = self.most - len(heads) - 1
        pieces = [body[at : at + step] for at in range(0, len(body), step)]
        return [
            heads + bytes(((place == 0) << 7 | (place == len(pieces) - 1) << 6 | kind,)) + piece
            for place, piece in enumerate(pieces)
        ]


def frame(packet: bytes, channel: int = 0) -> bytes:
    """A packet as it goes through the RTSP connection."""
    return struct.pack(">cBH", b"$", channel, len(packet)) + packet


def interleave(packets: Iterable[bytes], channel: int = 0) -> bytes:
    """Several packets."""
    return b"".join(frame(packet, channel) for packet in packets)


def aggregate(nals: Sequence[bytes], codec: str = "h264") -> bytes:
    """A STAP-A or AP."""
    head = b"\x78" if codec == "h264" else b"\x60\x01"
    return head + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def depacketize(
    data: bytes, codec: str = "h264", cuts: Sequence[int] = (), out: Plain | None = None
) -> tuple[Plain, Depacketizer]:
    """All of `data`, in sweeps that end at `cuts`, each through one buffer that is spoiled between sweeps."""
    out = out or Plain()
    packets = Depacketizer(codec, 96, 90_000, (0, 1), out)
    feed_all(packets, data, cuts)
    packets.flush(0)
    return out, packets


def feed_all(packets: Depacketizer, data: bytes, cuts: Sequence[int] = ()) -> bytes:
    """Feed; returns what was not taken."""
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(data)), len(data)]
    rest = b""
    for start, stop in pairwise(edges):
        piece = rest + data[start:stop]
        buffer = bytearray(piece + b"\xa5" * PEEK_SIZE)
        view = memoryview(buffer)
        at = packets.feed(buffer, view, 0, len(piece), 0)
        rest = piece[at:]
        packets.keep()
        buffer[:] = b"\x5a" * len(buffer)
    return rest
