# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people did with these pictures: the entries of `act` that concern them."""

from collections.abc import Collection

from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Invalid
from torrazzo.evidence.fixed_log import FixedLog
from torrazzo.ledger import Pruned
from torrazzo.ledger.act import Act, parse_act
from torrazzo.ledger.identity import EntryName, end_of

_SPANS = frozenset({"view", "ask", "hold", "live"})  # they name streams, and a span or from when to when
_FOLLOWING = frozenset(  # they name one before
    {"still", "approve", "reject", "export", "take", "close", "confirm", "release", "end", "rekey"}
)
_FORK = "fork"  # of this log: from its time on the history is whole
CONCERNING = _SPANS | _FOLLOWING | {_FORK}
_HEADS = b'{"v":1,"kind":"rec",'  # of nobody, one each minute: most of the log


def find_history(log: FixedLog, streams: Collection[StreamId], span: Span) -> list[int]:
    """Indexes, in order: windows, asks, holds and live views of these cameras in the span, and what followed on them.

    In front of them, after a fork, the fact of it: what was entered before stands in the log before.

    The whole log is read, once, a bundle at a time: no entry's time tells how far back the others lie, for a clock may
    have been set back meanwhile. Kept are those that concern the span, and of those that follow on another two numbers.
    """
    names, name = set(map(str, streams)), end_of(log.head.origin)
    found: list[tuple[int, object]] = []  # with the number of the one that it follows
    concerned = set[object]()
    try:
        for index, line in log.entries_back():
            if line.startswith(_HEADS):
                continue
            try:
                act = parse_act(line)
            except Invalid:
                continue  # a later version's
            if act.kind in _FOLLOWING:
                found.append((index, _named(act, name)))
            elif act.kind in {_FORK, *_SPANS} and _concerns(act, names, span):
                found.append((index, None))
                concerned.add(index)
    except Pruned:
        pass
    kept = dict[object, int]()
    for index, of in reversed(found):
        if index in concerned or of in kept:
            kept[index] = index
    return list(kept.values())


def _named(act: Act, log: str) -> object:
    """Number of the entry that this one follows; None where that is of a log before a fork."""
    if "hold" not in act.values:
        return act.values.get("of")
    hold = EntryName.parse(act.values["hold"])
    return hold.number if hold.log == log else None


def _concerns(act: Act, names: set[str], span: Span) -> bool:
    if act.kind == _FORK:
        return bool(act.values["log"] == "act")
    start, end = (act.values[key] for key in (("t", "until") if act.kind == "live" else ("t0", "t1")))
    return bool(names & set(act.values["streams"])) and start < span.end and span.start < end
