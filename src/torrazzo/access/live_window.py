# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One person looking at live pictures of some streams: open while the ledger says so."""

import threading
from collections.abc import Callable
from typing import NamedTuple

import structlog

from torrazzo.access.book import Book, Over
from torrazzo.access.window import RENEW, Entered, Opener
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import UtcTicks

LIVE = "live"  # the kind of its facts

log = structlog.get_logger(__name__)


class _Showing(NamedTuple):
    """On some screen, from then on."""

    stream: StreamId
    since: UtcTicks


class LiveWindow:
    """May be used by several threads.

    What is shown is noted before, as if it went on to the window's end, and again when it is over: so the closing fact
    never tells of less, also after a crash. Shortly before its end the window is renewed by another fact.
    """

    def __init__(
        self, entered: Entered, renew: Callable[[int], Entered], opener: Opener, book: Book, clock: Clock
    ) -> None:
        self._entered = entered
        self._renew, self._opener, self._book, self._clock = renew, opener, book, clock
        self._lock = threading.Lock()
        self._shows: dict[int, _Showing] = {}
        self._number = 0
        self.is_closed = False

    @property
    def number(self) -> int:
        """The entry in `act` that opened it, or renewed it last."""
        return self._entered.opened.number

    @property
    def until(self) -> UtcTicks:
        """When it ends unless it is renewed before."""
        return self._entered.until

    def show(self, stream: StreamId) -> int:
        """Before the first picture goes to a screen; returns a number for `hide`. Raises `Refused` once it is over."""
        with self._lock:
            self._expect_open()
            self._number += 1
            now = self._clock.utc()
            self._book.show(self._entered.deed, stream, self._number, Span(now, self.until))
            self._shows[self._number] = _Showing(stream, now)
            return self._number

    def hide(self, number: int) -> None:
        """It is on that screen no more."""
        with self._lock:
            found = self._shows.pop(number, None)
            if found is not None and not self.is_closed:
                self._note_end(number, found)

    def keep_open(self) -> None:
        """Renew it if it soon ends. While the ledger is away it stays open until then; raises `Refused` afterwards.

        For one thread at a time; whoever shows and hides meanwhile does not wait for the ledger.
        """
        with self._lock:
            ended = self._ended_by_time()
            before = self._entered
        if ended:
            self._close_deed(before, "expired")
        if self.is_closed:
            raise Refused("this look is over; say again why you look")
        if before.until - self._clock.utc() > RENEW:
            return
        try:
            if not self._opener.is_present(before.deed):
                self.close("expired")
                raise Refused("the ledger has begun anew since; say again why you look")
            self._swap(before, self._renew(before.opened.number))
        except Unavailable as error:
            log.warning("window_not_renewed", window=self.number, error=str(error))

    def close(self, why: str = "done") -> None:
        """No more pictures; may be called twice. Where the ledger is away its closing fact is written later."""
        with self._lock:
            is_first, entered = not self.is_closed, self._entered
            self._end()
        if is_first:
            self._close_deed(entered, why)

    def _expect_open(self) -> None:
        """The lock is held. One that has expired is closed by whoever keeps it open."""
        if self.is_closed or self.until <= self._clock.utc():
            raise Refused("this look is over; say again why you look")

    def _ended_by_time(self) -> bool:
        """The lock is held; whether this ended it."""
        if self.is_closed or self.until > self._clock.utc():
            return False
        self._end()
        return True

    def _swap(self, before: Entered, entered: Entered) -> None:
        """From one fact to the next: what is shown is told by both."""
        with self._lock:
            is_closed = self.is_closed
            if not is_closed:
                now = self._clock.utc()
                for number, showing in self._shows.items():
                    self._book.show(entered.deed, showing.stream, number, Span(now, entered.until))
                    self._note_end(number, showing)
                    self._shows[number] = showing._replace(since=now)
                self._entered = entered
        self._close_deed(entered if is_closed else before, "done" if is_closed else "renewed")

    def _end(self) -> None:
        """The lock is held."""
        if not self.is_closed:
            self.is_closed = True
            for number, showing in self._shows.items():
                self._note_end(number, showing)
            self._shows.clear()

    def _close_deed(self, entered: Entered, why: str) -> None:
        try:
            self._opener.close_deed(entered.deed, why)
        except TorrazzoError as error:
            log.warning("window_not_closed", window=entered.opened.number, error=str(error))

    def _note_end(self, number: int, showing: _Showing) -> None:
        """Now; where that cannot be noted, what was noted before tells of more."""
        end = UtcTicks(min(max(self._clock.utc(), showing.since + 1), self.until))
        try:
            if end > showing.since:
                self._book.show(self._entered.deed, showing.stream, number, Span(showing.since, end))
        except (Over, Unavailable) as error:
            log.warning("end_of_showing_not_noted", window=self.number, error=str(error))
