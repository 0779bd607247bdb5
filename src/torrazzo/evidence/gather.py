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
from torrazzo.access.asks import MOST_HOURS
from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Damaged, Invalid, KeyGone, Unavailable
from torrazzo.base.times import HOUR, UtcTicks, iso_from_ticks
from torrazzo.evidence.anchors import Stamps, find_anchors
from torrazzo.evidence.asic import Content, measure
from torrazzo.evidence.clip import ERASED, ClipPart, LeftOut, clip_part
from torrazzo.evidence.facts import IndexOf, Stretch, find_facts, prove_all
from torrazzo.evidence.fixed_log import FixedLog, Read
from torrazzo.evidence.history import find_history
from torrazzo.evidence.package import PackageParts
from torrazzo.evidence.pieces import ProvableFootage
from torrazzo.evidence.readme import named
from torrazzo.ledger import Policy
from torrazzo.ledger.identity import LogKind
from torrazzo.playback.clip import Clip, plan_clip
from torrazzo.playback.footage import DAMAGED, Unreadable

Progress = Callable[[float], None]  # from 0 to 1; what it raises ends the work
Chunks = Callable[[], Iterator[bytes]]

NOTHING_LEFT = (Invalid, Unreadable, KeyGone)  # of a span no picture was recorded, or can be read, or opened


class Asked(NamedTuple):
    """What a copy is to hold, as it was asked for and approved."""

    ask: int  # entry of `act`
    streams: tuple[StreamId, ...]
    span: Span
    case: str
    names: Mapping[StreamId, str]  # of the clips' files
    key: str | None = None  # that it names as its recipient: no package for anybody else, or in the clear
    cameras: Mapping[StreamId, str] = {}  # as people call them


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


class _Unshown(NamedTuple):
    """A run of one codec of which no clip could be made."""

    span: Span
    error: Exception


class Gathering:
    """One package in the making. Not for two threads."""

    def __init__(self, asked: Asked, source: Source) -> None:
        hours = len(asked.streams) * (asked.span.end - asked.span.start) / HOUR
        if hours > MOST_HOURS:
            raise Invalid(f"{hours:.0f} hours of cameras in one package, at most {MOST_HOURS}; ask for it in parts")
        self._asked, self._source = asked, source
        self._clips: dict[StreamId, list[Clip]] = {}
        self._gone: list[str] = []
        self._unshown: dict[StreamId, list[_Unshown]] = {}

    @property
    def ask(self) -> int:
        """Its number."""
        return self._asked.ask

    def measure(self, stream: StreamId, progress: Progress) -> list[Measured]:
        """Plan its clips, one for each run of one codec, and read them once. Raises one of `NOTHING_LEFT`."""
        contents = self._contents(stream, progress)
        return [
            Measured(clip.etag, content.size, content.crc32, content.sha256.hex())
            for clip, content in zip(self._clips[stream], contents, strict=True)
        ]

    def parts(
        self,
        measured: Mapping[StreamId, Sequence[Measured]],
        made: UtcTicks,
        progress: Progress,
        missing: Mapping[StreamId, str] | None = None,
    ) -> PackageParts:
        """All that goes in. Clips that are not as they were measured are measured again.

        Of what is `missing` there is no clip, for the reason that is given (`why_of`).

        Raises `Unavailable` while facts are not in the ledger yet, `Unproven` while its head is not cosigned.
        """
        streams = list(measured)
        contents = [
            content
            for at, stream in enumerate(streams)
            for content in self._known(stream, measured[stream])
            or self._contents(stream, _part(progress, at, len(streams)))
        ]
        planned = [clip for stream in streams for clip in self._clips[stream]]
        left_out = [LeftOut(stream, self._asked.span, why) for stream, why in (missing or {}).items()]
        for stream in streams:
            left_out += [LeftOut(stream, each.span, why_of(each.error)) for each in self._unshown[stream]]
        rec, found = self._facts([_stretch(clip) for clip in planned])
        clips = [
            self._part(name, clip, content, rec, indexes)
            for name, clip, content, indexes in zip(self._names(streams), planned, contents, found, strict=True)
        ]
        self._gone = [_in_words(self._named(clip.stream), *each) for clip in clips for each in clip.gone()]
        act = self._act()
        history = find_history(act, self._asked.streams, self._asked.span)
        return PackageParts(
            case=self._asked.case,
            made=made,
            software=f"torrazzo {__version__}",
            policy=self._source.policy,
            rec=rec.note,
            clips=clips,
            left_out=left_out,
            act=act.note,
            history=prove_all(act, history),
            anchors=self._anchors(rec, "rec") | self._anchors(act, "act"),
            program=_verifier("verify.py"),
            page=_verifier("verify.html"),
            cameras=self._asked.cameras,
        )

    def forget(self) -> None:
        """Plan anew: a piece could not be read that could when it was planned."""
        self._clips.clear()

    def losses(self) -> list[str]:
        """What could not be read, in words; what nobody can open any more, in stretches."""
        clips = [clip for clips in self._clips.values() for clip in clips]
        damages = [str(loss) for clip in clips for loss in clip.losses if loss.why == DAMAGED]
        return damages + self._gone + self.unshown()

    def unshown(self) -> list[str]:
        """Runs of one codec of which no clip could be made, and why."""
        return [f"{self._named(stream)}: {each.error}" for stream in self._clips for each in self._unshown[stream]]

    def _named(self, stream: StreamId) -> str:
        return named(stream, self._asked.cameras)

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

    def _planned(self, stream: StreamId, progress: Progress) -> list[Clip]:
        if stream not in self._clips:
            footage = self._source.footage
            runs = footage.runs_of(stream, footage.shown_of(stream, self._asked.span))
            clips, unshown = list[Clip](), list[_Unshown]()
            for at, run in enumerate(runs):
                told = _told(_part(progress, at, len(runs)))
                try:
                    clips.append(plan_clip(footage.without(run.others), stream, run.span, told))
                except NOTHING_LEFT as error:  # not one picture of it is there
                    unshown.append(_Unshown(run.span, error))
            if not clips:
                raise unshown[0].error
            self._clips[stream] = clips
            self._unshown[stream] = unshown
        return self._clips[stream]

    def _contents(self, stream: StreamId, progress: Progress) -> list[Content]:
        """Planned and read; planned again where a piece turns out to be damaged, which is then left out."""
        while True:
            clips = self._planned(stream, _part(progress, 0, 2))
            told = _part(progress, 1, 2)
            try:
                return [self._content(clip, _part(told, at, len(clips))) for at, clip in enumerate(clips)]
            except (Damaged, KeyGone):
                del self._clips[stream]

    def _content(self, clip: Clip, progress: Progress) -> Content:
        chunks = self._chunks(clip)
        return measure(_Watched(chunks, clip.size, progress))._replace(chunks=chunks)

    def _known(self, stream: StreamId, measured: Sequence[Measured]) -> list[Content]:
        """Nothing if they are others by now."""
        clips = self._planned(stream, lambda _: None)
        if [(clip.etag, clip.size) for clip in clips] != [(each.etag, each.size) for each in measured]:
            return []
        return [
            Content(each.size, each.crc32, bytes.fromhex(each.sha256), self._chunks(clip))
            for clip, each in zip(clips, measured, strict=True)
        ]

    def _chunks(self, clip: Clip) -> Chunks:
        def chunks() -> Iterator[bytes]:
            yield clip.head
            for extent in clip.extents:
                yield self._source.footage.open_piece(clip.segments[extent.segment], extent.piece)

        return chunks

    def _names(self, streams: Sequence[StreamId]) -> list[str]:
        """Of the clips' files: the camera's, with a number where it has several, which no other camera is called by."""
        names = [self._asked.names[stream] for stream in streams if len(self._clips[stream]) == 1]
        found = []
        for stream in streams:
            clips, name = self._clips[stream], self._asked.names[stream]
            for number in range(1, len(clips) + 1) if len(clips) > 1 else ():
                part = f"{name[:54]}-part-{number}"
                while part in names:
                    part += "x"
                names.append(part)
                found.append(part)
            found += [name] if len(clips) == 1 else []
        return found

    def _part(self, name: str, clip: Clip, content: Content, rec: FixedLog, indexes: Sequence[int]) -> ClipPart:
        hashes = self._source.footage.hashes_of(clip)
        return clip_part(name, clip, content, prove_all(rec, indexes), hashes)


def why_of(error: Exception) -> str:
    """One of `NOTHING_LEFT`, as a package says it."""
    if isinstance(error, KeyGone):
        return error.why
    return DAMAGED if isinstance(error, Unreadable) else "nothing"


def _in_words(camera: str, start: int, end: int, why: str) -> str:
    told = "was erased early, by order" if why == ERASED else "can be opened by nobody any more: its keys are gone"
    return f"{camera} {iso_from_ticks(start)}/{iso_from_ticks(end)}: {told}"


def _stretch(clip: Clip) -> Stretch:
    ends = (clip.extents[0], clip.extents[-1])
    first, last = (clip.segments[extent.segment].id for extent in ends)
    return Stretch(clip.stream, clip.span, first, last)


def _told(progress: Progress) -> Callable[[int, int], None]:
    return lambda done, total: progress(done / max(1, total))


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
