# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recorded spans → bytes that play everywhere.

Takes     a stream and a span; the catalogue, the volumes, a window's keys.
Gives     ranges of one MP4 that is never written, or an HLS playlist and its parts.
Promises  recorded fragments stand in it byte for byte; what is shown lasts as long as the span; gaps keep their place.
Never     encodes, writes to the archive, keeps more than a few seconds of pictures in memory.
Read      clip.py, then timeline.py. Format: docs/3-formats/export.md
"""

from torrazzo.playback.clip import plan_clip
from torrazzo.playback.footage import Footage
from torrazzo.playback.hls import PartName, media_playlist, part_bytes, part_of
from torrazzo.playback.virtual import VirtualFile

__all__ = ["Footage", "PartName", "VirtualFile", "media_playlist", "part_bytes", "part_of", "plan_clip"]
