# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The parameter sets in force, and the format that follows from them."""

from collections.abc import Iterable

from torrazzo.camera import limits
from torrazzo.camera.codec import h264, h265
from torrazzo.camera.codec.bits import BadBits
from torrazzo.camera.units import VideoFormat

Key = tuple[int, int]  # NAL unit type, the set's number


class ParameterSets:
    """What a stream announced, in SDP or in band: a later set replaces one of the same kind and number."""

    def __init__(self, codec: str, announced: Iterable[bytes]) -> None:
        self.codec = codec
        self.refused = 0  # sets that can't be read or are too many
        self.last_refusal = ""
        self._sets: dict[Key, bytes] = {}
        self._sps: dict[int, h264.Sps | h265.Sps] = {}
        self._sps_of: dict[int, int] = {}  # by number of the picture parameter set
        self._formats: dict[int, VideoFormat] = {}  # by number of the picture parameter set
        self._intervals: dict[int, int | None] = {}  # by number of the video parameter set
        for nal in announced:
            self.take(nal)

    def in_force(self) -> list[bytes]:
        """All of them, in the order in which they were announced."""
        return list(self._sets.values())

    def take(self, nal: bytes) -> bool:
        """Put a set in force; whether anything changed. One that can't be read is refused and counted."""
        try:
            nal = nal.rstrip(b"\0")  # trailing_zero_8bits of a byte stream; no NAL unit ends so
            if len(nal) > limits.PARAMETER_SET:
                raise BadBits(f"parameter set: at most {limits.PARAMETER_SET} bytes expected, found {len(nal)}")
            if len(nal) < (2 if self.codec == "h264" else 3):
                raise BadBits(f"parameter set: found {len(nal)} bytes")
            for key, known in self._sets.items():
                if known == nal:  # announced before every key frame, and read once
                    return self._put(key, nal)
            return self._take_h264(nal) if self.codec == "h264" else self._take_h265(nal)
        except BadBits as error:
            self.refused += 1
            self.last_refusal = str(error)
            return False

    def _take_h264(self, nal: bytes) -> bool:
        kind = h264.nal_type(nal[0])
        if kind == h264.SPS:
            sps = h264.parse_sps(nal)
            changed = self._put((kind, sps.id), nal)
            self._sps[sps.id] = sps
            return changed
        if kind == h264.PPS:
            number, sps_id = h264.parse_pps_ids(nal)
            changed = self._put((kind, number), nal)
            self._sps_of[number] = sps_id
            return changed
        return False

    def _take_h265(self, nal: bytes) -> bool:
        kind = h265.nal_type(nal[0])
        if nal[0] & 1 or nal[1] >> 3:
            return False  # of another layer (nuh_layer_id): stays in band, decoders of one layer pass over it
        if kind == h265.VPS:
            number = h265.parse_vps_id(nal)
            changed = self._put((kind, number), nal)
            self._intervals[number] = h265.parse_vps_interval(nal)
            return changed
        if kind == h265.SPS:
            sps = h265.parse_sps(nal)
            changed = self._put((kind, sps.id), nal)
            self._sps[sps.id] = sps
            return changed
        if kind == h265.PPS:
            number, sps_id = h265.parse_pps_ids(nal)
            changed = self._put((kind, number), nal)
            self._sps_of[number] = sps_id
            return changed
        return False

    def _put(self, key: Key, nal: bytes) -> bool:
        before = self._sets.pop(key, None)
        self._sets[key] = nal  # now the one announced last
        if before == nal:
            return False
        if len(self._sets) > limits.PARAMETER_SETS:
            self._forget(next(iter(self._sets)))
        self._formats.clear()
        return True

    def _forget(self, key: Key) -> None:
        del self._sets[key]
        kind, number = key
        if kind in {h264.PPS, h265.PPS}:
            self._sps_of.pop(number, None)
        elif kind in {h264.SPS, h265.SPS}:
            self._sps.pop(number, None)

    def format(self, pps: int) -> VideoFormat | None:
        """The format of a picture that refers to a picture parameter set; None while sets are missing.

        All sets in force belong to it, for a stream may turn to any of them; the same object until one changes.
        """
        known = self._formats.get(pps)
        if known is not None:
            return known
        sps = self._sps.get(self._sps_of.get(pps, -1))
        if sps is None:
            return None
        interval = sps.interval
        if isinstance(sps, h265.Sps):
            if (h265.VPS, sps.vps_id) not in self._sets:
                return None
            interval = interval or self._intervals[sps.vps_id]
        nals = tuple(nal for _, nal in sorted(self._sets.items()))
        found = VideoFormat(self.codec, sps.width, sps.height, nals, sps.reorder, interval)
        self._formats[pps] = found
        return found
