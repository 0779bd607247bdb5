# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How H.264 and H.265 lie in RTP packets: the numbers in which the two differ. Pure."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass

from torrazzo.camera import limits
from torrazzo.camera.codec.sei import messages_end

_START_CODE = re.compile(rb"\x00\x00\x00?\x01")


@dataclass(frozen=True, slots=True)
class Payload:
    """One codec's packet forms."""

    header: int  # bytes of a NAL unit's header, and of a payload header
    fragment: int  # NAL unit types of packet forms
    aggregate: int
    unsupported: frozenset[int]
    last_single: int  # types above are reserved for other uses: passed over
    skip: int  # from '$' to a fragment's content in a plain packet: 4 + 12 + headers
    shift: int  # to drop from 4 payload bytes all that is behind a fragment's headers
    kind_of: Callable[[int], int]  # first byte -> NAL unit type
    is_picture: Callable[[int], bool]  # whether a type carries picture data
    partitions: frozenset[int]  # of these, types that never begin a picture
    messages: frozenset[int]  # types that hold SEI messages
    leading: frozenset[int]  # types that behind picture data begin the next access unit
    fragment_head: Callable[[memoryview], bytes]  # first fragment -> its NAL unit's header
    middle: Callable[[memoryview], int]  # any fragment -> the headers of a middle one, as a number


def _h264_middle(body: memoryview) -> int:
    return body[0] << 8 | body[1] & 0x1F


def _h265_middle(body: memoryview) -> int:
    return body[0] << 16 | body[1] << 8 | body[2] & 0x3F


PAYLOADS = {
    # RFC 6184: section 5.6 single, 5.7.1 STAP-A, 5.8 FU-A; STAP-B, MTAP and FU-B belong to the interleaved mode
    "h264": Payload(
        header=1,
        fragment=28,
        aggregate=24,
        unsupported=frozenset({25, 26, 27, 29}),
        last_single=23,
        skip=18,
        shift=16,
        kind_of=lambda first: first & 0x1F,
        is_picture=lambda kind: 1 <= kind <= 5,
        partitions=frozenset({3, 4}),
        messages=frozenset({6}),
        leading=frozenset({6, 7, 8, 9, 14, 15, 16, 17, 18}),  # H.264 section 7.4.1.2.3
        fragment_head=lambda body: bytes((body[0] & 0xE0 | body[1] & 0x1F,)),
        middle=_h264_middle,
    ),
    # RFC 7798: section 4.4.1 single, 4.4.2 AP, 4.4.3 FU; PACI is not used by cameras; no DONL (sdp.py refuses it)
    "h265": Payload(
        header=2,
        fragment=49,
        aggregate=48,
        unsupported=frozenset({50}),
        last_single=47,
        skip=19,
        shift=8,
        kind_of=lambda first: first >> 1 & 0x3F,
        is_picture=lambda kind: kind < 32,
        partitions=frozenset(),
        messages=frozenset({39, 40}),
        leading=frozenset({32, 33, 34, 35, 39, *range(41, 45)}),  # H.265 section 7.4.2.4.4
        fragment_head=lambda body: bytes((body[0] & 0x81 | (body[2] & 0x3F) << 1, body[1])),
        middle=_h265_middle,
    ),
}


def split_units(nal: memoryview, rules: Payload) -> list[memoryview]:
    """The parts between start codes (Annex B), which a NAL unit itself can't hold; usually one, none if too many.

    Some cameras sign in SEI messages without emulation prevention: there a start code means nothing.
    """
    start = messages_end(nal, rules.header) if rules.kind_of(nal[0]) in rules.messages else 0
    found = list(itertools.islice(_START_CODE.finditer(nal, start), limits.PACKET_NALS))
    if not found:
        return [nal]
    if len(found) == limits.PACKET_NALS:
        return []
    edges = [0, *(edge for code in found for edge in code.span()), len(nal)]
    return [nal[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
