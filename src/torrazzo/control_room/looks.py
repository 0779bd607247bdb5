# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who looks at what through this control room now: each look is one person's, has its own window, and an address.

A look is known by a key in its address that nobody guesses, and answers only the Unix user who opened it. Nothing that
was opened for one look serves another. It ends when its viewer says so, when nothing came from them for a minute, when
its window is over, and with the process.
"""

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import structlog

from torrazzo.access import Ask, Peer, People, Window, Windows
from torrazzo.access.asks import MOST_HOURS
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.control_room.index import Index
from torrazzo.control_room.told import BadForm, NotAllowed, NotNow
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.private import Private
from torrazzo.playback import Footage, VirtualFile, plan_clip
from torrazzo.playback.index import whole_span

IDLE_NS = 60_000_000_000
MOST, MOST_OF_ONE = 64, 16  # looks at one time: of all people, of one
LONGEST_REASON = 500  # characters
NEWEST = 6  # segments that the ledger may not have yet

log = structlog.get_logger(__name__)


class NoLook(Refused):
    """This look is over, or never was."""


class Absent(NotNow):
    """Nothing to look at, or not yet."""


class NoLedger(Unavailable):
    """The ledger takes nothing now, so that nobody looks."""


class Reason(NamedTuple):
    """What somebody says before looking."""

    purpose: str  # a word, which stands in the fact
    text: str
    case: str | None = None

    def private(self, peer: Peer) -> Private:
        """Of whom the fact tells, for nobody but those who may open it."""
        text = " ".join(self.text.split())
        if not text or len(text) > LONGEST_REASON:
            text = f"why you look: write a reason, of at most {LONGEST_REASON} characters"
            raise BadForm(text, "reason", most=LONGEST_REASON)
        case = " ".join((self.case or "").split())[:100]
        return Private(peer.name, text, case or None)


class Look:
    """What plays, and through which window."""

    def __init__(self, peer: Peer, stream: StreamId, span: Span, window: Window, footage: Footage) -> None:
        self.key = secrets.token_urlsafe(32)
        self.peer, self.stream, self.span, self.window, self.footage = peer, stream, span, window, footage
        self.seen_ns = 0
        self._number = window.number
        self._lock = threading.Lock()
        self._file: VirtualFile | None = None

    def file(self) -> VirtualFile:
        """The MP4 of its span; planned once."""
        with self._lock:
            if self._file is None:
                self._file = VirtualFile(self.footage, plan_clip(self.footage, self.stream, self.span))
            return self._file

    def keep_open(self) -> None:
        """While somebody looks. What a window gave serves none that renews it: each tells what was shown in it."""
        self.window.keep_open()
        with self._lock:
            if self.window.number != self._number:
                self._number = self.window.number
                self._file = None
                self.footage.forget()

    def try_first(self) -> None:
        """Open the first segment, so that what the keyring has against it is told before a player is there."""
        for row in self.footage.segments(self.stream, self.span)[:1]:
            self.footage.samples(row)

    def end(self, why: str) -> None:
        """Close the window; what was opened is forgotten."""
        self.window.close(why)
        self.footage.close()
        with self._lock:
            self._file = None


class Looks:
    """May be used by several threads."""

    def __init__(
        self,
        index: Index,
        people: People,
        clock: Clock,
        open_windows: Callable[[], Windows],
        open_footage: Callable[[Window], Footage],
        expect_use: Callable[[Peer, Iterable[StreamId], str], None] = lambda _who, _streams, _purpose: None,
    ) -> None:
        """`expect_use` raises `NotAllowed` for a purpose that these cameras are not for (LB-03)."""
        self._index, self._people, self._clock = index, people, clock
        self.expect_use = expect_use
        self._open_windows, self._open_footage = open_windows, open_footage
        self._lock = threading.Lock()
        self._opened: Windows | None = None
        self._looks: dict[str, Look] = {}

    @property
    def windows(self) -> Windows:
        """Opened when it is first needed: the page must not wait for it, nor fall with it."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open_windows()
            return self._opened

    def view(self, peer: Peer, stream: StreamId, span: Span, reason: Reason) -> Look:
        """Begin to look; raises `Refused` for who may not, `Unavailable` where the ledger takes nothing."""
        self._people.check(peer, "view")
        who = reason.private(peer)
        self.expect_use(peer, [stream], reason.purpose)
        with self._lock:
            self._check_place(peer)
        try:
            span = self._entered(stream, span)
            self.check_case([stream], span, who)
            window = self.windows.open_view(who, self.whole([stream], span), reason.purpose)
        except Absent:
            raise
        except Unavailable as error:
            raise NoLedger(str(error)) from error
        look = self._begin(peer, stream, span, window)
        try:
            look.try_first()
        except TorrazzoError as error:
            self._drop(look, "refused")
            if isinstance(error, Unavailable):
                raise NotNow(str(error), "unopened") from error
            raise
        return look

    def export(self, peer: Peer, ask: Ask, stream: StreamId) -> Look:
        """Begin to make an approved copy; raises `Refused` for anybody but who asked."""
        self._people.check(peer, "ask")
        if not ask.approvals:
            raise Refused(f"ask {ask.number} is not approved yet; another person does: `torrazzo evidence approve`")
        if stream not in ask.wanted.streams:
            raise Invalid(f"ask {ask.number} is not of {stream}")
        if ask.key is not None:
            raise Refused(
                f"ask {ask.number} is for a key: its copy is a package encrypted to it: `torrazzo evidence export`"
            )
        hours = (ask.wanted.span.end - ask.wanted.span.start) / HOUR
        if hours > MOST_HOURS:
            raise Invalid(f"ask {ask.number}: {hours:.0f} hours in one copy, at most {MOST_HOURS}; ask for it in parts")
        if ask.asked.private is None:
            raise Unavailable(f"ask {ask.number}: nobody can tell any more who asked; ask anew")
        with self._lock:
            self._check_place(peer)
        who = ask.asked.private._replace(person=peer.name)
        window = self.windows.open_export(who, ask.number, ask.approvals[0].number)
        return self._begin(peer, stream, ask.wanted.span, window)

    def whole(self, streams: Sequence[StreamId], span: Span, lead: int = SECOND) -> Wanted:
        """As wide as `whole_span` says; raises `Absent` if nothing of any of the streams was recorded in it."""
        spans = [found for stream in streams if (found := whole_span(self._index, stream, span, lead)) is not None]
        if not spans:
            raise Absent(f"nothing was recorded in {span}; `torrazzo footage list` tells what is", "empty")
        whole = Span(min(found.start for found in spans), max(found.end for found in spans))
        return Wanted(frozenset(streams), whole)

    def check_case(self, streams: Sequence[StreamId], span: Span, who: Private) -> None:
        """What only a hold keeps is looked at for its case; raises `Refused` for another one, or none."""
        for holds in (holds for stream in streams for holds in self._index.holds_of(stream, span)):
            if not any(self.windows.is_case(who.case, hold.act) for hold in holds):
                raise NotAllowed(
                    "what was recorded there is kept by a hold alone: name the case that it is held for", "held_only"
                )

    def find(self, key: str, peer: Peer | None) -> Look:
        """The look of this address, for the one whose it is; raises `NoLook` otherwise. Its window stays open."""
        with self._lock:
            look = self._looks.get(key)
        if look is None or peer is None or look.peer.uid != peer.uid:
            raise NoLook("this look at the archive is over; say again why you look")
        look.seen_ns = self._clock.boot_ns()
        try:
            look.keep_open()
        except TorrazzoError as error:
            if not look.window.is_closed:
                raise
            self._drop(look, "expired")
            raise NoLook(str(error)) from error
        return look

    def close(self, key: str, peer: Peer | None) -> None:
        """Its viewer is done."""
        self._drop(self.find(key, peer), "done")

    def tend(self) -> None:
        """Every few seconds: end the looks that nobody uses; close what a life before this one left open."""
        now = self._clock.boot_ns()
        with self._lock:
            looks = list(self._looks.values())
        for look in looks:
            if now - look.seen_ns > IDLE_NS:
                self._drop(look, "idle")
        self.windows.settle()

    def end(self) -> None:
        """With the process."""
        with self._lock:
            looks, self._looks = list(self._looks.values()), {}
            windows, self._opened = self._opened, None
        for look in looks:
            look.end("stopped")
        if windows is not None:
            windows.close()

    def _begin(self, peer: Peer, stream: StreamId, span: Span, window: Window) -> Look:
        try:
            look = Look(peer, stream, span, window, self._open_footage(window))
        except BaseException:
            window.close("refused")
            raise
        look.seen_ns = self._clock.boot_ns()
        try:
            with self._lock:
                self._check_place(look.peer)
                self._looks[look.key] = look
        except NotNow:  # others came meanwhile
            look.end("refused")
            raise
        return look

    def _check_place(self, peer: Peer) -> None:
        """For one more look of this person; the lock is held."""
        if len(self._looks) >= MOST:
            raise NotNow(f"{MOST} looks are open already; try again when one is over", "full", most=MOST)
        if sum(look.peer.uid == peer.uid for look in self._looks.values()) >= MOST_OF_ONE:
            text = f"you have {MOST_OF_ONE} looks open already; close one, or wait a minute after you left it"
            raise NotNow(text, "own_full", most=MOST_OF_ONE)

    def _drop(self, look: Look, why: str) -> None:
        with self._lock:
            self._looks.pop(look.key, None)
        look.end(why)

    def _entered(self, stream: StreamId, span: Span) -> Span:
        """Without the newest segments that the ledger does not have yet: they can be seen in ten seconds."""
        rows = sorted(self._index.segments(stream, span), key=lambda row: row.t0)
        newest = rows[-NEWEST:]
        have = self.windows.gate.entered([row.id for row in newest])
        absent = [row.t0 for row in newest if row.id not in have]
        end = UtcTicks(min([span.end, *absent]))
        if end <= span.start:
            raise Absent(
                "what was recorded there is not in the ledger yet; that takes about ten seconds: try again", "newest"
            )
        return Span(span.start, end)
