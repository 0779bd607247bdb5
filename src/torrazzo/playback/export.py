# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Write one span of one stream as one playable MP4 (its form: docs/3-formats/export.md)."""

import contextlib
from pathlib import Path

from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.durable import Disk, OsDisk, move_into_place
from torrazzo.playback.clip import Clip, Progress, plan_clip
from torrazzo.playback.footage import Footage


def export_mp4(
    footage: Footage,
    stream: StreamId,
    span: Span,
    out: Path,
    progress: Progress | None = None,
    disk: Disk | None = None,
) -> Clip:
    """Read twice: once for the tables, once to write. `out` appears, or is replaced, when all of it is on disk.

    A piece that cannot be read becomes a gap, told in `losses`. What `progress` raises ends the work and leaves
    nothing behind. Raises `Invalid` if there is nothing to export, `Unavailable` if the file can't be written.
    """
    disk = disk or OsDisk()
    new = out.with_name(f".{out.name}.new")
    try:
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(new)  # of an export that was killed
        while True:
            clip = plan_clip(footage, stream, span, _first_half(progress))
            try:
                _write(footage, clip, new, progress, disk)
            except Damaged:  # it will be a gap when planned again
                continue
            move_into_place(new, out)
            return clip
    except OSError as error:
        raise Unavailable(f"{out}: {error.strerror}; choose another place or make room, then export again") from error


def _write(footage: Footage, clip: Clip, new: Path, progress: Progress | None, disk: Disk) -> None:
    """The whole file, or nothing."""
    file = disk.create(new)
    is_whole = False
    try:
        file.append([clip.head])
        for extent in clip.extents:
            file.append([footage.open_piece(clip.segments[extent.segment], extent.piece)])
            if progress is not None:
                progress(clip.size + extent.at + extent.length, 2 * clip.size)
        file.sync()
        is_whole = True
    finally:
        file.close()
        if not is_whole:
            disk.unlink(new)


def _first_half(progress: Progress | None) -> Progress | None:
    if progress is None:
        return None
    return lambda done, total: progress(done, 2 * total)
