# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One tenure of one stream as it stands on disk: numbers, seals, links and accounts for every tick.

Runs in the writer's thread. The state is one immutable value: kept when a batch is synced, put back when it failed, so
that the same events can be written again elsewhere. Whatever was dropped on the way shows as a difference between
`cursor` and the next event's t0, and becomes a fact here: nowhere else is the time line closed.
"""

import base64
import hashlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

from torrazzo.archive import LastFact, VolumeWriter
from torrazzo.archive.fact import Signed, gap_fact, segment_fact, step_fact, term_fact
from torrazzo.archive.record import CONTINUES, INIT, KEY_FRAME, Kind
from torrazzo.base import StreamId, TermId
from torrazzo.base.times import HOUR, hour_of, hour_text
from torrazzo.camera.signing import Makers, Signing, Verdict, shows_signing
from torrazzo.ingest import GapClosed, GapOpened, Step
from torrazzo.recorder.keys import PublicKey, StreamKeys
from torrazzo.seal import seal_piece, segment_key
from torrazzo.segment import Fragment, Opened, Sealed


class Lost(NamedTuple):
    """What comes between the events before and those after is lost, for this cause."""

    why: str


Event = Opened | Fragment | Sealed | GapOpened | GapClosed | Step | Lost


class Delivery(NamedTuple):
    """A fact that is on disk, and where its pieces are: what the catalogue needs to know."""

    fact: bytes
    volume: str | None
    pieces: tuple[int, ...]


class LostTerm(NamedTuple):
    """The term before is known to have been and cannot be found."""

    term: str


Prior = LastFact | LostTerm | None


BEFORE = -1  # t0 of the fact between two terms, until the term before is known


class Volumes(Protocol):
    """Where a journal writes: the volumes of one disk root."""

    def current(self, hour: int, retention_class: str) -> VolumeWriter:
        """The volume that takes new segments of this hour and class."""
        ...

    def latest(self, retention_class: str) -> VolumeWriter:
        """A volume that takes facts now, and goes when that class's footage of this hour goes."""
        ...


class Tenure(NamedTuple):
    """What makes a journal's first fact."""

    stream: StreamId
    term: TermId
    boot: str
    software: str
    m0: int


class Open(NamedTuple):
    """The segment that is being written, as far as it is on disk, and what opens it."""

    path: str  # of its volume
    key: bytes
    places: tuple[int, ...]  # offsets of its pieces, the init first


class _Segment(NamedTuple):
    n: int
    volume: VolumeWriter
    key: bytes
    opened: Opened
    t1: int
    m1: int
    media: int
    frames: int
    lost: int
    length: int
    h: bytes
    c: bytes
    places: tuple[int, ...]
    verdict: Verdict | None  # on its camera's signatures; None: it does not sign


class _OpenGap(NamedTuple):
    n: int
    t0: int
    why: str
    m0: int


class _Waiting(NamedTuple):
    """A numbered fact whose bytes need the hash of the one before."""

    make: Callable[[int, str], bytes]
    n: int
    t0: int
    t1: int
    volume: VolumeWriter | None
    places: tuple[int, ...]


class _State(NamedTuple):
    n: int  # next number
    prev: str  # hash of the fact before, base64
    cursor: int  # UTC ticks up to which all is written or explained; -1 before the first event
    cursor_m: int
    first: int  # t0 of the first event
    settled: bool  # the term fact is written
    gap: _OpenGap | None
    segment: _Segment | None
    opened: Opened | None  # to open the segment again elsewhere
    signing: Signing | None  # never changed, only replaced
    waiting: tuple[_Waiting, ...]


class Mark(NamedTuple):
    """How far a journal is within a batch."""

    state: _State
    deliveries: int


class Journal:
    """Writes one tenure.

    `begin` may come late, because recovery of the term before takes time: facts wait for it, pieces don't. With
    `may_have_prior` a place is kept for the gap between the terms, whose cause is `before`.
    """

    def __init__(
        self,
        tenure: Tenure,
        retention_class: str,
        public_key: PublicKey,
        *,
        may_have_prior: bool,
        before: str = "restart",
        makers: Makers = (),
    ) -> None:
        self.stream, self.term = tenure.stream, tenure.term
        self.retention_class = retention_class
        self.loss_why = "disk"  # why events did not reach the journal
        self.faults = 0  # events that could not be written
        self._tenure = tenure
        self._keys = StreamKeys(tenure.stream, tenure.term, retention_class, public_key)
        self._may_have_prior, self._before = may_have_prior, before
        self._makers = makers
        self._begun = False
        self._prior: Prior = None
        self._state = self._saved = _State(1, "", -1, tenure.m0, -1, False, None, None, None, None, ())
        self._deliveries: list[Delivery] = []

    def begin(self, prior: Prior, volumes: Volumes) -> None:
        """Tell what came before this term: nothing, a last fact, or a lost one."""
        self._begun, self._prior = True, prior
        self._settle(volumes)

    def write(self, event: Event, volumes: Volumes) -> None:
        """Place the event's records; they are on disk after the volumes' next flush."""
        segment = self._state.segment
        if segment is not None and segment.volume.is_abandoned:
            self._seal(volumes)
        match event:
            case Fragment():
                self._on_fragment(event, volumes)
            case Opened():
                self._seal(volumes)
                self._reach(event.t0, event.m0, volumes)
                self._open(event, volumes)
            case Sealed():
                self._seal(volumes)
            case Lost():
                self._seal(volumes)
                self._state = self._state._replace(opened=None)
                self.loss_why = event.why
            case GapOpened():
                self._on_gap_opened(event, volumes)
            case GapClosed():
                self._on_gap_closed(event, volumes)
            case Step():
                self._seal(volumes)
                self._reach(event.t0, event.m0, volumes)
                self._step(event.t0, event.t1, event.m0, volumes)

    def end(self, volumes: Volumes) -> None:
        """The tenure is over: what its last events should have closed, had they not been dropped, is closed."""
        self._seal(volumes)
        self._close_gap(self._state.cursor, self._state.cursor_m, volumes)

    def mark(self) -> Mark:
        """What is written now, for `give_up`."""
        return Mark(self._state, len(self._deliveries))

    def give_up(self, event: object, mark: Mark) -> None:
        """An event can't be written for what is in it: it is as if it had not come. The next one declares the loss."""
        self._state = mark.state
        del self._deliveries[mark.deliveries :]
        self.loss_why = "codec"
        self.faults += 1
        if isinstance(event, Opened):  # what follows belongs to no segment that is known here
            self._state = self._state._replace(opened=None)

    def commit(self) -> list[Delivery]:
        """All that was written is synced; returns the facts among it."""
        self._saved = self._state
        done, self._deliveries = self._deliveries, []
        return done

    def rollback(self) -> None:
        """Nothing written since the last commit counts."""
        self._state = self._saved
        self._deliveries = []

    def last_fact(self) -> LastFact | None:
        """The term's last fact on disk, None while there is none."""
        state = self._saved
        if not state.settled:
            return None
        digest = base64.b64decode(state.prev)
        return LastFact(term=self.term, n=state.n - 1, hash=digest, t1=state.cursor)

    def open_segment(self) -> Open | None:
        """To be read back by this recorder, whose key of it is gone when it ends; None where none is open."""
        segment = self._saved.segment
        return None if segment is None else Open(segment.volume.path, segment.key, segment.places)

    def is_in(self, volume: VolumeWriter) -> bool:
        """Whether the open segment lies in this volume."""
        return self._state.segment is not None and self._state.segment.volume is volume

    def forget_before(self, hour: int) -> None:
        """Drop the keys of hours that are over."""
        self._keys.forget_before(hour)

    # -- the time line

    def _start(self, t0: int, m0: int, volumes: Volumes) -> None:
        """The first event of the tenure."""
        self._state = self._state._replace(first=t0, cursor=t0, cursor_m=m0)
        self._settle(volumes)
        if self._may_have_prior if not self._begun else _cursor(self._prior, t0) != t0:
            opened_m = self._tenure.m0

            def make(n: int, prev: str) -> bytes:
                start = _cursor(self._prior, t0)
                if start > t0:
                    return step_fact(self.stream, self.term, n, t0=start, t1=t0, m0=opened_m, m1=m0, prev=prev)
                why = self._before
                return gap_fact(
                    self.stream, self.term, n, t0=start, t1=t0, m0=opened_m, m1=m0, why=why, of=None, prev=prev
                )

            self._emit(make, BEFORE, t0, volumes)

    def _settle(self, volumes: Volumes) -> None:
        """Write the term fact once both the term before and the first event are known, then what waits for it."""
        state = self._state
        if state.settled or not self._begun or state.first < 0:
            return
        t0 = _cursor(self._prior, state.first)
        tenure = self._tenure
        fact = term_fact(
            self.stream,
            self.term,
            t0=t0,
            m0=tenure.m0,
            boot=tenure.boot,
            software=tenure.software,
            prior=_prior_value(self._prior),
        )
        self._state = state._replace(settled=True, waiting=())
        self._place_fact(fact, 0, t0, t0, None, (), volumes)
        for fact_waiting in state.waiting:
            self._write_waiting(fact_waiting, volumes)

    def _reach(self, t0: int, m0: int, volumes: Volumes) -> None:
        """Account for the time between the cursor and t0."""
        state = self._state
        if state.cursor < 0:
            self._start(t0, m0, volumes)
            return
        if state.gap is not None:
            self._close_gap(max(t0, state.cursor), m0, volumes)
            state = self._state
        if t0 > state.cursor:
            self._gap(state.cursor, t0, self.loss_why, state.cursor_m, m0, None, volumes)
            self._state = self._state._replace(cursor=t0, cursor_m=m0)
        elif t0 < state.cursor:
            self._step(state.cursor, t0, m0, volumes)
        self.loss_why = "disk"

    def _on_gap_opened(self, event: GapOpened, volumes: Volumes) -> None:
        self._seal(volumes)
        self._reach(event.t0, event.m0, volumes)
        n = self._state.n
        self._gap(event.t0, None, event.why, event.m0, None, None, volumes)
        self._state = self._state._replace(gap=_OpenGap(n, event.t0, event.why, event.m0))

    def _on_gap_closed(self, event: GapClosed, volumes: Volumes) -> None:
        self._seal(volumes)
        if self._state.gap is None:
            self._reach(event.t0, event.m0, volumes)
            self._gap(event.t0, event.t1, event.why, event.m0, event.m1, None, volumes)
            self._state = self._state._replace(cursor=event.t1, cursor_m=event.m1)
        else:
            self._close_gap(event.t1, event.m1, volumes)

    def _close_gap(self, t1: int, m1: int, volumes: Volumes) -> None:
        gap = self._state.gap
        if gap is not None:
            self._gap(gap.t0, t1, gap.why, gap.m0, m1, gap.n, volumes)
            self._state = self._state._replace(gap=None, cursor=t1, cursor_m=m1)

    def _gap(
        self, t0: int, t1: int | None, why: str, m0: int, m1: int | None, of: int | None, volumes: Volumes
    ) -> None:
        def make(n: int, prev: str) -> bytes:
            return gap_fact(self.stream, self.term, n, t0=t0, t1=t1, m0=m0, m1=m1, why=why, of=of, prev=prev)

        self._emit(make, t0, t0 if t1 is None else t1, volumes)
        if self._state.signing is not None:
            signing = self._state.signing.copy()
            signing.pass_gap()
            self._state = self._state._replace(signing=signing)

    def _step(self, t0: int, t1: int, m0: int, volumes: Volumes) -> None:
        def make(n: int, prev: str) -> bytes:
            return step_fact(self.stream, self.term, n, t0=t0, t1=t1, m0=m0, m1=m0, prev=prev)

        self._emit(make, t0, t1, volumes)
        self._state = self._state._replace(cursor=t1, cursor_m=m0)

    # -- segments

    def _on_fragment(self, event: Fragment, volumes: Volumes) -> None:
        state = self._state
        if state.segment is None or state.opened is None or event.t0 != state.cursor:
            self._open_again(event, volumes)
        segment = self._state.segment
        if segment is None:
            return  # no key for the hour, or its beginning is lost: the next event's t0 will show it
        index = len(segment.places)
        piece = seal_piece(segment.key, index, event.parts)
        place = segment.volume.place(
            Kind.PIECE,
            KEY_FRAME if event.begins_with_key else 0,
            stream=self.stream,
            term=self.term,
            n=segment.n,
            index=index,
            frames=event.frames,
            t0=event.t0,
            t1=event.t1,
            m0=event.m0,
            m1=event.m1,
            media=event.media,
            lost=event.lost,
            h=piece.h,
            c=piece.c,
            plain_length=piece.plain_length,
            payload=piece.ciphertext,
        )
        signing, verdict = self._judge_signatures(segment, event)
        self._state = self._state._replace(
            cursor=event.t1,
            cursor_m=event.m1,
            signing=signing,
            segment=segment._replace(
                t1=event.t1,
                m1=event.m1,
                media=segment.media + event.media,
                frames=segment.frames + event.frames,
                lost=segment.lost + event.lost,
                length=segment.length + piece.plain_length,
                h=segment.h + piece.h,
                c=segment.c + piece.c,
                places=(*segment.places, place),
                verdict=verdict,
            ),
        )

    def _judge_signatures(self, segment: _Segment, event: Fragment) -> tuple[Signing | None, Verdict | None]:
        """What the camera's signatures say of this segment so far; costs next to nothing where there are none."""
        samples = event.parts[1:]
        codec = segment.opened.codec
        if self._state.signing is not None:
            signing = self._state.signing.copy()
        elif shows_signing(codec, samples):
            signing = Signing(codec, self._makers)
        else:
            return None, None
        verdict = signing.take(samples, event.m1, event.t1)
        due = [each for each in (segment.verdict, verdict) if each is not None]
        return signing, max(due, default=None)

    def _open_again(self, event: Fragment, volumes: Volumes) -> None:
        """The segment this fragment belongs to was cut short by what was lost: open another that continues it."""
        self._seal(volumes)
        opened = self._state.opened
        if opened is not None:
            self._reach(event.t0, event.m0, volumes)
            again = opened._replace(
                t0=event.t0, m0=event.m0, hour=hour_of(event.t0), continues=not event.begins_with_key
            )
            self._open(again, volumes)

    def _open(self, event: Opened, volumes: Volumes) -> None:
        self._state = self._state._replace(opened=event)
        hour_key = self._keys.for_hour(event.hour)
        if hour_key is None:
            self.loss_why = "keys"
            return
        volume = volumes.current(event.hour, self.retention_class)
        if not volume.has_key(self.stream, self.term):
            start = event.hour * HOUR
            volume.place(
                Kind.KEY,
                0,
                stream=self.stream,
                term=self.term,
                t0=start,
                t1=start + HOUR,
                c=hashlib.sha256(hour_key.sealed).digest(),
                payload=hour_key.sealed,
            )
        n = self._state.n
        key = segment_key(hour_key.k, self.stream, self.term, n)
        piece = seal_piece(key, 0, [event.init])
        place = volume.place(
            Kind.PIECE,
            INIT | (CONTINUES if event.continues else 0),
            stream=self.stream,
            term=self.term,
            n=n,
            t0=event.t0,
            t1=event.t0,
            m0=event.m0,
            m1=event.m0,
            h=piece.h,
            c=piece.c,
            plain_length=piece.plain_length,
            payload=piece.ciphertext,
        )
        segment = _Segment(
            n, volume, key, event, event.t0, event.m0, 0, 0, 0, piece.plain_length, piece.h, piece.c, (place,), None
        )
        self._state = self._state._replace(n=n + 1, segment=segment)

    def _seal(self, volumes: Volumes) -> None:
        """The open segment is complete: its fact."""
        segment = self._state.segment
        if segment is None:
            return
        opened = segment.opened
        signed = _signed(segment.verdict, self._state.signing)

        def make(n: int, prev: str) -> bytes:
            return segment_fact(
                self.stream,
                self.term,
                n,
                t0=opened.t0,
                t1=segment.t1,
                m0=opened.m0,
                m1=segment.m1,
                media=segment.media,
                frames=segment.frames,
                lost=segment.lost,
                length=segment.length,
                count=len(segment.places),
                h=hashlib.sha256(segment.h).digest(),
                c=hashlib.sha256(segment.c).digest(),
                key=f"{hour_text(opened.hour)}/{self.retention_class}",
                continues=opened.continues,
                signed=signed,
                prev=prev,
            )

        self._state = self._state._replace(segment=None)
        self._queue(_Waiting(make, segment.n, opened.t0, segment.t1, segment.volume, segment.places), volumes)

    # -- facts

    def _emit(self, make: Callable[[int, str], bytes], t0: int, t1: int, volumes: Volumes) -> None:
        """A fact that takes the next number."""
        n = self._state.n
        self._state = self._state._replace(n=n + 1)
        self._queue(_Waiting(make, n, t0, t1, None, ()), volumes)

    def _queue(self, waiting: _Waiting, volumes: Volumes) -> None:
        if self._state.settled:
            self._write_waiting(waiting, volumes)
        else:
            self._state = self._state._replace(waiting=(*self._state.waiting, waiting))

    def _write_waiting(self, waiting: _Waiting, volumes: Volumes) -> None:
        fact = waiting.make(waiting.n, self._state.prev)
        t0 = _cursor(self._prior, self._state.first) if waiting.t0 == BEFORE else waiting.t0
        self._place_fact(fact, waiting.n, t0, waiting.t1, waiting.volume, waiting.places, volumes)

    def _place_fact(
        self,
        fact: bytes,
        n: int,
        t0: int,
        t1: int,
        volume: VolumeWriter | None,
        places: tuple[int, ...],
        volumes: Volumes,
    ) -> None:
        digest = hashlib.sha256(fact).digest()
        where = volume if volume is not None and volume.takes_records else volumes.latest(self.retention_class)
        where.place(Kind.FACT, 0, stream=self.stream, term=self.term, n=n, t0=t0, t1=max(t1, 0), c=digest, payload=fact)
        self._state = self._state._replace(prev=base64.b64encode(digest).decode())
        self._deliveries.append(Delivery(fact, None if volume is None else volume.name, places))


def _cursor(prior: Prior, first: int) -> int:
    """Where the accounting goes on."""
    return prior.t1 if isinstance(prior, LastFact) else first


def _signed(verdict: Verdict | None, signing: Signing | None) -> Signed | None:
    """What the fact of a segment says of its camera's signatures; nothing for a camera that does not sign."""
    if signing is None:
        return None
    word = (Verdict.NONE if verdict is None else verdict).name.lower()
    return Signed(word, signing.signer.digest, signing.signer.is_trusted) if signing.signer else Signed(word)


def _prior_value(prior: Prior) -> dict[str, object] | None:
    """`prior` of the term fact."""
    if isinstance(prior, LastFact):
        return {"term": str(prior.term), "n": prior.n, "hash": base64.b64encode(prior.hash).decode()}
    return None if prior is None else {"lost": prior.term}
