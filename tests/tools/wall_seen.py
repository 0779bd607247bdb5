# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a wall shows: read from the pixels of each tile, and from what the tile says of itself."""

from typing import Any, NamedTuple

from tests.tools.page_seen import until
from tests.tools.patience import PATIENCE_S
from torrazzo.testing.picture import Label, label_from_pixels

# Of each tile: its camera, phase and words, and of its picture two rows of brightness, where number and tag stand.
_LOOK = """() => [...document.querySelectorAll('.tile')].map((tile) => {
  const live = tile.querySelector('.live'), video = tile.querySelector('video');
  const {camera = null, phase = null, stream = null} = live.dataset;
  const seen = {camera, phase, stream,
    words: live.innerText, isShown: tile.checkVisibility({visibilityProperty: true}), width: 0, rows: null};
  if (video && video.videoWidth > 0 && video.readyState >= 2) {
    const canvas = new OffscreenCanvas(video.videoWidth, 2), strip = Math.floor(video.videoHeight / 10);
    const ink = canvas.getContext('2d', {willReadFrequently: true});
    seen.width = canvas.width;
    seen.rows = [strip >> 1, strip + (strip >> 1)].map((y, row) => {
      ink.drawImage(video, 0, y, seen.width, 1, 0, row, seen.width, 1);
      return Array.from(ink.getImageData(0, row, seen.width, 1).data.filter((_, at) => at % 4 === 1));
    });
  }
  return seen;
})"""

# Milliseconds from the last frame that the screen showed of a tile to the moment when it says what is wanted, but for
# those in which the whole page stood still: a busy machine gave it no time.
_SINCE_SHOWN = """([tile, wanted]) => new Promise((done) => {
  const live = document.querySelector(`[data-tile="${tile}"] .live`), video = live.querySelector('video');
  let shown = performance.now(), looked = shown, stood = 0;
  const watch = () => video.requestVideoFrameCallback((now) => { shown = now; stood = 0; watch(); });
  const look = () => {
    const now = performance.now();
    stood += Math.max(0, now - looked - 100);
    looked = now;
    if (live.dataset.phase === wanted) done(now - shown - stood);
    else requestAnimationFrame(look);
  };
  watch(); look();
})"""

# From now on this window notes when a key was pressed, and when no picture is seen any more; and how long it stood
# still meanwhile, since a busy machine gave it no time.
_WATCH = """() => {
  const isSeen = (video) => video.checkVisibility({visibilityProperty: true}) && video.videoWidth > 0;
  const watched = window.watched = {pressed: null, blank: null, stood: 0};
  addEventListener('keydown', () => { watched.pressed ??= Date.now(); }, true);
  let looked = Date.now();
  const look = () => {
    watched.stood += Math.max(0, Date.now() - looked - 100);
    looked = Date.now();
    if ([...document.querySelectorAll('video')].some(isSeen)) requestAnimationFrame(look);
    else watched.blank = Date.now();
  };
  look();
}"""


class Tile(NamedTuple):
    """One of a wall."""

    camera: str | None
    phase: str | None
    stream: str | None
    words: str
    is_shown: bool
    width: int
    label: Label | None  # the picture's own


def tiles(page: Any) -> list[Tile]:
    """As they are now, in their order."""
    return [
        Tile(
            found["camera"], found["phase"], found["stream"], found["words"], found["isShown"], found["width"],
            _label(found["rows"], found["width"]),
        )
        for found in page.evaluate(_LOOK)
    ]  # fmt: skip


def _label(rows: list[list[int]] | None, width: int) -> Label | None:
    if rows is None:
        return None
    return label_from_pixels(lambda x, y: rows[0 if y < 10 else 1][x], width, 100)


def wait_live(page: Any, count: int, seconds: float = PATIENCE_S) -> list[Tile]:
    """Until so many tiles are live, with a picture that can be read."""
    found: list[Tile] = []

    def is_enough() -> bool:
        found[:] = [tile for tile in tiles(page) if tile.phase == "live" and tile.label is not None]
        return len(found) >= count

    def instead() -> str:
        return f"not {count} live tiles: {[tile[:4] for tile in tiles(page)]}"

    until(is_enough, instead, seconds)
    return found


def watch_blank(*pages: Any) -> None:
    """Before the key is pressed."""
    for page in pages:
        page.evaluate(_WATCH)


def ms_to_blank(pressed: Any, *pages: Any) -> float:
    """From the key in one window to when no picture is seen in any, but for what the slowest of them stood still."""
    until(lambda: all(page.evaluate("watched.blank") for page in pages), "a picture is seen")
    blank, stood = (max(page.evaluate(f"watched.{each}") for page in pages) for each in ("blank", "stood"))
    return float(blank - pressed.evaluate("watched.pressed") - stood)


def ms_until(page: Any, tile: int, phase: str) -> float:
    """From the last frame that was shown to that phase."""
    return float(page.evaluate(_SINCE_SHOWN, [tile, phase]))
