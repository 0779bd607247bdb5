# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""NAL units of one moment → access unit: is it a place to begin at, in which format, and when is it decoded."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torrazzo.camera import limits
from torrazzo.camera.codec import h264, h265
from torrazzo.camera.codec.bits import BadBits
from torrazzo.camera.codec.parameter_sets import ParameterSets
from torrazzo.camera.codec.reorder import Reorder
from torrazzo.camera.units import AccessUnit, VideoFormat

_H264_CARE = 1 << h264.IDR | 1 << h264.SEI | 1 << h264.SPS | 1 << h264.PPS
_H264_SETS = 1 << h264.SPS | 1 << h264.PPS
_H265_SETS = 1 << h265.VPS | 1 << h265.SPS | 1 << h265.PPS
_H265_CARE = h265.IRAP_MASK | _H265_SETS
_H265_REFRESHES = 1 << h265.PREFIX_SEI
_ALL = -1

# How long to wait for a place to begin at, from the first picture on; then a lesser one will do. Pictures that can't be
# decoded in full for a while are worth more than none. Nanoseconds.
_WAIT_FOR_KEY = 10_000_000_000  # then a picture of intra slices
_WAIT_FOR_INTRA = 60_000_000_000  # then any

# After so long without a key picture the start of a gradual refresh counts as one: whoever waits for a key picture
# (a recorder after a full disk, a player that seeks) would wait for ever. Nanoseconds.
_REFRESH_IS_KEY = 30_000_000_000

_NO_SETS = "its parameter sets (SPS, PPS) are missing: neither in the session description nor in the stream"
_NO_KEY = "no key frame yet"

# All that decides what comes next, beside sets, prefix, format and order
_STAND = ("missing", "_care", "_began_pts", "_waiting_since", "_last_key_ns", "_refreshes", "_restarted")

Nals = Sequence[tuple[int, int]]  # offset and length of each, without its length field


class Assembler:
    """Access units of one stream. Nothing is given before a picture that decoding can begin at."""

    def __init__(self, codec: str, announced: Iterable[bytes] = ()) -> None:
        """`announced`: parameter sets of the session description, raw NAL units."""
        self.dropped = 0  # pictures before the first that decoding can begin at, or that can't be decoded from there
        self.sets = ParameterSets(codec, announced)
        self.missing: str | None = _NO_KEY  # why no unit was given yet
        self._is_h264 = codec == "h264"
        self._pictures = h264.VCL_MASK if self._is_h264 else h265.VCL_MASK
        self._care = _ALL  # types of NAL unit that `push` must look at
        self._prefix: list[bytes] = []  # NAL units that came without a picture
        self._format: VideoFormat | None = None
        self._order = Reorder()
        self._began_pts: int | None = None  # while pictures may follow that can't be decoded from there
        self._waiting_since: int | None = None
        self._last_key_ns = 0
        self._refreshes = False  # began at the start of a gradual refresh
        self._restarted = False

    @property
    def format(self) -> VideoFormat | None:
        """Of the last unit."""
        return self._format

    def stand(self) -> dict[str, Any]:
        """Where it stands, for one elsewhere that goes on from there."""
        plain = {name: getattr(self, name) for name in _STAND}
        kept = {"sets": self.sets.in_force(), "prefix": list(self._prefix), "order": self._order.stand()}
        return {**plain, **kept, "format": None if self._format is None else list(self._format)}

    def resume(self, stand: Mapping[str, Any]) -> None:
        """Go on from where another stood."""
        for name in _STAND:
            setattr(self, name, stand[name])
        self._prefix = list(stand["prefix"])
        self._order.resume(stand["order"])
        for nal in stand["sets"]:
            self.sets.take(nal)
        if (found := stand["format"]) is not None:
            codec, width, height, sets, reorder, interval = found
            self._format = VideoFormat(codec, width, height, tuple(sets), reorder, interval)

    def push(
        self, data: bytes, nals: Nals, pts: int, lost: int, arrived_ns: int, *, discontinuity: bool
    ) -> list[AccessUnit]:
        """Take all NAL units of one presentation time, each behind its length in 4 bytes; none or one unit out.

        No NAL unit in it may be empty. What comes without a picture is put in front of the next one. What can't be read
        is passed on as it is.
        """
        types = 0
        if self._is_h264:
            for at, _ in nals:
                types |= 1 << (data[at] & 0x1F)
        else:
            for at, _ in nals:
                types |= 1 << (data[at] >> 1 & 0x3F)
        order = self._order
        top = order.top
        if discontinuity or (top is not None and pts < top and order.has_jumped(pts)):
            order.restart()
            self._restarted = True
            self._end_beginning()
        is_key = False
        if types & self._care or not types & self._pictures:
            if not types & self._pictures:
                self._hold(data, nals)
                return []
            if self._prefix:
                data, nals, types = self._with_prefix(data, nals)
            is_key, data = self._examine(data, nals, types, pts, arrived_ns)
            if self._format is None or self._is_undecodable(types, pts):
                self.dropped += 1
                return []
            if is_key:
                order.begin_gop(self._format.reorder, self._format.interval)
        assert self._format is not None  # else everything needs care
        has_restarted, self._restarted = self._restarted, False
        return [AccessUnit(pts, order.place(pts), data, is_key, self._format, lost, arrived_ns, has_restarted)]

    def flush(self) -> list[AccessUnit]:
        """The stream is over; nothing is held back."""
        return []

    def _examine(self, data: bytes, nals: Nals, types: int, pts: int, arrived_ns: int) -> tuple[bool, bytes]:
        """Whether decoding can begin here, and the unit with all parameter sets in it if so."""
        if types & (_H264_SETS if self._is_h264 else _H265_SETS):
            self._take_sets(data, nals)
        try:
            is_key, is_refresh = self._point(data, nals, types)
            if self._format is None and not is_key and not is_refresh:
                is_refresh = self._is_out_of_patience(data, nals, arrived_ns)
            if not is_key and not is_refresh:
                return False, data
            found = self.sets.format(self._pps(data, nals))
        except BadBits:  # a damaged slice header or SEI: nothing to begin at, yet a decoder may conceal it
            return False, data
        if found is None:
            self.missing = _NO_SETS if self._format is None else None
            return False, data
        if self._format is None:
            self._refreshes = not is_key
            self._begin(found, types, pts)
            is_key = True
        elif found != self._format:
            self._format = found
        if arrived_ns - self._last_key_ns >= _REFRESH_IS_KEY:
            is_key = True
        if is_key:
            self._last_key_ns = arrived_ns
        return is_key, _with_sets(data, nals, self._format or found, self._is_h264)

    def _begin(self, found: VideoFormat, types: int, pts: int) -> None:
        self._format = found
        self.missing = None
        self._began_pts = pts
        if self._is_h264 and types & 1 << h264.IDR:
            self._end_beginning()

    def _end_beginning(self) -> None:
        self._began_pts = None
        self._settle()

    def _settle(self) -> None:
        """Look at no more than is needed."""
        if self._format is None or self._began_pts is not None or self._prefix:
            self._care = _ALL
        else:
            self._care = _H264_CARE if self._is_h264 else _H265_CARE | self._refreshes * _H265_REFRESHES

    def _is_undecodable(self, types: int, pts: int) -> bool:
        """Whether a picture is shown before the first one and refers to what came before that."""
        began = self._began_pts
        if began is None:
            return False
        if pts > began:
            self._end_beginning()
            return False
        return pts < began and (self._is_h264 or bool(types & h265.RASL_MASK))

    def _is_out_of_patience(self, data: bytes, nals: Nals, arrived_ns: int) -> bool:
        if self._waiting_since is None:
            self._waiting_since = arrived_ns
        waited = arrived_ns - self._waiting_since
        if waited > _WAIT_FOR_INTRA:
            return True
        return self._is_h264 and waited > _WAIT_FOR_KEY and h264.slice_start(self._first_slice(data, nals))[0]

    def _point(self, data: bytes, nals: Nals, types: int) -> tuple[bool, bool]:
        """Whether this is a clean place to begin at, and whether it begins a gradual refresh."""
        if not self._is_h264:
            if types & h265.IRAP_MASK:
                return True, False
            if (self._format is None or self._refreshes) and types & _H265_REFRESHES:
                return False, any(
                    h265.nal_type(data[at]) == h265.PREFIX_SEI and h265.has_recovery(data[at : at + size])
                    for at, size in nals
                )
            return False, False
        if types & 1 << h264.IDR:
            return True, False
        if types & 1 << h264.SEI:
            for at, size in nals:
                if data[at] & 0x1F == h264.SEI:
                    count = h264.find_recovery(data[at : at + size])
                    if count is not None:
                        is_intra, _ = h264.slice_start(self._first_slice(data, nals))
                        return count == 0 and is_intra, True
        return False, False

    def _first_slice(self, data: bytes, nals: Nals) -> bytes:
        for at, size in nals:
            if self._is_h264:
                if 1 << (data[at] & 0x1F) & h264.VCL_MASK:
                    return data[at : at + size]
            elif not data[at] & 0x40:
                return data[at : at + size]
        raise BadBits("access unit: a slice expected, found none")

    def _pps(self, data: bytes, nals: Nals) -> int:
        first = self._first_slice(data, nals)
        return h264.slice_start(first)[1] if self._is_h264 else h265.slice_pps(first)

    def _hold(self, data: bytes, nals: Nals) -> None:
        """Keep what came without a picture, up to the limit."""
        self._take_sets(data, nals)
        room = limits.PREFIX_NALS - len(self._prefix)
        self._prefix += [data[at - 4 : at + size] for at, size in nals[:room]]
        self._settle()

    def _with_prefix(self, data: bytes, nals: Nals) -> tuple[bytes, Nals, int]:
        """The unit with what was held back behind its delimiter."""
        whole = _insert(data, nals, b"".join(self._prefix), self._is_h264)
        self._prefix.clear()
        self._settle()
        places, types, at = [], 0, 4
        while at < len(whole):
            size = int.from_bytes(whole[at - 4 : at], "big")
            places.append((at, size))
            types |= 1 << (whole[at] & 0x1F if self._is_h264 else whole[at] >> 1 & 0x3F)
            at += size + 4
        return whole, places, types

    def _take_sets(self, data: bytes, nals: Nals) -> None:
        mask = _H264_SETS if self._is_h264 else _H265_SETS
        for at, size in nals:
            kind = data[at] & 0x1F if self._is_h264 else data[at] >> 1 & 0x3F
            if 1 << kind & mask:
                self.sets.take(data[at : at + size])


def _with_sets(data: bytes, nals: Nals, found: VideoFormat, is_h264: bool) -> bytes:
    """The unit with all parameter sets in force before its first picture, after its delimiter.

    Where one is missing, all are put in: together they are in the right order.
    """
    present = {data[at : at + size].rstrip(b"\0") for at, size in nals}
    if present.issuperset(found.parameter_sets):
        return data
    sets = b"".join(struct.pack(">I", len(nal)) + nal for nal in found.parameter_sets)
    return _insert(data, nals, sets, is_h264)


def _insert(data: bytes, nals: Nals, more: bytes, is_h264: bool) -> bytes:
    """More NAL units at the front of a unit, but after its delimiter."""
    at, size = nals[0]
    is_delimiter = data[at] & 0x1F == h264.AUD if is_h264 else data[at] >> 1 & 0x3F == h265.AUD
    cut = at + size if is_delimiter else 0
    return data[:cut] + more + data[cut:]
