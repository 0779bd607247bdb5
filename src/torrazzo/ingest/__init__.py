# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One stream kept alive and put in time.

Takes     access units and sender reports of one stream, and the machine's two clocks.
Gives     Frame, GapOpened, GapClosed, Step: items that tile the stream's time line without hole or overlap.
Promises  each item's t0 is the t1 of the one before; a camera's clock is followed at 500 ppm at most.
Never     writes a file; knows a codec.
Read      timeline.py, then keeper.py. Design: docs/2-design/01-time.md
"""

from torrazzo.ingest.keeper import Keeper
from torrazzo.ingest.server_time import ServerTime
from torrazzo.ingest.timeline import Frame, GapClosed, GapOpened, Step, Timeline

__all__ = ["Frame", "GapClosed", "GapOpened", "Keeper", "ServerTime", "Step", "Timeline"]
