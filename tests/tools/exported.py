# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A clip as a file: what the control room serves in ranges, put together piece by piece."""

from pathlib import Path

from torrazzo.base import Span, StreamId
from torrazzo.playback import Footage, plan_clip
from torrazzo.playback.clip import Clip


def export_mp4(footage: Footage, stream: StreamId, span: Span, out: Path) -> Clip:
    """All of it, at `out`."""
    clip = plan_clip(footage, stream, span)
    pieces = (footage.open_piece(clip.segments[extent.segment], extent.piece) for extent in clip.extents)
    out.write_bytes(clip.head + b"".join(pieces))
    return clip
