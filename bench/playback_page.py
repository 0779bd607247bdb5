# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Playback as it is seen: the page that is served, in a real Chromium, at cold points.

A point: from the click on "go" in the calendar, or on the one that opens a look, to the first picture of that moment on
the screen, the frame after the page drew it on its tile: the look moves there or is made, its
playlist, init and a part of a segment come, and it is decoded. The timeline: from a key that widens the view, so that
the server has to be asked, to what was answered being drawn and painted; of nine cameras, in views of two days and
more, which ask for a week or nearly.
"""

import contextlib
import datetime as dt
import time
import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from tests.tools.api_town import Browser
from tests.tools.page_seen import Seen, open_chromium
from tests.tools.played import press_button, say
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks

PATIENCE_S = 20
SIZE = (1280, 1000)
WIDE_MS = 2 * 24 * 3600 * 1000
KEYS, SETTLE_MS = 12, 400

# When somebody clicked or pressed a key last; each picture shown since; each drawing on the timeline's canvas.
_WATCH = """() => {
  const b = window.bench = {did: 0, shown: [], drawn: []};
  for (const name of ['click', 'keydown'])
    addEventListener(name, (event) => { b.did = event.timeStamp; b.shown = []; }, true);
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (image, ...sides) {
    const video = this.canvas.parentElement.querySelector('video'), {currentTime, seeking} = video;
    const media = image.timestamp / 1e6; // told before it is dropped
    requestAnimationFrame(() => b.shown.push([performance.now(), media, currentTime, seeking]));
    return draw.call(this, image, ...sides);
  };
  const fill = CanvasRenderingContext2D.prototype.fillRect;
  CanvasRenderingContext2D.prototype.fillRect = function (...sides) {
    if (sides[0] === 0 && sides[1] === 0) requestAnimationFrame(() => b.drawn.push(performance.now()));
    return fill.apply(this, sides);
  };
}"""
_SHOWN = """() => {
  const tile = document.querySelector('.play-tile');
  if (tile === null || tile.dataset.kind !== 'picture' || tile.querySelector('.play-late') !== null) return null;
  const found = bench.shown.find(([, media, current, seeking]) => !seeking && Math.abs(media - current) < 0.1);
  return found === undefined ? null : found[0] - bench.did;
}"""
_PAINTED = """(wide) => {
  const span = (name) => {
    const query = new URL(name).searchParams;
    return Date.parse(query.get('to')) - Date.parse(query.get('from'));
  };
  return performance.getEntriesByType('resource')
    .filter(({name, startTime}) => name.includes('/api/v1/timeline?') && startTime >= bench.did && span(name) >= wide)
    .map(({responseEnd}) => bench.drawn.find((when) => when > responseEnd) - bench.did)
    .filter((each) => each > 0);
}"""


@contextlib.contextmanager
def page_of(browser: Browser) -> Iterator[Seen]:
    """Of somebody who is signed in."""
    with open_chromium() as chromium:
        seen = Seen(chromium, f"http://localhost:{browser.port}", size=SIZE)
        cookies = [{"name": name, "value": value, "url": seen.address} for name, value in browser.cookies.items()]
        seen.context.add_cookies(cookies)
        yield seen
        seen.context.close()


def points(
    browser: Browser, camera: str, times: Sequence[UtcTicks], zone: str, drop: Callable[[int], object]
) -> list[float]:
    """Milliseconds of each but the first, which opens the look; times in UTC ticks, `drop` makes the n-th cold."""
    found = []
    with page_of(browser) as seen:
        seen.open(f"/playback?cameras={camera}&at={iso_from_ticks(times[0])}")
        seen.page.evaluate(_WATCH)
        _look(seen, lambda: None)
        for at, moment in list(enumerate(times))[1:]:
            wall = dt.datetime.fromtimestamp(moment / SECOND, zoneinfo.ZoneInfo(zone))
            press_button(seen, "playback.go_to")
            seen.page.get_by_label(say(seen, "playback.date"), exact=True).fill(wall.strftime("%Y-%m-%d"))
            seen.page.get_by_label(say(seen, "playback.time"), exact=True).fill(wall.strftime("%H:%M:%S"))
            drop(at)
            press_button(seen, "playback.go")
            found.append(_shown(seen))
    return found


def opened(browser: Browser, wanted: Sequence[tuple[str, UtcTicks]], drop: Callable[[int], object]) -> list[float]:
    """Milliseconds from the click that opens a look at each of these, by camera and time, to its picture."""
    found = []
    with page_of(browser) as seen:
        for at, (camera, moment) in enumerate(wanted):
            seen.open(f"/playback?cameras={camera}&at={iso_from_ticks(moment)}")
            seen.page.evaluate(_WATCH)
            found.append(_look(seen, partial(drop, at)))
    return found


def _look(seen: Seen, drop: Callable[[], object]) -> float:
    """Opens one; milliseconds to its picture."""
    press_button(seen, "playback.look")
    for word, text in (("reason", "furto di una bicicletta in piazza"), ("case", "1/26")):
        seen.page.get_by_label(say(seen, f"playback.{word}"), exact=True).fill(text)
    drop()
    press_button(seen, "playback.look")
    return _shown(seen)


def _shown(seen: Seen) -> float:
    """As long as anybody waits where nothing comes."""
    end = time.monotonic() + PATIENCE_S
    while (took := seen.page.evaluate(_SHOWN)) is None:
        if time.monotonic() > end:
            print(f"no picture is shown: {seen.page.inner_text('.play-tile')!r}", flush=True)
            return PATIENCE_S * 1e3
        time.sleep(0.05)
    return float(took)


def timeline(browser: Browser, cameras: Sequence[str], at: str, rounds: int) -> list[float]:
    """Milliseconds of each wide view that had to be asked for."""
    found: list[float] = []
    with page_of(browser) as seen:
        for _ in range(rounds):
            seen.open(f"/playback?cameras={','.join(cameras)}&at={at}")
            seen.page.evaluate(_WATCH)
            seen.page.locator(".play-line").first.focus()
            for _ in range(KEYS):
                seen.page.keyboard.press("-")
                seen.page.wait_for_timeout(SETTLE_MS)
                found += map(float, seen.page.evaluate(_PAINTED, WIDE_MS))
    return found
