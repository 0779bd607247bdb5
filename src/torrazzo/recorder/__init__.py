# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The data path on one page: cameras to sealed records on disks.

Takes     the plan on disk, cameras, the hours' public keys.
Gives     volumes, and facts for the catalogue.
Promises  every second of every stream is a segment or a gap with a cause; needs no other process to record.
Never     reads footage back but the group of pictures that is running, waits for anybody, imports a web framework.
Read      record.py, stream.py, writer.py, journal.py; for who watches live.py.
"""

from torrazzo.recorder.record import Recorder
from torrazzo.recorder.run import run_recorder

__all__ = ["Recorder", "run_recorder"]
