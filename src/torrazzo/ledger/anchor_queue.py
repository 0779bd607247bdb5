# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is still to be anchored, and whom to ask next: a value; who holds it keeps its rows and does the asking.

A dead authority delays nothing but its own anchors: what must go on goes on, and is stamped later.
"""

from collections.abc import Collection
from typing import NamedTuple, Self

from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.ledger.anchor import Head

_FIRST_PAUSE = 60 * SECOND
_LONGEST_PAUSE = 3_600 * SECOND
_NEVER = UtcTicks(0)


class Want(NamedTuple):
    """A head that an authority has not stamped yet."""

    head: Head
    authority: str
    since: UtcTicks
    is_shown: bool = False  # a package shows this very head: a later one does not do instead
    tries: int = 0


class Silence(NamedTuple):
    """An authority that gave nothing when it was last asked."""

    authority: str
    since: UtcTicks  # the first failure after its last anchor
    tried: UtcTicks  # the last one
    failures: int
    why: str  # the last one's text


class AnchorQueue(NamedTuple):
    """At most one head per log and authority, and those that packages show."""

    wants: tuple[Want, ...] = ()
    silences: tuple[Silence, ...] = ()

    def want(self, head: Head, authorities: Collection[str], now: UtcTicks, *, is_shown: bool = False) -> Self:
        """Have it stamped by each of these. It replaces earlier heads of its log, which it is consistent with."""
        kept, added = list(self.wants), []
        for authority in authorities:
            same = [w for w in kept if (w.head, w.authority) == (head, authority)]
            added += [w._replace(is_shown=w.is_shown or is_shown) for w in same]
            added += [] if same else [Want(head, authority, now, is_shown)]
            kept = [w for w in kept if w not in same and not _replaces(head, authority, w)]
        return self._replace(wants=(*kept, *added))

    def due(self, now: UtcTicks) -> tuple[Want, ...]:
        """Whom to ask for what: one head for each authority that is not left alone just now, shown ones first."""
        first: dict[str, Want] = {}
        for want in sorted(self.wants, key=lambda w: (w.tries, not w.is_shown, w.since)):
            first.setdefault(want.authority, want)
        left_alone = {silence.authority for silence in self.silences if _is_pause(silence, now)}
        return tuple(want for authority, want in first.items() if authority not in left_alone)

    def stamped(self, want: Want) -> Self:
        """It gave an anchor: this head is done, and nothing makes its others wait."""
        return self._replace(
            wants=tuple(w for w in self.wants if not _is_same(w, want)),
            silences=tuple(s for s in self.silences if s.authority != want.authority),
        )

    def failed(self, want: Want, now: UtcTicks, why: str) -> Self:
        """It gave none, for this reason: it is left alone for a minute, then two, four, up to an hour."""
        before = [s for s in self.silences if s.authority == want.authority]
        since, failures = (before[0].since, before[0].failures) if before else (now, 0)
        return self._replace(
            wants=tuple(w._replace(tries=w.tries + 1) if _is_same(w, want) else w for w in self.wants),
            silences=(
                *(s for s in self.silences if s.authority != want.authority),
                Silence(want.authority, since, now, failures + 1, why),
            ),
        )

    def hurried(self, authorities: Collection[str]) -> Self:
        """People want it now: these are asked at once, whenever they failed; if they fail again the pause goes on."""
        return self._replace(
            silences=tuple(s._replace(tried=_NEVER) if s.authority in authorities else s for s in self.silences)
        )

    def only(self, authorities: Collection[str]) -> Self:
        """Without what is wanted of any other authority: those are no longer configured."""
        return self._replace(
            wants=tuple(w for w in self.wants if w.authority in authorities),
            silences=tuple(s for s in self.silences if s.authority in authorities),
        )

    def waiting(self, log: str, size: int) -> tuple[Want, ...]:
        """What a package that shows this head must flag as not stamped yet."""
        return tuple(w for w in self.wants if (w.head.log, w.head.size) == (log, size))


def _is_same(one: Want, other: Want) -> bool:
    return (one.head, one.authority) == (other.head, other.authority)


def _replaces(head: Head, authority: str, old: Want) -> bool:
    return not old.is_shown and (old.authority, old.head.log) == (authority, head.log) and old.head.size <= head.size


def _is_pause(silence: Silence, now: UtcTicks) -> bool:
    pause = min(_FIRST_PAUSE << min(silence.failures - 1, 16), _LONGEST_PAUSE)
    return silence.tried <= now < silence.tried + pause  # a clock that was set back makes nobody wait
