# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The screen of playback in Chromium: four cameras of a real archive, and what their tiles show, read from pixels."""

import bisect
import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av

from tests.tools.page_seen import Seen, until
from tests.tools.playback_town import OPERATOR, WHY, PlaybackTown
from tests.tools.recording import Recording
from tests.tools.room_town import RoomTown
from torrazzo.base import StreamId
from torrazzo.base.ids import CameraId
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clock import START
from torrazzo.testing.picture import label_from_pixels

FRAME = SECOND // 25
PHASE = 1170  # ticks by which the fourth camera makes its frames after the others
GAP = (30, 36)  # seconds: the second camera has nothing
NAMES = ("Piazza Stradivari", "Corso Garibaldi", "Via Dante", "Ponte sul Po")
LENGTH = 90
_SPECS = (
    ClipSpec(width=320, height=240, b_frames=2, frames=200, tag=1),
    ClipSpec(width=320, height=240, b_frames=2, frames=200, tag=2),
    ClipSpec(width=320, height=180, gop=25, frames=200, tag=3),
    ClipSpec(width=320, height=240, gop=100, frames=200, tag=4),
)

# Of each tile what it is, the brightness in the middle of each cell of its two strips, and its words; in one moment.
_LOOK = """() => [...document.querySelectorAll('.play-tile')].map((tile) => {
  const shown = tile.querySelector('canvas'), {kind} = tile.dataset;
  if (kind !== 'picture' || tile.querySelector('.play-late') !== null) return [kind, null, tile.innerText];
  const {width, height} = shown, strip = Math.floor(height / 10);
  const copy = new OffscreenCanvas(width, 2 * strip), ink = copy.getContext('2d', {willReadFrequently: true});
  ink.drawImage(shown, 0, 0);
  const row = (y) => ink.getImageData(0, y, width, 1).data;
  const rows = [strip >> 1, strip + (strip >> 1)].map(row).map((data) =>
    Array.from({length: 20}, (_, cell) => data[4 * Math.floor((2 * cell + 1) * width / 40) + 1]));
  return [kind, rows, tile.innerText];
})"""
# Where the picture of each tile is, once nothing is written over it.
_BOXES = """() => [...document.querySelectorAll('.play-tile')].map((tile) => {
  tile.querySelectorAll('p').forEach((each) => { each.style.visibility = 'hidden'; });
  const shown = tile.querySelector('canvas'), box = tile.getBoundingClientRect();
  const scale = Math.min(box.width / shown.width, box.height / shown.height);
  const [width, height] = [shown.width * scale, shown.height * scale];
  return [box.left + (box.width - width) / 2, box.top + (box.height - height) / 2, width, height].map(Math.round);
})"""
# As the first, at each frame that the page paints, where anything is another than before; and the clock beside it.
_WATCH = f"""() => {{
  const look = {_LOOK};
  const watched = window.watched = {{seen: [], runs: true}};
  let last = '';
  const note = () => {{
    if (!watched.runs) return;
    const found = look().map(([kind, rows]) => [kind, rows, '']), name = JSON.stringify(found);
    if (name !== last) watched.seen.push([Date.parse(document.querySelector('.play-clock time').dateTime), found]);
    last = name;
    requestAnimationFrame(note);
  }};
  note();
}}"""


class FourCameras(PlaybackTown):
    """90 s of four cameras from START on: GOPs of one, two and four seconds, with B-frames and without, and a gap."""

    names = NAMES
    start, length = START, LENGTH

    def shot(self, folder: Path) -> list[Recording]:
        """The fourth camera's frames come 13 ms after those of the others."""
        found: list[Recording] = []
        for at, spec in enumerate(_SPECS):
            stream = StreamId(CameraId(f"{at + 1:016x}"), "main")
            start = UtcTicks(self.start + (PHASE if at == 3 else 0))
            made = Recording(folder, start, stream, beside=found[0] if found else None, fence=17 + at)
            has_gap = at == 1 and self.length > GAP[1]
            if has_gap:
                made.shoot(make_clip(spec), GAP[0])
                made.gap(GAP[1] - GAP[0])
            made.shoot(make_clip(spec), self.length - (GAP[1] if has_gap else 0))
            made.finish()
            found.append(made)
        return found

    def ids(self) -> str:
        return ",".join(made.stream.camera for made in self.made)

    def open(self, browser: Any, at: float, **look: Any) -> Seen:
        """The screen, of somebody who is signed in, at so many seconds after START."""
        seen = Seen(browser, f"http://localhost:{self.port}", **look)
        cookies = self.signed_in(OPERATOR).cookies
        seen.context.add_cookies([{"name": name, "value": cookies[name], "url": seen.address} for name in cookies])
        seen.open(f"/playback?cameras={self.ids()}&at={iso_from_ticks(self.start + round(at * SECOND))}")
        return seen


class TheHourTwice(FourCameras):
    """20 s before the clocks of Italy went back, from 03:00 to 02:00, and 20 s after."""

    start, length = UtcTicks(1_792_889_980 * SECOND), 40  # 2026-10-25T00:59:40Z


class TileSeen(NamedTuple):
    """What one tile shows."""

    kind: str
    number: int | None  # as burned in; None: no picture of now
    tag: int | None
    text: str


def say(seen: Seen, key: str) -> str:
    """The page's word."""
    return RoomTown.say(seen, key)


def press_button(seen: Seen, key: str) -> None:
    """By its word, in the topmost dialog where there is one."""
    seen.click(say(seen, key))


def begin(seen: Seen) -> None:
    """Say why, and wait for all pictures."""
    press_button(seen, "playback.look")
    seen.page.get_by_label(say(seen, "playback.reason"), exact=True).fill(WHY["reason"])
    seen.page.get_by_label(say(seen, "playback.event"), exact=True).fill(WHY["event"])
    press_button(seen, "playback.look")
    shown(seen)


def tab_to(seen: Seen, name: str) -> None:
    """By Tab alone, to the next part that is so called."""
    seen.press("Tab")
    seen.tab_to(name)


def tiles(seen: Seen) -> list[TileSeen]:
    """All in one moment."""
    return _told(seen.page.evaluate(_LOOK))


def _told(found: Sequence[tuple[str, Sequence[Sequence[int]] | None, str]]) -> list[TileSeen]:
    told = []
    for kind, rows, text in found:
        label = None if rows is None else _label(rows)
        number, tag = (None, None) if label is None else label
        told.append(TileSeen(kind, number, tag, text))
    return told


def _label(rows: Sequence[Sequence[int]]) -> Any:
    return label_from_pixels(lambda x, y: rows[y // 10][x // 3], 60, 100)


class Presented(NamedTuple):
    """What was on the screen of one frame that the page painted."""

    at: int  # where the page's clock was; UTC ticks
    tiles: list[TileSeen]


@contextlib.contextmanager
def watching(seen: Seen) -> Iterator[Callable[[], list[Presented]]]:
    """Each painted frame in which anything is another than in the one before: what came since it was asked last."""

    def take() -> list[Presented]:
        found = seen.page.evaluate("watched.seen.splice(0)")
        return [Presented(round(at * 90), _told(told)) for at, told in found]

    seen.page.evaluate(_WATCH)
    try:
        yield take
    finally:
        seen.page.evaluate("watched.runs = false")


def shown(seen: Seen, most_gaps: int = 1, meanwhile: Callable[[], None] = lambda: None) -> list[TileSeen]:
    """Wait until every tile shows a picture of now, or why there is none."""
    found: list[TileSeen] = []

    def is_there() -> bool:
        meanwhile()
        found[:] = tiles(seen)
        gaps = sum(each.kind == "gap" for each in found)
        pictures = sum(each.number is not None for each in found)
        return len(found) > 0 and gaps <= most_gaps and pictures + gaps == len(found)

    try:
        until(is_there, "pictures do not come")
    except AssertionError as error:
        raise AssertionError(f"{error}: {found}; the page: {seen.page.inner_text('body')}") from error
    return found


def clock(seen: Seen) -> int:
    """Where the page's clock is; UTC ticks."""
    ms: float = seen.page.evaluate("Date.parse(document.querySelector('.play-clock time').dateTime)")
    return round(ms * 90)


def standing(seen: Seen) -> int:
    """Where the clock is, once it stands: a busy page shows late that it was stopped."""

    def stands() -> bool:
        before = clock(seen)
        seen.page.wait_for_timeout(200)
        return clock(seen) == before

    until(stands, "the clock goes on")
    return clock(seen)


def number_at(made: Recording, utc: int) -> int:
    """Of the picture that is to be seen then."""
    told = sorted((each.shown, each.number) for each in made.told)
    return told[bisect.bisect_right(told, utc, key=lambda pair: pair[0]) - 1][1]


def moments(town: FourCameras, found: Sequence[TileSeen], near: int) -> list[int]:
    """When each picture that is seen was shown: of those with its number the one nearest to the one before.

    Numbers come again after eight seconds: of the first the one that is nearest to `near`.
    """
    times: list[int] = []
    for made, tile in zip(town.made, found, strict=True):
        if tile.number is not None:
            same = (each.shown for each in made.told if each.number == tile.number)
            beside = times[0] if times else near
            times.append(min(same, key=lambda utc: abs(utc - beside)))
    return times


def photographed(seen: Seen) -> list[int | None]:
    """The numbers in a screenshot: what the browser really put together of all the tiles."""
    boxes = seen.page.evaluate(_BOXES)
    with av.open(io.BytesIO(seen.page.screenshot()), mode="r", format="png_pipe") as image:
        frame = next(image.decode(video=0)).reformat(format="yuv420p")
    luma, stride = bytes(frame.planes[0]), frame.planes[0].line_size
    found = []
    for left, top, width, height in boxes:
        label = label_from_pixels(lambda x, y, x0=left, y0=top: luma[(y0 + y) * stride + x0 + x], width, height)  # type: ignore[misc]
        found.append(None if label is None else label.number)
    return found
