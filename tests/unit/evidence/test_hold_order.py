# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""In which order the keys of what is held go into the vault."""

from tests.tools.gate_town import NOW, OTHER_STREAM, STREAM, TERM
from torrazzo.base import SegmentId, StreamId
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.catalogue import SegmentRow
from torrazzo.evidence.hold import _groups, _urgency


def row(stream: StreamId, n: int, hour: int, class_: str = "standard") -> SegmentRow:
    """The n-th segment, in that hour from NOW on."""
    t0 = UtcTicks(NOW // HOUR * HOUR + hour * HOUR + n * SECOND)
    return SegmentRow(SegmentId(stream, TERM, n), t0, UtcTicks(t0 + SECOND), "x.vol", (), 0, class_)


def test_what_goes_first_is_put_first() -> None:
    """By the end of life of hour and class, not by age; each stream's hour together, in order, to be proven at once."""
    late, soon, last = row(STREAM, 1, 0), row(STREAM, 5, 90, "h72"), row(STREAM, 3, 1)
    rows = [last, row(STREAM, 2, 0), row(OTHER_STREAM, 1, 0), late, soon]
    groups = [[(each.id.stream, each.id.n) for each in group] for group in _groups(sorted(rows, key=_urgency))]
    assert groups == [[(STREAM, 5)], [(OTHER_STREAM, 1)], [(STREAM, 1), (STREAM, 2)], [(STREAM, 3)]]
