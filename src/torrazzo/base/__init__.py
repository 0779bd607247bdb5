# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words that everyone shares: ids, times, spans, errors, the Clock.

Takes     nothing.
Gives     values, and the two clocks as an argument to pass on.
Promises  integers only; text forms parse strictly and round-trip.
Never     imports another folder of ours; no IO except in clock.py.
Read      times.py, ids.py.
"""

from torrazzo.base.clock import Clock, SystemClock
from torrazzo.base.errors import TorrazzoError
from torrazzo.base.ids import SegmentId, StreamId, TermId
from torrazzo.base.spans import Span

__all__ = ["Clock", "SegmentId", "Span", "StreamId", "SystemClock", "TermId", "TorrazzoError"]
