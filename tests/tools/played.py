# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The screen of playback in Chromium: four cameras of a real archive, and what their tiles show, read from pixels."""

import bisect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.tools.page_seen import Seen, until
from tests.tools.playback_town import OPERATOR, WHY, PlaybackTown
from tests.tools.recording import Recording
from tests.tools.room_town import RoomTown
from torrazzo.base import StreamId
from torrazzo.base.ids import CameraId
from torrazzo.base.times import SECOND, UtcTicks
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

# Of each tile what it is, the player's clock, and two rows of its picture's brightness; all in one moment.
_LOOK = """() => [...document.querySelectorAll('.play-tile')].map((tile) => {
  const v = tile.querySelector('video'), kind = tile.dataset.kind, late = tile.querySelector('.play-late') !== null;
  if (kind !== 'picture' || late || v.videoWidth === 0 || v.seeking) return [kind, null, null, tile.innerText];
  const canvas = new OffscreenCanvas(v.videoWidth, v.videoHeight);
  const ink = canvas.getContext('2d', {willReadFrequently: true});
  ink.drawImage(v, 0, 0);
  const strip = Math.floor(canvas.height / 10);
  const rows = [strip >> 1, strip + (strip >> 1)].map((y) =>
    Array.from(ink.getImageData(0, y, canvas.width, 1).data.filter((_, at) => at % 4 === 1)));
  return [kind, v.currentTime, rows, tile.innerText];
})"""


class FourCameras(PlaybackTown):
    """90 s of four cameras from START on: GOPs of one, two and four seconds, with B-frames and without, and a gap."""

    names = NAMES

    def shot(self, folder: Path) -> list[Recording]:
        """The fourth camera's frames come 13 ms after those of the others."""
        found: list[Recording] = []
        for at, spec in enumerate(_SPECS):
            stream = StreamId(CameraId(f"{at + 1:016x}"), "main")
            start = UtcTicks(START + (PHASE if at == 3 else 0))
            made = Recording(folder, start, stream, beside=found[0] if found else None, fence=17 + at)
            if at == 1:
                made.shoot(make_clip(spec), GAP[0])
                made.gap(GAP[1] - GAP[0])
            made.shoot(make_clip(spec), LENGTH - (GAP[1] if at == 1 else 0))
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
        seen.open(f"/playback?cameras={self.ids()}&at={self.at(at)}")
        return seen


class TileSeen(NamedTuple):
    """What one tile shows."""

    kind: str
    number: int | None  # as burned in; None: no picture of now
    tag: int | None
    text: str
    player: float | None  # seconds of its player's own clock: of a look all players have the same


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
    found = []
    for kind, player, rows, text in seen.page.evaluate(_LOOK):
        label = None if rows is None else _label(rows)
        number, tag = (None, None) if label is None else label
        found.append(TileSeen(kind, number, tag, text, player))
    return found


def _label(rows: Sequence[Sequence[int]]) -> Any:
    return label_from_pixels(lambda x, y: rows[y // 10][x], len(rows[0]), 100)


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
    """When each picture that is seen was shown: of those with its number the one that is nearest to `near`."""
    times = []
    for made, tile in zip(town.made, found, strict=True):
        if tile.number is not None:
            same = (each.shown for each in made.told if each.number == tile.number)
            times.append(min(same, key=lambda utc: abs(utc - near)))
    return times
