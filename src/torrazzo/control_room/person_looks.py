# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who plays back what, of people with accounts: a look is one session's, with a window for each of its cameras.

Purpose and reason are said once. A look that moves to another span opens windows anew, each by a fact of its own, and
those before are closed a little later, so that what plays goes on. A look ends when its person says so, when nothing
came for a minute, when a window of it is over, and with the process.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple, Protocol

import structlog

from torrazzo.access import Window, Windows
from torrazzo.access.staff import Fact
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, KeyGone, Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import SegmentId, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import UtcTicks
from torrazzo.control_room.behind import Behind
from torrazzo.control_room.index import Index
from torrazzo.control_room.looks import NoLedger, NoLook
from torrazzo.control_room.places import Places
from torrazzo.control_room.reach import FRESH, Reach, find_reach
from torrazzo.law import Circumstances
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.private import Private
from torrazzo.ledger.text import to_base64
from torrazzo.playback import Footage
from torrazzo.playback.footage import Covers
from torrazzo.playback.pictures import Picture

IDLE_NS = 60_000_000_000
LINGER_NS = 30_000_000_000  # so long the windows before a move stay open
LAW_NS = 1_000_000_000  # so long an answer of the law is good: a player asks for many parts at once
PLACES = Places(64, 4, 25_000_000_000)  # a page that shows one says so every twenty seconds
KEPT_BYTES = 8 << 20  # of thumbnails, in a look

log = structlog.get_logger(__name__)


class TooMany(Refused):
    """So many looks are open already."""


class Said(NamedTuple):
    """What somebody says before looking."""

    purpose: str
    reason: str
    case: str | None = None
    event: str | None = None

    def circumstances(self) -> Circumstances:
        """For the law."""
        return Circumstances(purpose=self.purpose, reason=self.reason, case=self.case, event=self.event)

    def private(self, person: str, station: str) -> Private:
        """Of whom the fact tells; an event stands before the reason."""
        reason = self.reason if self.event is None else f"[{self.event}] {self.reason}"
        return Private(person, reason, self.case, station)


class Seat(NamedTuple):
    """Whose look it is."""

    session: str  # its id
    account: str
    person: str  # its name, as facts have it
    station: str


class Shown(NamedTuple):
    """A camera's stream that is to be looked at."""

    camera: str
    name: str
    stream: StreamId


class OpenFootage(Protocol):
    """Footage through a window; see `index.open_footage`."""

    def __call__(self, window: Window, covers: Covers) -> Footage: ...


class View:
    """One camera's window and what is read through it."""

    def __init__(self, shown: Shown, wanted: Span, opened: UtcTicks, window: Window, footage: Footage) -> None:
        self.shown, self.wanted, self.window, self.footage = shown, wanted, window, footage
        self._had_all = wanted.end <= opened - FRESH  # later something can be there that is not in the window
        self.over_ns: int | None = None  # it lingers until then
        self.code = ""  # why what was to be shown first cannot be
        self._number = window.number
        self._lock = threading.Lock()

    def keep_open(self) -> bool:
        """Whether it is another window now: what the one before gave serves this one no more."""
        self.window.keep_open()
        with self._lock:
            is_new = self.window.number != self._number
            if is_new:
                self._number = self.window.number
                self.footage.forget()
            return is_new

    def has(self, shown: Shown, span: Span) -> bool:
        """Whether all that there is of that span may be seen through it."""
        end = self.wanted.end if self._had_all else min(self.wanted.end, self.window.span.end)
        return self.shown.stream == shown.stream and self.wanted.start <= span.start and span.end <= end

    def try_at(self, at: UtcTicks) -> None:
        """Get the keys of what is shown first, so that what is against it is known before a player asks."""
        rows = self.footage.segments(self.shown.stream, Span(at, UtcTicks(at + 1)))
        try:
            for row in rows[-1:]:
                self.footage.open_piece(row, 0)
        except TorrazzoError as error:
            self.code = code_of(error)
            log.warning("view_not_opened", window=self.window.number, error=str(error))

    def end(self, why: str) -> None:
        """Close the window; what was opened is forgotten."""
        self.window.close(why)
        self.footage.close()


def code_of(error: TorrazzoError) -> str:
    """Why footage is not shown, as pages know it."""
    match error:
        case KeyGone(why="erased"):
            return "FOOTAGE_ERASED"
        case KeyGone():
            return "FOOTAGE_EXPIRED"
        case Damaged():
            return "FOOTAGE_DAMAGED"
        case Unavailable():
            return "AWAY"
    return "KEYS_REFUSED"


class PersonLook:
    """What plays. Its cameras have a view each, and for a while those from before it moved."""

    def __init__(self, seat: Seat, said: Said, span: Span, names: Sequence[Shown]) -> None:
        self.key = secrets.token_urlsafe(32)
        self.seat, self.said, self.span, self.shown = seat, said, span, tuple(names)
        self.whys: dict[str, str] = {}  # of cameras that have nothing to show
        self.seen_ns = 0
        self.lawful_ns: int | None = None  # when the law was asked last
        self._views: dict[str, list[View]] = {}  # the newest first
        self._is_over = False
        self._thumbnails: OrderedDict[tuple[SegmentId, int, int], Picture] = OrderedDict()
        self._lock = threading.Lock()
        self.moving = threading.Lock()

    @property
    def account(self) -> str:
        """Whose it is."""
        return self.seat.account

    @property
    def is_shown(self) -> bool:
        """Not that we know: a player asks for parts, and is silent between."""
        return False

    def newest(self, camera: str) -> View | None:
        """What the camera shows since the last move."""
        with self._lock:
            views = self._views.get(camera, ())
            return next((view for view in views if view.over_ns is None), None)

    def views(self, camera: str) -> Sequence[View]:
        """All that are open, the newest first."""
        with self._lock:
            return tuple(self._views.get(camera, ()))

    def all_views(self) -> list[View]:
        """Of all cameras."""
        with self._lock:
            return [view for views in self._views.values() for view in views]

    def put(self, view: View) -> bool:
        """It is the newest of its camera; not where the look was ended while its window opened."""
        with self._lock:
            if not self._is_over:
                self._views.setdefault(view.shown.camera, []).insert(0, view)
            return not self._is_over

    def end(self) -> list[View]:
        """No view comes any more; those that there are."""
        with self._lock:
            self._is_over = True
            return [view for views in self._views.values() for view in views]

    def retire(self, camera: str, over_ns: int) -> None:
        """What it has shown so far goes on for a while."""
        with self._lock:
            for view in self._views.get(camera, ()):
                view.over_ns = view.over_ns or over_ns

    def take_over(self, now_ns: int) -> list[View]:
        """Those whose while is over, taken out."""
        with self._lock:
            over = [view for views in self._views.values() for view in views if (view.over_ns or now_ns + 1) <= now_ns]
            for camera, views in self._views.items():
                self._views[camera] = [view for view in views if view not in over]
        if over:
            self.forget()
        return over

    def thumbnail(self, key: tuple[SegmentId, int, int], make: Callable[[], Picture]) -> Picture:
        """Kept in memory, as long as the look and the window through which it was seen."""
        with self._lock:
            found = self._thumbnails.get(key)
            if found is not None:
                self._thumbnails.move_to_end(key)
                return found
        made = make()
        with self._lock:
            self._thumbnails[key] = made
            held = sum(len(picture.data) for picture in self._thumbnails.values())
            while held > KEPT_BYTES:
                held -= len(self._thumbnails.popitem(last=False)[1].data)
        return made

    def forget(self) -> None:
        """No thumbnail is kept."""
        with self._lock:
            self._thumbnails.clear()


class PersonLooks:
    """May be used by several threads."""

    def __init__(self, index: Index, clock: Clock, windows: Callable[[], Windows], open_footage: OpenFootage) -> None:
        self._index, self._clock, self._windows, self._open_footage = index, clock, windows, open_footage
        self._lock = threading.Lock()
        self._looks: dict[str, PersonLook] = {}
        self._behind = Behind("look_not_closed")

    # -- by people

    def open(self, seat: Seat, said: Said, shown: Sequence[Shown], span: Span, at: UtcTicks | None) -> PersonLook:
        """All facts are entered on return; raises `NoLedger` where that can't be, `TooMany`."""
        look = PersonLook(seat, said, span, shown)
        look.seen_ns = self._clock.boot_ns()
        self._make_room(seat)
        with self._lock:
            self._check_place(seat)
            self._looks[look.key] = look  # nobody knows its key yet
        try:
            self._open_views(look, shown, span, at)
        except BaseException:
            self._drop(look, "refused")
            raise
        return look

    def find(self, key: str, session: str) -> PersonLook:
        """For the session whose it is; raises `NoLook` otherwise."""
        with self._lock:
            look = self._looks.get(key)
        if look is None or not secrets.compare_digest(look.seat.session.encode(), session.encode()):
            raise NoLook("this look at the archive is over; say again why you look")
        look.seen_ns = self._clock.boot_ns()
        return look

    def move(self, look: PersonLook, shown: Sequence[Shown], span: Span, at: UtcTicks | None) -> PersonLook:
        """To another span, or other cameras; a camera whose window has it all goes on with that."""
        with look.moving:
            self._keep_open(look)
            wide = {each.camera for each in shown if (view := look.newest(each.camera)) and view.has(each, span)}
            over_ns = self._clock.boot_ns() + LINGER_NS
            self._open_views(look, [each for each in shown if each.camera not in wide], span, at)
            for camera in {each.camera for each in look.shown} - {each.camera for each in shown}:
                look.retire(camera, over_ns)
                look.whys.pop(camera, None)
            for camera in wide:
                if at is not None and (view := look.newest(camera)) is not None:
                    view.code = ""
                    view.try_at(at)
            look.span, look.shown = span, tuple(shown)
        return look

    def stay(self, look: PersonLook) -> None:
        """Somebody still looks: none of its windows ends."""
        self._keep_open(look)

    def use(self, look: PersonLook, camera: str) -> Sequence[View]:
        """The camera's views, to read through; raises `NoLook` where the look is over by now."""
        views = look.views(camera)
        self._keep_open(look, views)
        return views

    def tell_still(self, look: PersonLook, view: View, t: int, digest: bytes) -> None:
        """A frame is about to leave as a file; raises `Unavailable` where the ledger does not take it."""
        values = {
            "of": view.window.number,
            "streams": [str(view.shown.stream)],
            "at": t,
            "d": to_base64(digest),
        }
        who = look.said.private(look.seat.person, look.seat.station)
        self._windows().tell(Fact(0, "still", values, who))

    def close(self, look: PersonLook) -> None:
        """Its person is done: nothing is shown any more; where the ledger hangs, it hears of that behind this."""
        self._drop(look, "done")

    # -- by the process

    def tend(self) -> None:
        """Every few seconds: end what nobody uses, and what was moved away from."""
        now = self._clock.boot_ns()
        for look in self._all():
            if now - look.seen_ns > IDLE_NS:
                self._drop(look, "idle")
            for view in look.take_over(now):
                view.end("moved")

    def end_all(self, why: str) -> None:
        """At once."""
        for look in self._all():
            self._drop(look, why)
        self._behind.end()

    # -- parts

    def _all(self) -> list[PersonLook]:
        with self._lock:
            return list(self._looks.values())

    def _keep_open(self, look: PersonLook, views: Sequence[View] | None = None) -> None:
        for view in look.all_views() if views is None else views:
            if view.over_ns is not None:
                continue
            try:
                if view.keep_open():
                    look.forget()
            except TorrazzoError as error:
                if not view.window.is_closed:
                    raise
                self._drop(look, "expired")
                raise NoLook(str(error)) from error

    def _open_views(self, look: PersonLook, shown: Sequence[Shown], span: Span, at: UtcTicks | None) -> None:
        """All at the same time: each waits for the ledger, and then for the keyring."""
        if not shown:
            return
        with ThreadPoolExecutor(len(shown), thread_name_prefix="view") as pool:
            tried = [pool.submit(self._open_view, look, each, span, at) for each in shown]
        opened, errors = list[View](), list[BaseException]()
        whys: dict[str, str] = {}
        for each, future in zip(shown, tried, strict=True):
            if (error := future.exception()) is not None:
                errors.append(error)
                continue
            found = future.result()
            if isinstance(found, View):
                opened.append(found)
            else:
                whys[each.camera] = found
        if errors:
            for view in opened:
                view.end("refused")
            raise errors[0]
        over_ns = self._clock.boot_ns() + LINGER_NS
        for each in shown:
            look.retire(each.camera, over_ns)
            look.whys.pop(each.camera, None)
        look.whys |= whys
        late = [view for view in opened if not look.put(view)]
        for view in late:
            view.end("done")
        if late:
            raise NoLook("this look at the archive was closed meanwhile; say again why you look")

    def _open_view(self, look: PersonLook, shown: Shown, span: Span, at: UtcTicks | None) -> View | str:
        """Why there is none, where there is none."""
        said, seat, before, opened = look.said, look.seat, look.newest(shown.camera), self._clock.utc()
        try:
            reach = find_reach(self._index, self._windows, self._clock, shown.stream, span, said.case)
            if reach.span is None:
                return reach.why
            wanted = Wanted(frozenset({shown.stream}), reach.span)
            follows = None if before is None else before.window.number
            who = said.private(seat.person, seat.station)
            window = self._windows().open_view(who, wanted, said.purpose, follows)
        except Unavailable as error:
            raise NoLedger(str(error)) from error
        try:
            footage = self._open_footage(window, partial(_covers, window, reach, self._clock))
        except BaseException:
            window.close("refused")
            raise
        view = View(shown, span, opened, window, footage)
        if at is not None:
            view.try_at(at)
        return view

    def _make_room(self, seat: Seat) -> None:
        for look in PLACES.left_behind(self._all(), seat.account, self._clock.boot_ns()):
            self._drop(look, "idle")

    def _check_place(self, seat: Seat) -> None:
        """For one more look of this person; the lock is held."""
        if not PLACES.are_free(self._looks.values(), seat.account):
            text = f"{PLACES.most_of_one} looks of one person, {PLACES.most} of all"
            raise TooMany(f"{text}: close one, or wait until it is known that you left it")

    def _drop(self, look: PersonLook, why: str) -> None:
        with self._lock:
            self._looks.pop(look.key, None)
        views = look.end()
        look.forget()
        if views:
            self._behind.do(partial(_end_views, views, why))


def _end_views(views: Sequence[View], why: str) -> None:
    with ThreadPoolExecutor(len(views), thread_name_prefix="view") as pool:
        list(pool.map(lambda view: view.end(why), views))


def _covers(window: Window, reach: Reach, clock: Clock, stream: StreamId, span: Span) -> bool:
    return window.covers(stream, span) and reach.covers(span, clock.utc())
