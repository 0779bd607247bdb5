# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was shown through a window, as the fact that closes it tells: never less than it was, and within a line."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import UtcTicks

MOST_SPANS = 40  # of all streams: so many fit into 4,096 bytes beside 32 streams


def shown_value(shown: Mapping[StreamId, Sequence[Span]]) -> list[dict[str, object]]:
    """The value of `shown`: per stream how many segments, and their spans, merged where they touch.

    Where more than 40 spans would be left, the smallest holes between them are filled: the line then tells of more than
    was shown. A stream of which nothing was shown is left out.
    """
    merged = {stream: merge_spans(spans) for stream, spans in shown.items() if spans}
    holes = sorted(
        (later.start - earlier.end, str(stream), earlier.end)
        for stream, spans in merged.items()
        for earlier, later in itertools.pairwise(spans)
    )
    spare = max(0, sum(map(len, merged.values())) - max(MOST_SPANS, len(merged)))
    filled = {(stream, end): size for size, stream, end in holes[:spare]}
    return [
        {"stream": str(stream), "count": len(shown[stream]), "spans": _filled(stream, merged[stream], filled)}
        for stream in sorted(merged, key=str)
    ]


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """In order, none of them touching the next."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _filled(stream: StreamId, spans: Sequence[Span], filled: Mapping[tuple[str, UtcTicks], int]) -> list[list[int]]:
    longer = [Span(start, UtcTicks(end + filled.get((str(stream), end), 0))) for start, end in spans]
    return [[span.start, span.end] for span in merge_spans(longer)]
