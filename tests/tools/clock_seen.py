# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the clocks in the demo's pictures say, read from the pixels of the page's videos."""

from collections.abc import Sequence
from typing import Any

from tests.tools.page_seen import Seen
from torrazzo.testing.clock_face import read_clock

TIME = len("08:31:04.25")
# Of each video five rows of its upper edge, all in one moment; nothing of one that has no picture.
_LOOK = """() => [...document.querySelectorAll('video')].map((v) => {
  if (v.videoWidth === 0 || v.readyState < 2 || v.seeking) return null;
  const canvas = new OffscreenCanvas(v.videoWidth, 32), ink = canvas.getContext('2d', {willReadFrequently: true});
  ink.drawImage(v, 0, 0);
  return [6, 10, 14, 18, 22].map((y) =>
    Array.from(ink.getImageData(0, y, canvas.width, 1).data.filter((_, at) => at % 4 === 1)));
})"""


def clocks(seen: Seen, length: int = TIME) -> list[float | None]:
    """Seconds of the day, of each video in the page; None where no clock can be read."""
    found: Any = seen.page.evaluate(_LOOK)
    return [None if rows is None else _seconds(rows, length) for rows in found]


def _seconds(rows: Sequence[Sequence[int]], length: int) -> float | None:
    text = read_clock(lambda x, y: rows[(y - 6) // 4][x], len(rows[0]), length)
    if text is None:
        return None
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
