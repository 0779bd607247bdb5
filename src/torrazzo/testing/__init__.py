# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fakes with laws, shipped because the demo runs on them.

Takes     a seed, a clip, a clock; and what shall go wrong, when.
Gives     a clock, a disk, cameras and a small town that behave like real ones, and as badly.
Promises  each keeps its laws (tests/unit/testing) and logs what it did, so that loss is measured against the sender.
Never     is imported by the product, except by the demo.
Read      clips.py, camera.py, faults.py, disk.py.
"""

from torrazzo.testing.camera import FakeCamera, Habits
from torrazzo.testing.clips import ClipSpec, make_clip
from torrazzo.testing.clock import FakeClock
from torrazzo.testing.disk import FaultyDisk
from torrazzo.testing.town import SmallTown

__all__ = ["ClipSpec", "FakeCamera", "FakeClock", "FaultyDisk", "Habits", "SmallTown", "make_clip"]
