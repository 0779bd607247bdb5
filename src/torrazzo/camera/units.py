# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a stream gives: pictures in coding order, and what the camera says about its own clock."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class VideoFormat(NamedTuple):
    """What an MP4 sample entry must say about a stream; the same object until it changes."""

    codec: str  # 'h264' or 'h265'
    width: int
    height: int
    parameter_sets: tuple[bytes, ...]  # raw NAL units: VPS, SPS, PPS, in this order
    reorder: int  # pictures that may be decoded before one that is shown earlier
    interval: int | None  # ticks a frame, if the stream declares it


class AccessUnit(NamedTuple):
    """One coded picture with all that belongs to it."""

    pts: int  # MediaTicks, unwrapped
    dts: int  # MediaTicks, strictly increasing between discontinuities
    data: bytes  # NAL units, each behind its length in 4 bytes; parameter sets in band if is_key
    is_key: bool  # decoding may begin here
    format: VideoFormat
    lost: int  # packets lost in transport since the unit before
    arrived_ns: int  # BootNs of the read that completed it
    discontinuity: bool  # the sender restarted its time: pts and dts don't compare with those before


class SenderReport(NamedTuple):
    """The camera's clock and its media time at one moment (RFC 3550 section 6.4.1)."""

    ntp_ns: int  # UTC nanoseconds as the camera believes
    pts: int  # MediaTicks of the same moment
    arrived_ns: int


Event = AccessUnit | SenderReport


class UnitAssembler(Protocol):
    """Makes access units of what the transport found to belong to one picture; `codec/` has it."""

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
        """One whole picture in; none, one or several out (decoding times may need the pictures after).

        `data` holds the NAL units behind 4-byte lengths; `nals` has (offset, length) of each, length field left out.
        """
        ...

    def flush(self) -> list[AccessUnit]:
        """The stream is over: give what was held back."""
        ...
