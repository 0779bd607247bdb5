# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""When each frame of a segment is shown, and what has to be decoded to see one.

Times are those of the playlist (hls.py): a segment's first shown frame stands at its start, the others keep the
distances that their camera gave them.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks
from torrazzo.playback.footage import Footage, Samples
from torrazzo.playback.index import LOOK_BACK, Recorded
from torrazzo.segment import parse_fragment, parse_init

MOST_FRAMES = 4_000  # that are decoded for one picture
MOST_BYTES = 64 << 20
REFRESH = 10 * SECOND  # a camera without such frames that every decoder can begin at has refreshed all by then


class NothingThere(Unavailable):
    """No frame is shown at that moment."""


class ShownFrame(NamedTuple):
    """One frame; in a segment they stand in the order in which they are decoded."""

    t: int  # UTC ticks from which on it is shown
    piece: int
    offset: int
    size: int
    is_key: bool
    is_sync: bool


class Coded(NamedTuple):
    """A frame, the last of these in order of decoding, with all that it refers to."""

    codec: str  # h264 or h265
    parameter_sets: tuple[bytes, ...]
    packets: tuple[bytes, ...]  # of each frame its NAL units, each behind its length in 4 bytes
    t: int  # UTC ticks from which on it is shown


class _Place(NamedTuple):
    samples: Samples
    frame: ShownFrame
    after_loss: bool


def shown_frames(samples: Samples) -> list[ShownFrame]:
    """In order of decoding."""
    frames = [(piece.piece, frame) for piece in samples.pieces for frame in piece.frames]
    if not frames:
        return []
    shift = samples.row.t0 + frames[0][1].dts - min(frame.pts for _, frame in frames)
    return [ShownFrame(f.pts + shift, piece, f.offset, f.size, f.is_key, f.is_sync) for piece, f in frames]


def segment_at(footage: Footage, stream: StreamId, at: int) -> Recorded:
    """The one that has this moment, the last recorded where clocks were set back; raises `NothingThere`."""
    rows = [row for row in footage.segments(stream, Span(UtcTicks(at), UtcTicks(at + 1))) if row.t0 <= at < row.t1]
    if not rows:
        raise NothingThere(f"{stream}: nothing was recorded at {iso_from_ticks(at)}")
    return rows[-1]


def coded_at(footage: Footage, stream: StreamId, at: int) -> Coded:
    """The frame that is shown at that moment; raises `NothingThere`, `Damaged`, what keys raise."""
    samples = footage.samples(segment_at(footage, stream, at))
    frames = _places(samples)
    before = [i for i, place in enumerate(frames) if place.frame.t <= at]
    if not before:
        raise Damaged(f"{stream}: of {iso_from_ticks(at)} nothing can be read")
    wanted = max(before, key=lambda i: (frames[i].frame.t, i))
    target = frames[wanted].frame
    chain = frames[: wanted + 1]
    start = _start(chain, target)
    while start is None and chain[0].frame.t > target.t - LOOK_BACK and len(chain) < MOST_FRAMES:
        if sum(place.frame.is_key for place in chain) > 1 and chain[0].frame.t < target.t - REFRESH:
            break
        earlier = _earlier(footage, stream, chain[0].samples)
        if not earlier:
            break
        chain = earlier + chain
        start = _start(chain, target)
    if start is None:
        start = _any_start(chain)
    if any(place.after_loss for place in chain[start + 1 :]):
        raise Damaged(f"{stream}: what the picture of {iso_from_ticks(at)} refers to can't be read")
    return _coded(footage, chain[start:][-MOST_FRAMES:], target.t)


def key_at(footage: Footage, stream: StreamId, at: int) -> Coded:
    """The last key frame at or before that moment in its segment, else its first one; opens as little as finds it."""
    row = segment_at(footage, stream, at)
    init = parse_init(footage.open_piece(row, 0))
    starts = footage.piece_starts(row)
    nearest = max(0, bisect_right(starts, at, key=lambda piece: piece.t0) - 1)
    for piece in (*reversed(starts[: nearest + 1]), *starts[nearest + 1 :]):
        try:
            data = footage.open_piece(row, piece.piece)
            keys = [sample for sample in parse_fragment(data) if sample.is_key]
        except Damaged:
            continue  # logged; another one will do
        early = [key for key in keys if piece.t0 + key.dts - keys[0].dts <= at] or keys[:1]
        if early:
            packet = data[early[-1].offset : early[-1].offset + early[-1].size]
            return Coded(init.codec, init.parameter_sets, (packet,), piece.t0)
    raise Damaged(f"{stream}: no key frame of {iso_from_ticks(row.t0)} can be read")


def _places(samples: Samples) -> list[_Place]:
    lost = {piece.piece for piece in samples.pieces if not piece.joined}
    places, last = [], 0
    for frame in shown_frames(samples):
        places.append(_Place(samples, frame, frame.piece != last and frame.piece in lost))
        last = frame.piece
    return places


def _start(chain: Sequence[_Place], target: ShownFrame) -> int | None:
    """Where every decoder can begin, the nearest one that is not shown after the target: what leads it is lost."""
    fitting = [i for i, place in enumerate(chain) if place.frame.is_sync and place.frame.t <= target.t]
    return fitting[-1] if fitting else None


def _any_start(chain: Sequence[_Place]) -> int:
    """Of a camera that refreshes its picture bit by bit: two key frames back all of it is fresh."""
    keys = [i for i, place in enumerate(chain) if place.frame.is_key]
    return keys[-2:][0] if keys else 0


def _earlier(footage: Footage, stream: StreamId, samples: Samples) -> list[_Place]:
    """The segment straight before, in the same format."""
    start = samples.row.t0
    rows = footage.segments(stream, Span(UtcTicks(max(0, start - 1)), UtcTicks(start)))
    found = next((row for row in reversed(rows) if row.t1 == start and row.t0 < start), None)
    if found is None:
        return []
    before = footage.samples(found)
    return _places(before) if before.init == samples.init else []


def _coded(footage: Footage, chain: Sequence[_Place], t: int) -> Coded:
    init = parse_init(chain[-1].samples.init)
    if sum(place.frame.size for place in chain) > MOST_BYTES:
        raise Damaged(f"{iso_from_ticks(t)}: more than {MOST_BYTES} bytes for one picture")
    packets, data = [], b""
    opened: tuple[object, int] | None = None
    for samples, frame, _ in chain:
        if opened != (samples.row.id, frame.piece):
            data, opened = footage.open_piece(samples.row, frame.piece), (samples.row.id, frame.piece)
        packets.append(data[frame.offset : frame.offset + frame.size])
    return Coded(init.codec, init.parameter_sets, tuple(packets), t)
