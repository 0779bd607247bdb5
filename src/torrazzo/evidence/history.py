# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people did with these pictures: the entries of `act` that concern them."""

from collections.abc import Collection

from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Invalid
from torrazzo.base.times import HOUR
from torrazzo.evidence.fixed_log import FixedLog
from torrazzo.ledger import Pruned
from torrazzo.ledger.act import Act, parse_act
from torrazzo.ledger.identity import EntryName, end_of

_SPANS = frozenset({"view", "ask", "hold"})  # they name streams and a span
_FOLLOWING = frozenset({"approve", "export", "close", "confirm", "release", "end", "rekey"})  # they name one before


def find_history(log: FixedLog, streams: Collection[StreamId], span: Span) -> list[int]:
    """Indexes, in order: windows, asks, holds and live views of these cameras in the span, and what followed on them.

    Nobody can have looked at pictures before they were taken, so the log is read back to an hour before the span.
    """
    found: list[tuple[int, Act]] = []
    try:
        for index, line in log.entries_back():
            try:
                act = parse_act(line)
            except Invalid:
                continue  # a later version's
            if act.t < span.start - HOUR:
                break
            if act.kind in _SPANS | _FOLLOWING | {"live"}:
                found.append((index, act))
    except Pruned:
        pass
    names = set(map(str, streams))
    name, kept = end_of(log.head.origin), dict[int, None]()
    for index, act in reversed(found):
        if _named(act, name) in kept if act.kind in _FOLLOWING else _concerns(act, names, span):
            kept[index] = None
    return list(kept)


def _named(act: Act, log: str) -> object:
    """Number of the entry that this one follows; None where that is of a log before a fork."""
    if "hold" not in act.values:
        return act.values.get("of")
    hold = EntryName.parse(act.values["hold"])
    return hold.number if hold.log == log else None


def _concerns(act: Act, names: set[str], span: Span) -> bool:
    start, end = (act.values[key] for key in (("t", "until") if act.kind == "live" else ("t0", "t1")))
    return bool(names & set(act.values["streams"])) and start < span.end and span.start < end
