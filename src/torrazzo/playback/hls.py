# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTTP Live Streaming (RFC 8216bis) of recorded segments: playlist, inits, segment bytes.

The pictures are served as they were recorded, in a `moof` whose times are changed: each segment counts its own from 0
and players want one time line, on which the first picture is shown at once. Exports hold the recorded bytes.
"""

import math
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple, Self

from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks
from torrazzo.playback.boxes import find_box
from torrazzo.playback.footage import REORDERED, Footage, Unreadable
from torrazzo.playback.index import Recorded
from torrazzo.segment import parse_fragment

GAP_TICKS = 10 * SECOND  # a long gap is told in parts, so that no part outlasts the target duration

_PART = re.compile(
    r"(init|seg)_([0-9a-f]{1,8}-[0-9]{1,10}-[0-9]{1,20})_([0-9]{1,18})(?:_([0-9]{1,18})(?:_([0-9]{1,6})-([0-9]{1,6}))?)?"
    r"\.(mp4|m4s)",
    re.ASCII,
)


class PartName(NamedTuple):
    """What a playlist calls an init (`init_<term>_<n>.mp4`) or a segment (`seg_<term>_<n>_<base>.m4s`).

    Of some of a segment's fragments: `seg_<term>_<n>_<base>_<first>-<last>.m4s`.
    """

    term: TermId
    n: int
    base: int | None  # ticks from the playlist's start at which the segment is decoded; None: the segment's init
    pieces: tuple[int, int] | None = None  # the first and the last; None: all of the segment

    def __str__(self) -> str:
        if self.base is None:
            return f"init_{self.term}_{self.n}.mp4"
        pieces = "" if self.pieces is None else f"_{self.pieces[0]}-{self.pieces[1]}"
        return f"seg_{self.term}_{self.n}_{self.base}{pieces}.m4s"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`; raises `Invalid`."""
        found = _PART.fullmatch(text)
        if found is None or (found[1] == "seg") != (found[4] is not None):
            raise Invalid(f"not a part of a playlist: {text!r}")
        pieces = None if found[5] is None else (int(found[5]), int(found[6]))
        name = cls(TermId.parse(found[2]), int(found[3]), None if found[4] is None else int(found[4]), pieces)
        if str(name) != text:
            raise Invalid(f"not a part of a playlist: {text!r}, expected {str(name)!r}")
        return name


class _Line(NamedTuple):
    """One entry of the playlist."""

    ticks: int
    name: str
    is_gap: bool
    at: int  # UTC ticks of its start
    breaks: bool  # time line or format are not those of the entry before
    init: str


def media_playlist(
    footage: Footage,
    stream: StreamId,
    span: Span,
    *,
    is_over: bool = True,
    opens: bool = True,
    folder: str = "",
    at: UtcTicks | None = None,
) -> str:
    """The playlist of the whole segments that touch a span; parts are named relative to it, in `folder`.

    With `is_over` false it may still grow at its end (an EVENT playlist): ask again with the same start. With `opens`
    false no segment is opened, and each names its own init: that takes no key, and one more request for each. The
    segment that holds the moment `at`, with which a player will begin, is told in the parts between its key frames: so
    the first picture takes a part of its bytes. Raises `Invalid` if nothing was recorded in the span, `Unreadable` if
    nothing of it can be read.
    """
    damages: list[str] = []
    lines = list(_lines(footage, stream, span, damages, is_over=is_over, opens=opens, at=at))
    if all(line.is_gap for line in lines):
        if damages:
            raise Unreadable(span, damages[0])
        raise Invalid(f"no picture was recorded in {span}; `footage list` and `footage gaps` tell what there is")
    longest = max(GAP_TICKS, *(line.ticks for line in lines))
    head = (
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{math.ceil(longest / SECOND)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if is_over else 'EVENT'}",
    )
    body = _body(lines, folder)
    return "\n".join((*head, *body, *(("#EXT-X-ENDLIST",) if is_over else ()), ""))


def _body(lines: list[_Line], folder: str) -> Iterator[str]:
    init = ""
    for number, line in enumerate(lines):
        if line.breaks and number:
            yield "#EXT-X-DISCONTINUITY"
        if line.init and line.init != init:
            init = line.init
            yield f'#EXT-X-MAP:URI="{folder}{init}"'
        if line.breaks or not number:
            yield f"#EXT-X-PROGRAM-DATE-TIME:{iso_from_ticks(line.at)}"
        if line.is_gap:
            yield "#EXT-X-GAP"
        yield f"#EXTINF:{line.ticks / SECOND:.6f},"
        yield folder + line.name


def _lines(
    footage: Footage,
    stream: StreamId,
    span: Span,
    damages: list[str],
    *,
    is_over: bool,
    opens: bool,
    at: UtcTicks | None,
) -> Iterator[_Line]:
    """A segment that cannot be opened is absent, as in a file, and told in `damages`."""
    cursor: int = span.start  # UTC up to which all is told
    base = 0  # the same, on the playlist's own time line
    init, init_name = b"", ""
    last: Recorded | None = None
    left_out = False
    for row in footage.segments(stream, span):
        if row.t0 == row.t1:  # takes no time: an export has its pictures, a player could not show them
            left_out = True
            continue
        try:
            now = footage.open_piece(row, 0) if opens else b""
        except Damaged as error:
            damages.append(str(error))
            continue
        step = footage.steps_between(last, row) if last is not None else 0
        missing = row.t0 - cursor - step
        if last is None and missing < 0:
            missing = 0
        if missing > 0:
            yield from _gap(cursor + step, missing, base)
            base += missing
        breaks = missing != 0 or step != 0 or now != init or left_out or last is None
        left_out = False
        if now != init or not opens:
            init, init_name = now, str(PartName(row.id.term, row.id.n, None))
        for part in _parts(footage, row, base, at):
            yield part._replace(breaks=breaks and part.at == row.t0, init=init_name)
        base += row.t1 - row.t0
        cursor = row.t1
        last = row
    if is_over and last is not None and cursor < span.end:
        yield from _gap(cursor, span.end - cursor, base)


def _parts(footage: Footage, row: Recorded, base: int, at: UtcTicks | None) -> Iterator[_Line]:
    """A segment: whole, or, where a player begins in it, from key frame to key frame."""
    name = PartName(row.id.term, row.id.n, base)
    groups = footage.groups(row) if at is not None and row.t0 <= at < row.t1 else []
    if len(groups) < 2:
        yield _Line(row.t1 - row.t0, str(name), False, row.t0, False, "")
        return
    for first, last, t0, t1 in groups:
        yield _Line(t1 - t0, str(name._replace(pieces=(first, last))), False, t0, False, "")


def _gap(start: int, ticks: int, base: int) -> Iterator[_Line]:
    """Absence, in parts."""
    for done in range(0, ticks, GAP_TICKS):
        part = min(GAP_TICKS, ticks - done)
        yield _Line(part, f"gap_{base + done}.m4s", True, start + done, done == 0, "")


def part_bytes(footage: Footage, stream: StreamId, name: PartName) -> bytes:
    """As `part_of`, in one; raises `Unavailable` if there is no such segment, and what that raises."""
    return b"".join(part_of(footage, footage.segment(SegmentId(stream, name.term, name.n)), name))


def part_of(footage: Footage, row: Recorded, name: PartName) -> list[bytes | bytearray]:
    """The init, or the fragments of the segment with their times moved to the playlist's, from `base` on.

    A damaged fragment is left out: the player goes on after it; so it does with the rest of the segment where nothing
    of a part of it is left. Raises `Damaged` if nothing at all is, `KeyGone` if nobody can open it any more.
    """
    base, pieces = name.base, name.pieces
    if base is None:
        return [footage.open_piece(row, 0)]
    if pieces is not None and not 0 < pieces[0] <= pieces[1] < len(row.places):
        raise Invalid(f"not a part of a playlist: {str(name)!r}, its segment has {len(row.places) - 1} fragments")
    fragments = [] if pieces is None else list(footage.intact_fragments(row, *pieces))
    if not fragments:
        pieces, fragments = None, list(footage.intact_fragments(row))
    samples = [sample for data in fragments for sample in parse_fragment(data)]
    if not samples:
        raise Damaged(f"{row.id.stream} {iso_from_ticks(row.t0)}: no fragment of segment {row.id.n} can be read")
    if pieces is None or (pieces[0] == 1 and len(samples) >= REORDERED):
        delay = min(sample.pts for sample in samples) - samples[0].dts
    else:
        delay = footage.delay(row)
    for data in fragments:
        _move(data, base, delay)
    return list[bytes | bytearray](fragments)


def _move(fragment: bytearray, base: int, delay: int) -> None:
    """Add to the fragment's decoding time, and let what is shown first be shown when the first is decoded."""
    tfdt = find_box(fragment, b"moof", b"traf", b"tfdt").start
    (time,) = struct.unpack_from(">Q", fragment, tfdt + 4)
    struct.pack_into(">Q", fragment, tfdt + 4, time + base)
    if delay:
        trun = find_box(fragment, b"moof", b"traf", b"trun")
        for at in range(trun.start + 24, trun.end, 16):  # duration, size, flags, composition offset of each sample
            (shift,) = struct.unpack_from(">i", fragment, at)
            struct.pack_into(">i", fragment, at, shift - delay)
