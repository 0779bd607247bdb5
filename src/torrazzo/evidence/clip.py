# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One clip of a package: what a stranger needs beside the MP4 to see that it is what was recorded."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.base import SegmentId, Span, StreamId
from torrazzo.base.errors import Invalid
from torrazzo.evidence.asic import Content
from torrazzo.ledger import Proof
from torrazzo.ledger.text import to_base64
from torrazzo.playback.clip import Clip

ERASED, GONE = "erased", "gone"  # why nobody can open what is lost: early, by order of two people; or else


class Proven(NamedTuple):
    """An entry of a log, verbatim, with its proof."""

    line: bytes
    proof: Proof


class PieceHash(NamedTuple):
    """A piece's h, and the salt behind which it can be checked: it is given away only with the piece itself."""

    h: bytes
    salt: bytes


class ClipPart(NamedTuple):
    """One clip."""

    name: str  # of its files in the package: a-z 0-9 and hyphens
    stream: StreamId
    span: Span
    video: Content
    head_length: int
    head_sha256: bytes
    facts: Sequence[
        Proven
    ]  # from the clip's first segment to the end of the span, without a hole; then the ledger's notes
    rows: Sequence[str]  # of pieces/<name>.txt
    losses: Sequence[tuple[int, int, str]]  # line of the fact, piece, why

    def gone(self) -> list[tuple[int, int, str]]:
        """Of the losses those that nobody can open any more, drawn together: from, to (ticks), why."""
        found: list[tuple[int, int, str]] = []
        for line, _, why in sorted(loss for loss in self.losses if loss[2] in {ERASED, GONE}):
            fact = parse_fact(self.facts[line - 1].line)
            assert fact.t1 is not None, "a segment has an end"
            start = found.pop()[0] if found and found[-1][1:] == (fact.t0, why) else fact.t0
            found.append((start, fact.t1, why))
        return found


class LeftOut(NamedTuple):
    """Asked for, and no clip of it is there."""

    stream: StreamId
    span: Span
    why: str  # erased, gone: nobody can open it any more; damaged; nothing: no picture was recorded


def clip_part(
    name: str, clip: Clip, video: Content, facts: Sequence[Proven], hashes: Mapping[SegmentId, Sequence[PieceHash]]
) -> ClipPart:
    """The clip as it was planned and written, its stream's facts, and the hashes of its segments.

    Salts of pieces that are not in the clip are left out. Raises `Invalid` if a segment of the clip has no fact.
    """
    if video.size != clip.size:
        raise Invalid(f"clip {name}: {video.size} bytes, planned {clip.size}; export it again")
    recorded = {
        number: parse_fact(fact.line) for number, fact in enumerate(facts, 1) if json.loads(fact.line)["kind"] == "seg"
    }
    lines = {fact.id: number for number, fact in recorded.items()}
    extents = {(extent.segment, extent.piece): extent for extent in clip.extents}
    rows = []
    for number in dict.fromkeys(extent.segment for extent in clip.extents):
        id_ = clip.segments[number].id
        if id_ not in lines:
            raise Invalid(f"clip {name}: no fact of segment {id_.n} of term {id_.term}")
        for piece, value in enumerate(hashes[id_]):
            extent = extents.get((number, piece))
            place = "- - -" if extent is None else f"{extent.at} {extent.length} {to_base64(value.salt)}"
            rows.append(f"{lines[id_]} {piece} {place} {to_base64(value.h)}\n")
    losses = [(lines[loss.segment], loss.piece, loss.why) for loss in clip.losses if loss.segment in lines]
    losses += _gone(clip, recorded, {clip.segments[extent.segment].id for extent in clip.extents})
    head = clip.head
    return ClipPart(name, clip.stream, clip.span, video, len(head), hashlib.sha256(head).digest(), facts, rows, losses)


def _gone(clip: Clip, recorded: Mapping[int, Fact], shown: Collection[SegmentId]) -> list[tuple[int, int, str]]:
    """What the ledger has facts of in the span, and the archive nothing any more: its time was over."""
    known = {*shown, *(loss.segment for loss in clip.losses)}
    return [
        (number, 0, GONE)
        for number, fact in recorded.items()
        if fact.id not in known and fact.t1 is not None and fact.t0 < clip.span.end and fact.t1 > clip.span.start
    ]
