# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who looks at what live, through this control room, now.

A look is one session's, of some cameras, and each of its facts names 32 streams at most. It ends when its page says so
or says nothing for a minute, with the session, the shift and whatever else made it lawful, with the curtain, with its
facts where the ledger is away for long, and with the process. Its pictures end before its closing facts are written.
"""

import asyncio
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import structlog

from torrazzo.access import Windows
from torrazzo.access.account import Account
from torrazzo.access.live_window import LiveWindow
from torrazzo.access.sessions import FULL
from torrazzo.access.staff import Denial
from torrazzo.access.staffing import Staffing
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Refused, TorrazzoError
from torrazzo.base.ids import StreamId
from torrazzo.base.times import UtcTicks
from torrazzo.control_room.behind import Behind
from torrazzo.control_room.live.relay import LiveRelay
from torrazzo.control_room.live.viewer import Viewer
from torrazzo.control_room.places import Places
from torrazzo.law import Circumstances, Operation
from torrazzo.ledger.act_forms import MAX_STREAMS
from torrazzo.ledger.private import Private

IDLE_NS = 60_000_000_000  # without a socket or a word
PLACES = Places(128, 8, 10_000_000_000)
MOST_CAMERAS = 64  # of one look
MOST_VIEWERS, MOST_VIEWERS_OF_ONE = 512, 256  # pictures at one time: of all people, of one
UNKNOWN_NS = 10_000_000_000  # so long it goes on while it cannot be known who may look: the database is away
PATIENCE_S = 2.0  # until pictures have ended

NO_SESSION, NOT_ALLOWED, NOT_NOW, AWAY = 4401, 4403, 4409, 4503
_NOT_NOW = frozenset({"SHIFT_REQUIRED"})

log = structlog.get_logger(__name__)


class LookOver(Refused):
    """This look is over, or never was."""


class TooMany(Refused):
    """No more looks now."""


class Curtain(Refused):
    """The curtain is drawn."""


class Whose(NamedTuple):
    """Of whom a look is."""

    account: Account
    session: str  # its id
    station: str
    certificate: str = ""  # that the station showed (AC-06)


class LiveLook:
    """What is seen, and through which windows."""

    def __init__(
        self,
        whose: Whose,
        cameras: Mapping[str, Mapping[str, StreamId]],
        said: Circumstances,
        windows: Sequence[tuple[frozenset[StreamId], LiveWindow]],
    ) -> None:
        self.key = secrets.token_urlsafe(32)
        self.whose, self.cameras, self.said = whose, cameras, said
        self.seen_ns = 0
        self.judged_ns = 0  # when it was known last that it is lawful, or not
        self.viewers: set[Viewer] = set()  # the loop's
        self._windows = windows

    @property
    def account(self) -> str:
        """Whose it is."""
        return self.whose.account.id

    @property
    def is_shown(self) -> bool:
        """Whether a socket of it is open."""
        return bool(self.viewers)

    @property
    def until(self) -> UtcTicks:
        """When it ends if the ledger takes nothing any more."""
        return min(window.until for _, window in self._windows)

    def keep_open(self) -> None:
        """Renew its facts where they soon end; raises `Refused` once it is over."""
        for _, window in self._windows:
            window.keep_open()

    def show(self, stream: StreamId) -> Callable[[], None]:
        """Before its first picture goes to a screen; call what is given when it is over. Raises `Refused`."""
        window = next(window for streams, window in self._windows if stream in streams)
        number = window.show(stream)
        return lambda: window.hide(number)

    def close(self, why: str) -> None:
        """Its facts."""
        for _, window in self._windows:
            window.close(why)


class LiveLooks:
    """May be used by several threads; the relay and what viewers see are the loop's."""

    def __init__(self, staffing: Staffing, clock: Clock, windows: Callable[[], Windows], relay: LiveRelay) -> None:
        self.relay = relay
        self._staffing, self._clock, self._windows = staffing, clock, windows
        self._lock = threading.Lock()
        self._looks: dict[str, LiveLook] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._behind = Behind("live_look_not_closed")

    # -- looks

    def begin(
        self,
        whose: Whose,
        cameras: Mapping[str, Mapping[str, StreamId]],
        who: Private,
        purpose: str,
        said: Circumstances,
    ) -> LiveLook:
        """Its facts are in the ledger on return; raises `Unavailable` where that takes nothing, `Curtain`, `TooMany`.

        `cameras`: each with its streams by name.
        """
        self._make_room(whose)
        with self._lock:
            self._check_place(whose)
        streams = sorted({stream for named in cameras.values() for stream in named.values()}, key=str)
        parts = [frozenset(streams[at : at + MAX_STREAMS]) for at in range(0, len(streams), MAX_STREAMS)]
        opened: list[tuple[frozenset[StreamId], LiveWindow]] = []
        try:
            for part in parts:
                opened.append((part, self._windows().open_live(who, part, purpose)))  # noqa: PERF401 - those before are closed
            look = LiveLook(whose, cameras, said, opened)
            look.seen_ns = look.judged_ns = self._clock.boot_ns()
            with self._lock:
                self._check_place(whose)  # others came meanwhile
                self._looks[look.key] = look
        except TorrazzoError:
            for _, window in opened:
                window.close("refused")
            raise
        return look

    def find(self, key: str, session: str) -> LiveLook:
        """The look of this key, for the session whose it is; raises `LookOver` otherwise."""
        with self._lock:
            look = self._looks.get(key)
        if look is None or not secrets.compare_digest(look.whose.session.encode(), session.encode()):
            raise LookOver("this look is over; say again why you look")
        look.seen_ns = self._clock.boot_ns()
        return look

    def stay(self, key: str, session: str) -> LiveLook:
        """Somebody is still looking."""
        look = self.find(key, session)
        try:
            code, why = self._judge(look)
        except TorrazzoError as error:
            code, why = self._unknown(look, error)
        if code:
            self.end(look, why, code)
            raise LookOver("this look is over; say again why you look")
        return look

    def end(self, look: LiveLook, why: str, code: int = NOT_ALLOWED) -> None:
        """Its pictures, then its facts, for which nobody waits where the ledger hangs; in a thread."""
        if self._end_pictures(look, why, code):
            self._behind.do(partial(look.close, why))

    def _end_pictures(self, look: LiveLook, why: str, code: int) -> bool:
        """False: it was over."""
        with self._lock:
            if self._looks.pop(look.key, None) is None:
                return False
        loop = self._loop
        if loop is not None and look.viewers and not loop.is_closed():
            ending = asyncio.run_coroutine_threadsafe(_end_viewers(look, code, why), loop)
            try:
                ending.result(PATIENCE_S)
            except TimeoutError:  # its facts tell that pictures were shown until now
                log.warning("pictures_not_ended", why=why)
        log.info("live_look_ended", why=why)
        return True

    @property
    def are_any(self) -> bool:
        """Whether somebody looks."""
        return bool(self._looks)

    def judge(self) -> list[Callable[[], None]]:
        """Each second: end the pictures of looks that nobody uses or that are lawful no more. Asks no ledger.

        Call what is given, each in a thread of its own: their closing facts, for which a ledger may take long.
        """
        closing: list[Callable[[], None]] = []
        away: TorrazzoError | None = None
        for look in self._all():
            try:
                code, why = self._judge(look) if away is None else self._unknown(look, away)
            except TorrazzoError as error:  # each of them would wait for the database as long
                away = error
                code, why = self._unknown(look, error)
            if code and self._end_pictures(look, why, code):
                closing.append(partial(look.close, why))
        return closing

    def renew(self) -> None:
        """Every few seconds, by one thread: facts that soon end are renewed; where they have ended, so has the look."""
        for look in self._all():
            try:
                look.keep_open()
            except Refused:
                self.end(look, "expired", AWAY)
            except TorrazzoError as error:
                log.warning("live_look_not_renewed", error=str(error))

    def tend(self) -> None:
        """Both, and the closing facts."""
        for close in self.judge():
            close()
        self.renew()

    def stop(self) -> None:
        """With the process."""
        for look in self._all():
            self.end(look, "stopped", AWAY)
        self._behind.end()

    def end_at(self, station: str | None, why: str = "curtain") -> int:
        """End what is looked at at this station, or everywhere; how many looks ended."""
        found = [each for each in self._all() if station is None or each.whose.station == station]
        for look in found:
            self.end(look, why, NOT_NOW)
        return len(found)

    # -- sockets, in the loop

    def join(self, look: LiveLook, viewer: Viewer) -> None:
        """One more picture of it; raises `LookOver`, `TooMany`."""
        self._loop = asyncio.get_running_loop()
        with self._lock:
            if look.key not in self._looks:
                raise LookOver("this look is over; say again why you look")
            looks, whose = self._looks.values(), look.whose.account.id
            own = sum(len(each.viewers) for each in looks if each.whose.account.id == whose)
            if own >= MOST_VIEWERS_OF_ONE or sum(len(each.viewers) for each in looks) >= MOST_VIEWERS:
                raise TooMany(f"{MOST_VIEWERS_OF_ONE} pictures for one person, {MOST_VIEWERS} for all")
            look.viewers.add(viewer)

    def leave(self, look: LiveLook, viewer: Viewer) -> None:
        """It is closed."""
        look.viewers.discard(viewer)
        look.seen_ns = self._clock.boot_ns()

    # -- what makes it lawful

    def _judge(self, look: LiveLook) -> tuple[int, str]:
        """0, or the code with which it ends, and why; raises what the database raises."""
        whose = look.whose
        if not look.viewers and self._clock.boot_ns() - look.seen_ns > IDLE_NS:
            return NOT_ALLOWED, "idle"
        try:
            if self._staffing.curtains.is_drawn(whose.station):
                return NOT_NOW, "curtain"
            session = self._staffing.sessions.by_id(whose.session)
            decision = self._staffing.decide(session.account, Operation.LIVE, look.cameras, look.said)
        except Denial as error:
            return NO_SESSION, _word(error.code)
        look.judged_ns = self._clock.boot_ns()
        if session.stage != FULL or session.needs:
            return NO_SESSION, "session"
        agreement = session.account.agreement
        if agreement is not None and not agreement.has_station(whose.certificate):
            return NOT_ALLOWED, "station-unknown"
        if decision:
            return 0, ""
        return (NOT_NOW if decision.code in _NOT_NOW else NOT_ALLOWED), _word(decision.code)

    def _unknown(self, look: LiveLook, error: TorrazzoError) -> tuple[int, str]:
        """Who may look is not known now: what was lawful a moment ago goes on for a moment, and no longer."""
        log.warning("live_look_not_judged", error=str(error))
        return (AWAY, "unknown") if self._clock.boot_ns() - look.judged_ns > UNKNOWN_NS else (0, "")

    def _all(self) -> list[LiveLook]:
        with self._lock:
            return list(self._looks.values())

    def _make_room(self, whose: Whose) -> None:
        for look in PLACES.left_behind(self._all(), whose.account.id, self._clock.boot_ns()):
            self.end(look, "idle")

    def _check_place(self, whose: Whose) -> None:
        """The lock is held."""
        if self._staffing.curtains.is_drawn(whose.station):
            raise Curtain("this station's curtain is drawn")
        if not PLACES.are_free(self._looks.values(), whose.account.id):
            text = f"{PLACES.most_of_one} looks of one person, {PLACES.most} of all"
            raise TooMany(f"{text}: close one, or wait a minute")


async def _end_viewers(look: LiveLook, code: int, why: str) -> None:
    for viewer in look.viewers:
        viewer.end(code, why)


def _word(code: str) -> str:
    """As a fact has it."""
    return code.lower().replace("_", "-")
