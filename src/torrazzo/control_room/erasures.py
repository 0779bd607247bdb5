# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An hour of one camera goes before its time (RT-06): what can be asked for, and what is done once two want it."""

from collections.abc import Callable, Iterable, Sequence
from zoneinfo import ZoneInfo

from torrazzo.access.asks import Ask
from torrazzo.access.four_eyes import Proposal
from torrazzo.access.staff import PROGRAM
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import STREAM_NAMES, CameraId, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, UtcTicks, hour_of, ticks_from_text
from torrazzo.control_room.index import Index
from torrazzo.control_room.looks import Looks
from torrazzo.keyring.gate import ERASE
from torrazzo.keyring.rekey import OVER_HOURS
from torrazzo.ledger.act import Wanted, parse_act
from torrazzo.ledger.private import Private

KIND = "footage.erase"  # of its proposal
ENDED = frozenset({"refused", "withdrawn", "expired"})
GROUNDS = ("rights-request", "unlawful-capture")  # there is no other


class Erasures:
    """Each method may block and runs in a thread."""

    def __init__(self, looks: Looks, index: Index, clock: Clock, asks: Callable[[], Sequence[Ask]]) -> None:
        self._looks, self._index, self._clock, self._asks = looks, index, clock, asks
        self._ended: set[int] = set()  # proposals whose ask has ended in the ledger, too

    def wanted(self, camera: CameraId, hour: UtcTicks) -> Wanted:
        """Both streams, in that hour; raises `Invalid` for one that is none or too young, `Absent` for nothing."""
        if hour % HOUR:
            raise Invalid("hour: write the start of a whole hour")
        if hour_of(hour) > hour_of(self._clock.utc()) - OVER_HOURS:
            raise Invalid("hour: it is not over for long enough, its keys are still being used")
        wanted = self.of(camera, hour)
        self._looks.whole(sorted(wanted.streams, key=str), wanted.span, lead=0)
        return wanted

    @staticmethod
    def of(camera: CameraId, hour: UtcTicks) -> Wanted:
        """The same, whatever there is of it."""
        return Wanted(frozenset(StreamId(camera, name) for name in STREAM_NAMES), Span(hour, UtcTicks(hour + HOUR)))

    def holds(self, wanted: Wanted) -> Sequence[str]:
        """By which some of it is held."""
        found = []
        for hold in self._index.placed_holds():
            held = Wanted.of(hold.act)
            is_then = held.span.start < wanted.span.end and held.span.end > wanted.span.start
            if is_then and held.streams & wanted.streams:
                found.append(str(hold.name))
        return found

    def ask(self, who: Private, wanted: Wanted) -> int:
        """The number of its fact."""
        return self._looks.windows.ask(who, wanted, ERASE, ERASE)

    def is_asked(self, ask: int, wanted: Wanted) -> bool:
        """Whether that number's fact asks for this; after a fork of the ledger it may be another's."""
        line = self._looks.windows.gate.act(ask)
        act = None if line is None else parse_act(line)
        is_ask = act is not None and act.kind == "ask" and act.values["purpose"] == ERASE
        return act is not None and is_ask and Wanted.of(act) == wanted

    def erase(self, who: Private, ask: int) -> int:
        """By another person: it is gone on return. How many keys of others were sealed anew; raises `Refused`.

        Also once more, where the keyring did not answer: it is the same order to it.
        """
        found = next((each for each in self._asks() if each.number == ask), None)
        return self._looks.windows.erase(who, ask, found and found.approved_by(who.person))

    def end(self, who: Private, found: Proposal) -> None:
        """It was not to be: nobody is to carry its ask out, by whatever way; nothing where that is told already."""
        self._end(who, found, self._asks())

    def tend(self, proposals: Iterable[Proposal]) -> None:
        """Now and then, of what has ENDED: the asks of those that expired, or whose end the ledger did not take."""
        ended = [found for found in proposals if found.kind == KIND and found.number not in self._ended]
        asks = self._asks() if ended else ()
        for found in ended:
            self._end(Private(PROGRAM, f"proposal {found.number}: {found.state}"), found, asks)

    def _end(self, who: Private, found: Proposal, asks: Sequence[Ask]) -> None:
        ask = next((each for each in asks if is_of(found, each)), None)
        if ask is not None and not ask.rejections and not ask.approvals and ask.asked.private is not None:
            self._looks.windows.reject(who, ask.number)
        self._ended.add(found.number)


def is_of(found: Proposal, ask: Ask) -> bool:
    """Whether this is what that proposal had entered; after a fork its number may be another's."""
    if found.kind != KIND or ask.purpose != ERASE or found.what["ask"] != ask.number:
        return False
    hour = ticks_from_text(str(found.what["hour"]), ZoneInfo("UTC"))
    return Erasures.of(CameraId(str(found.what["camera"])), hour) == ask.wanted
