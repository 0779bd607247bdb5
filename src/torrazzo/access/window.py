# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One person looking, for one purpose, at some streams and one span: open while the ledger says so."""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import structlog

from torrazzo.access.book import Book, Given, Over
from torrazzo.access.gate import Gate, Keys, Opened
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import SegmentId, StreamId, TermId
from torrazzo.base.spans import Span
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.gate_refusal import Reason
from torrazzo.ledger.act import Wanted

RENEW = 2 * 60 * SECOND  # before its end a window that is used is renewed

PATIENCE_S = 5.0  # with another one who renews it

RENEWED = {Reason.RESTARTED, Reason.EXPIRED, Reason.CLOSED}  # the keyring forgot it: another one is opened

_MEANWHILE = "this look at the archive was closed meanwhile; say again why you look"

log = structlog.get_logger(__name__)


class Entered(NamedTuple):
    """A fact that opened a window, and what it is known by."""

    deed: int  # in the book
    opened: Opened
    until: UtcTicks


class Opener(Protocol):
    """Writes facts; `Windows` is one."""

    def close_deed(self, deed: int, why: str) -> None:
        """Enter the fact that closes this window, now or when the ledger is back."""
        ...

    def is_present(self, deed: int) -> bool:
        """Whether it was entered in the log that is written to: no fact of another one can name it."""
        ...


class Window:
    """Fulfils `playback`'s Keys. May be used by several threads.

    Each time it is used, shortly before its fact ends, another fact renews it; the one before is closed then.
    """

    def __init__(
        self,
        wanted: Wanted,
        entered: Entered,
        renew: Callable[[int], Entered],
        opener: Opener,
        gate: Gate,
        book: Book,
        clock: Clock,
    ) -> None:
        self.streams, self.span = wanted
        self._entered = entered
        self._renew, self._opener, self._gate, self._book, self._clock = renew, opener, gate, book, clock
        self._lock = threading.Lock()  # over the fact and whether it is closed
        self._renewing = threading.Lock()  # while the ledger is asked
        self._is_closed = False

    @property
    def number(self) -> int:
        """The entry in `act` that opened it, or renewed it last."""
        return self._entered.opened.number

    @property
    def deed(self) -> int:
        """The same fact in the book."""
        return self._entered.deed

    @property
    def until(self) -> UtcTicks:
        """When it ends unless it is used before."""
        return self._entered.until

    @property
    def is_closed(self) -> bool:
        """Whether it gives no more keys."""
        return self._is_closed

    def covers(self, stream: StreamId, span: Span) -> bool:
        """Whether all of that may be looked at through it."""
        return stream in self.streams and self.span.start <= span.start and span.end <= self.span.end

    def keep_open(self) -> None:
        """Somebody is looking: renew it if it soon ends; who comes while another does so goes on with what there is.

        While the ledger is away an open window stays open until its end. Raises `Refused` once it is closed or expired.
        """
        now = self._clock.utc()
        with self._lock:
            entered = self._entered
            if self._is_closed:
                raise Refused("this look at the archive is over; say again why you look")
            self._is_closed = has_expired = entered.until <= now
        if has_expired:
            self._close_deed(entered, "expired")
            raise Refused("this look at the archive has expired; say again why you look")
        if entered.until - now > RENEW or not self._renewing.acquire(blocking=False):
            return
        try:
            if self._entered is entered:
                self._renew_now()
        except Unavailable as error:
            log.warning("window_not_renewed", window=self.number, error=str(error))
        finally:
            self._renewing.release()

    def segment_keys(
        self, stream: StreamId, term: TermId, hour: int, class_: str, sealed: bytes, ns: Sequence[int]
    ) -> dict[int, bytes]:
        """Keys of these segments, all of one stream, term and key; what was given is noted before it returns."""
        del hour, class_  # the segments' facts say so
        self.keep_open()
        segments = [SegmentId(stream, term, n) for n in sorted(set(ns))]
        try:
            found = self._given(segments, sealed)
        except Over:  # it was renewed meanwhile by somebody else who uses it: what renews it tells of these
            found = self._given(segments, sealed)
        if self._is_closed:
            raise Refused(_MEANWHILE)
        return dict(found.keys)

    def _given(self, segments: Sequence[SegmentId], sealed: bytes) -> Keys:
        entered = self._entered
        try:
            found = self._gate.keys(entered.opened, segments, sealed)
        except Denied as error:
            if error.reason not in RENEWED:
                raise
            entered = self._renewed(entered)
            found = self._gate.keys(entered.opened, segments, sealed)
        self._book.give(entered.deed, (Given(one, found.spans[one.n]) for one in segments))
        return found

    def close(self, why: str = "done") -> None:
        """No more keys; may be called twice. Where the ledger is away its closing fact is written when it is back."""
        with self._lock:
            is_first, entered, self._is_closed = not self._is_closed, self._entered, True
        if is_first:
            self._close_deed(entered, why)

    def _renewed(self, entered: Entered) -> Entered:
        """Another fact than this one, which the keyring knows no more."""
        if not self._renewing.acquire(timeout=PATIENCE_S):
            raise Unavailable("the ledger has not taken yet that you go on looking; try again")
        try:
            if self._is_closed:
                raise Refused(_MEANWHILE)
            if self._entered is entered:
                self._renew_now()
            return self._entered
        finally:
            self._renewing.release()

    def _renew_now(self) -> None:
        """By one thread at a time; whoever uses or closes the window meanwhile does not wait for the ledger."""
        before = self._entered
        if not self._opener.is_present(before.deed):
            self.close("expired")
            raise Refused("the ledger has begun anew since; say again why you look")
        entered = self._renew(before.opened.number)
        with self._lock:
            is_closed = self._is_closed
            if not is_closed:
                self._entered = entered
        self._close_deed(entered if is_closed else before, "done" if is_closed else "renewed")
        if is_closed:
            raise Refused(_MEANWHILE)

    def _close_deed(self, entered: Entered, why: str) -> None:
        """Without the lock."""
        try:
            self._opener.close_deed(entered.deed, why)
        except TorrazzoError as error:
            log.warning("window_not_closed", window=entered.opened.number, error=str(error))
