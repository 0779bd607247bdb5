# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An evidence package of what an archive holds: read this file first.

    plan ─ measure, clip by clip ─ facts and history, each against one head ─ the package's bytes

Clips are never on a disk but inside the package: each is opened once to be planned, once to be measured (a ZIP names
an entry's check sum before the entry), once to be written. What is held in memory grows with hours, not with bytes: 30
MiB for an hour of two cameras, 3.7 GB (bench/results/test-package_hour.json).
"""

import importlib.resources
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from torrazzo import __version__
from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.base.times import HOUR, UtcTicks
from torrazzo.evidence.anchors import Stamps, find_anchors
from torrazzo.evidence.asic import Content, measure
from torrazzo.evidence.clip import ClipPart, clip_part
from torrazzo.evidence.facts import IndexOf, Stretch, find_facts, prove_all
from torrazzo.evidence.fixed_log import FixedLog, Read
from torrazzo.evidence.history import find_history
from torrazzo.evidence.package import PackageParts
from torrazzo.evidence.pieces import ProvableFootage
from torrazzo.ledger import Policy
from torrazzo.ledger.identity import LogKind
from torrazzo.playback.clip import Clip, plan_clip

MOST_HOURS = 100  # of all cameras together

Progress = Callable[[float], None]  # from 0 to 1; what it raises ends the work
Chunks = Callable[[], Iterator[bytes]]


class Asked(NamedTuple):
    """What a copy is to hold, as it was asked for and approved."""

    ask: int  # entry of `act`
    streams: tuple[StreamId, ...]
    span: Span
    case: str
    names: Mapping[StreamId, str]  # of the clips' files


class Measured(NamedTuple):
    """What is known of a clip once it was read: enough to go on from after a restart."""

    etag: str
    size: int
    crc32: int
    sha256: str


class Source(NamedTuple):
    """Where it all comes from."""

    footage: ProvableFootage
    read: Read  # of the ledger
    index_of: IndexOf
    policy: Policy
    stamps: Stamps = Stamps()
    window: int = -1  # entry of `act` that opened the window: the history goes as far at least


class Gathering:
    """One package in the making. Not for two threads."""

    def __init__(self, asked: Asked, source: Source) -> None:
        hours = len(asked.streams) * (asked.span.end - asked.span.start) / HOUR
        if hours > MOST_HOURS:
            raise Invalid(f"{hours:.0f} hours of cameras in one package, at most {MOST_HOURS}; ask for it in parts")
        self._asked, self._source = asked, source
        self._clips: dict[StreamId, Clip] = {}

    @property
    def ask(self) -> int:
        """Its number."""
        return self._asked.ask

    def measure(self, stream: StreamId, progress: Progress) -> Measured:
        """Plan its clip and read it once. Raises `Invalid` if nothing was recorded."""
        content = self._content(stream, progress)
        return Measured(self._clips[stream].etag, content.size, content.crc32, content.sha256.hex())

    def parts(self, measured: Mapping[StreamId, Measured], made: UtcTicks, progress: Progress) -> PackageParts:
        """All that goes in. Clips that are not as they were measured are measured again.

        Raises `Unavailable` while facts are not in the ledger yet, `Unproven` while its head is not cosigned.
        """
        streams = list(measured)
        contents = {
            stream: self._known(stream, measured[stream]) or self._content(stream, _part(progress, at, len(streams)))
            for at, stream in enumerate(streams)
        }
        rec, found = self._facts([self._stretch(stream) for stream in streams])
        clips = [
            self._part(stream, contents[stream], rec, indexes) for stream, indexes in zip(streams, found, strict=True)
        ]
        act = self._act()
        history = find_history(act, streams, self._asked.span)
        return PackageParts(
            case=self._asked.case,
            made=made,
            software=f"torrazzo {__version__}",
            policy=self._source.policy,
            rec=rec.note,
            clips=clips,
            act=act.note,
            history=prove_all(act, history),
            anchors=self._anchors(rec, "rec") | self._anchors(act, "act"),
            program=_verifier("verify.py"),
            page=_verifier("verify.html"),
        )

    def forget(self) -> None:
        """Plan anew: a piece could not be read that could when it was planned."""
        self._clips.clear()

    def losses(self) -> list[str]:
        """What could not be read, in words."""
        return [str(loss) for clip in self._clips.values() for loss in clip.losses]

    # -- logs

    def _facts(self, stretches: Sequence[Stretch]) -> tuple[FixedLog, list[list[int]]]:
        """Under the first head that has them all."""
        missing: Unavailable | None = None
        for log in FixedLog.newest(self._source.read, "rec", self._source.policy):
            try:
                return log, find_facts(log, self._source.index_of, stretches)
            except Unavailable as error:
                missing = missing or error
        assert missing is not None, "there is a head, or an error"
        raise missing

    def _act(self) -> FixedLog:
        """Under the first head that has the window."""
        for log in FixedLog.newest(self._source.read, "act", self._source.policy):
            if log.size > self._source.window:
                return log
        raise Unavailable("the head of act that witnesses have cosigned is older than this export; try again")

    def _anchors(self, log: FixedLog, kind: LogKind) -> dict[str, bytes]:
        return find_anchors(log, kind, self._source.stamps, self._source.read)

    # -- clips

    def _clip(self, stream: StreamId, progress: Progress) -> Clip:
        if stream not in self._clips:
            told: Callable[[int, int], None] = lambda done, total: progress(done / max(1, total))  # noqa: E731
            self._clips[stream] = plan_clip(self._source.footage, stream, self._span(stream), told)
        return self._clips[stream]

    def _content(self, stream: StreamId, progress: Progress) -> Content:
        """Planned and read; planned again where a piece turns out to be damaged, which is then left out."""
        while True:
            clip = self._clip(stream, _part(progress, 0, 2))
            chunks = self._chunks(clip)
            try:
                content = measure(_Watched(chunks, clip.size, _part(progress, 1, 2)))
                return content._replace(chunks=chunks)
            except Damaged:
                del self._clips[stream]

    def _known(self, stream: StreamId, measured: Measured) -> Content | None:
        clip = self._clip(stream, lambda _: None)
        if (clip.etag, clip.size) != (measured.etag, measured.size):
            return None
        return Content(measured.size, measured.crc32, bytes.fromhex(measured.sha256), self._chunks(clip))

    def _chunks(self, clip: Clip) -> Chunks:
        def chunks() -> Iterator[bytes]:
            yield clip.head
            for extent in clip.extents:
                yield self._source.footage.open_piece(clip.segments[extent.segment], extent.piece)

        return chunks

    def _stretch(self, stream: StreamId) -> Stretch:
        clip = self._clips[stream]
        ends = (clip.extents[0], clip.extents[-1])
        first, last = (clip.segments[extent.segment].id for extent in ends)
        return Stretch(stream, clip.span, first, last)

    def _span(self, stream: StreamId) -> Span:
        """Segments of several cameras do not begin together: of each what the window shows whole."""
        return self._source.footage.shown_of(stream, self._asked.span)

    def _part(self, stream: StreamId, content: Content, rec: FixedLog, indexes: Sequence[int]) -> ClipPart:
        clip = self._clips[stream]
        hashes = self._source.footage.hashes_of(clip)
        return clip_part(self._asked.names[stream], clip, content, prove_all(rec, indexes), hashes)


def _part(progress: Progress, at: int, count: int) -> Progress:
    return lambda done: progress((at + done) / count)


class _Watched:
    """The same bytes, telling how far they were read."""

    def __init__(self, chunks: Chunks, size: int, progress: Progress) -> None:
        self._chunks, self._size, self._progress = chunks, size, progress

    def __call__(self) -> Iterator[bytes]:
        done = 0
        for chunk in self._chunks():
            yield chunk
            done += len(chunk)
            self._progress(done / self._size)


def _verifier(name: str) -> bytes:
    return importlib.resources.files("torrazzo_verify").joinpath(name).read_bytes()
