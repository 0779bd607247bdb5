# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which entries of `act` tell of some pictures."""

from collections.abc import Iterator
from typing import cast

from tests.tools.gate_town import NOW, STREAM, TOWN, b64, hold_values, person, view_values
from torrazzo.base import Span
from torrazzo.base.times import DAY, SECOND, UtcTicks
from torrazzo.evidence.fixed_log import FixedLog
from torrazzo.evidence.history import CONCERNING, find_history
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.act_forms import KINDS
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo_verify.verify import WORDS

END = {"why": "release", "level": "file", "left": 0, "ring": b64(bytes(32)), "state": None}


class FewEntries:
    """As of `FixedLog` this asks for."""

    def __init__(self, name: str, lines: list[bytes]) -> None:
        self.head = Checkpoint(f"{TOWN}/{name}", len(lines), bytes(32))
        self.lines = lines

    def entries_back(self) -> Iterator[tuple[int, bytes]]:
        return reversed(list(enumerate(self.lines)))


def test_what_follows_on_a_hold_is_found_by_its_name() -> None:
    """Confirmed, released, over: of this log's hold, and not of one that has its number in the log before a fork."""
    lines = [pack_act("hold", NOW, hold_values())]
    for hold in ("act.2-0", "act-0"):
        lines += [pack_act(kind, NOW, {"hold": hold, **person("bruno")}) for kind in ("confirm", "release")]
        lines.append(pack_act("end", NOW, {"hold": hold, **END}))
    log = cast("FixedLog", FewEntries("act.2", lines))
    assert find_history(log, [STREAM], Span(UtcTicks(NOW - 60 * SECOND), NOW)) == [0, 1, 2, 3]


def test_from_when_on_the_history_is_whole_is_told() -> None:
    """After a fork its fact about this log stands in front, whatever the span; that of the other log does not."""
    fork = {"size": 7, "root": b64(bytes(32)), "why": "restored", **person("anna")}
    lines = [pack_act("fork", NOW, {"log": kind, **fork}) for kind in ("rec", "act")]
    lines += [pack_act("view", NOW, view_values()), pack_act("view", NOW, view_values(t0=NOW - DAY, t1=NOW - DAY + 1))]
    log = cast("FixedLog", FewEntries("act.2", lines))
    assert find_history(log, [STREAM], Span(UtcTicks(NOW - 60 * SECOND), NOW)) == [1, 2]


def test_a_clock_that_was_set_back_hides_no_access() -> None:
    """What was entered before an entry whose time lies years back is found all the same, wherever that stands."""
    span = Span(UtcTicks(NOW - 60 * SECOND), NOW)
    wrong = UtcTicks(NOW - 3_000 * DAY)
    lines = [
        pack_act("hold", NOW, hold_values()),
        pack_act("rec", wrong, {"size": 7, "root": b64(bytes(32))}),
        pack_act("hold", wrong, hold_values(until=wrong + SECOND)),
        pack_act("confirm", wrong, {"hold": "act-2", **person("bruno")}),
        pack_act("release", NOW, {"hold": "act-0", **person("bruno")}),
    ]
    log = cast("FixedLog", FewEntries("act", lines))
    assert find_history(log, [STREAM], span) == [0, 2, 3, 4]


def test_a_picture_that_left_as_a_file_is_told() -> None:
    """A still is told where the look that it was taken from is, and not where that was of another time."""
    span = Span(UtcTicks(NOW - 60 * SECOND), NOW)
    lines = [pack_act("view", NOW, view_values()), pack_act("view", NOW, view_values(t0=NOW - DAY, t1=NOW - DAY + 1))]
    still = {"streams": [str(STREAM)], "at": NOW - 30 * SECOND, "d": b64(bytes(32)), **person("anna")}
    lines += [pack_act("still", NOW, {"of": of, **still}) for of in (0, 1)]
    log = cast("FixedLog", FewEntries("act", lines))
    assert find_history(log, [STREAM], span) == [0, 2]


def test_no_kind_that_follows_on_an_access_is_forgotten() -> None:
    """Each kind of entry that names an earlier one concerns what that concerns, and a verifier has words for it."""
    following = {kind for kind, keys in KINDS.items() if {"of", "hold"} & keys.keys()}
    about_no_access = {"anchor", "refuse"}  # a stamped head; what was not given
    assert following - about_no_access <= CONCERNING
    assert CONCERNING - WORDS.keys() == set()
