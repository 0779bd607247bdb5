# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exported file without the file: its size is known, any range of it is opened when asked for."""

import threading
from collections import OrderedDict
from collections.abc import Iterator

from torrazzo.base.times import SECOND, iso_from_ticks
from torrazzo.playback.clip import Clip, Extent
from torrazzo.playback.footage import Footage

KEPT_BYTES = 16 << 20  # of opened pieces: players read in small steps


class VirtualFile:
    """A planned clip, byte for byte. May be read by several threads."""

    media_type = "video/mp4"

    def __init__(self, footage: Footage, clip: Clip, kept_bytes: int = KEPT_BYTES) -> None:
        self.clip = clip
        self.size = clip.size
        self.etag = clip.etag
        self._footage = footage
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[Extent, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes [start, end), in parts of at most one piece; past the end there are none.

        Raises `Damaged` at a piece that has been damaged since the file was planned, `KeyGone` when its key went.
        """
        end = min(end, self.size)
        head = self.clip.head
        if start < min(end, len(head)):
            yield head[start:end]
        for extent in self.clip.extents_between(max(start, len(head)), end):
            data = self._open(extent)
            yield data[max(0, start - extent.at) : end - extent.at]

    def _open(self, extent: Extent) -> bytes:
        with self._lock:
            found = self._kept.get(extent)
            if found is not None:
                self._kept.move_to_end(extent)
                return found
        data = self._footage.open_piece(self.clip.segments[extent.segment], extent.piece)
        with self._lock:
            self._kept[extent] = data
            held = sum(map(len, self._kept.values()))
            while held > self._kept_bytes and len(self._kept) > 1:
                held -= len(self._kept.popitem(last=False)[1])
        return data


def explain(clip: Clip) -> Iterator[str]:
    """The file as text: a line for each stretch of bytes. For people who search a fault."""
    yield f"{clip.stream} {clip.span}"
    yield f"{clip.size} bytes, {clip.duration / SECOND:.3f} s, {clip.codec}, etag {clip.etag}"
    yield f"{0:>12} {len(clip.head):>10}  ftyp moov, head of mdat"
    for extent in clip.extents:
        row = clip.segments[extent.segment]
        what = "init" if extent.piece == 0 else f"fragment {extent.piece}"
        when = f"  from {iso_from_ticks(row.t0)} to {iso_from_ticks(row.t1)}" if extent.piece == 0 else ""
        yield f"{extent.at:>12} {extent.length:>10}  segment {row.id.term} n={row.id.n} {what}{when}"
    for loss in clip.losses:
        yield f"lost: {loss}"
