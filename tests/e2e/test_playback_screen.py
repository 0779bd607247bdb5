# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The screen of playback over a real archive, keyring and ledger, read back from its pixels in Chromium."""

import base64
import hashlib
import io
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from tests.tools.page_seen import SHOWN, Seen, until
from tests.tools.playback_town import playback_town
from tests.tools.played import (
    FRAME,
    GAP,
    LENGTH,
    NAMES,
    FourCameras,
    Presented,
    TheHourTwice,
    TileSeen,
    begin,
    clock,
    moments,
    number_at,
    photographed,
    press_button,
    say,
    shown,
    standing,
    tab_to,
    tiles,
    watching,
)
from torrazzo.base.times import SECOND
from torrazzo.testing.clock import START
from torrazzo.testing.picture import label_from_pixels, read_label

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
SIZE = (1280, 1000)
KEY_EVERY = 50  # frames, of the first camera
IN_SIGHT = """() => { const [told, head] = ['dialog [role=alert]', '.dialog-head'].map((each) =>
  document.querySelector(each).getBoundingClientRect()); return told.top >= head.bottom - 1; }"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FourCameras]:
    with playback_town(tmp_path_factory.mktemp("town") / "home", FourCameras) as made:
        assert isinstance(made, FourCameras)
        yield made


@pytest.fixture
def seen(town: FourCameras, browser: Any) -> Iterator[Seen]:
    """Ten seconds in, with a look that is open."""
    found = town.open(browser, 10, size=SIZE)
    begin(found)
    yield found
    leave(found)


def leave(seen: Seen) -> None:
    """The page says that nobody looks any more: a person has few looks at a time."""
    seen.open("/system")
    seen.context.close()


def in_step(
    town: FourCameras, take: Callable[[], list[Presented]], count: int = 4, least: int = 20, **rest: Any
) -> None:
    """Of each set of pictures that is painted all are within a frame of each other, as burned in; of twenty sets."""
    found = 0

    def is_enough() -> bool:
        nonlocal found
        for each in take():
            times = moments(town, each.tiles, each.at)
            apart = max(times, default=0) - min(times, default=0)
            assert apart <= FRAME, f"out of step: {[(time - START) / SECOND for time in times]}, clock {each.at}"
            found += len(times) == count
        rest.get("meanwhile", lambda: None)()
        return found >= least

    until(is_enough, lambda: f"only {found} times {count} pictures are painted", 150)


def goes_on(town: FourCameras, seen: Seen) -> None:
    """Before all that was recorded has been played, it is played again: on a busy machine that is soon."""
    if clock(seen) > START + (LENGTH - 6) * SECOND:
        go_to(seen, town, 50, runs=True)


def go_to(seen: Seen, town: FourCameras, seconds: float, *, runs: bool = False) -> None:
    """By the typed time, from which the clock may run on."""
    press_button(seen, "playback.go_to")
    wall = seen.page.evaluate(
        "(ms) => new Intl.DateTimeFormat('en-GB', {timeZone: 'Europe/Rome', hour: '2-digit', minute: '2-digit',"
        " second: '2-digit', fractionalSecondDigits: 3}).format(ms)",
        (START + round(seconds * SECOND)) / 90,
    )
    seen.page.get_by_label(say(seen, "playback.time"), exact=True).fill(wall)
    press_button(seen, "playback.go")
    most = 30 * SECOND if runs else SECOND // 100  # a leap may be one of eleven seconds
    until(lambda: -SECOND // 100 < clock(seen) - START - seconds * SECOND < most, "the clock is not there")


def all_right(town: FourCameras, seen: Seen, at: int) -> bool:
    """Each tile shows its camera's frame of that moment."""
    return [tile.number for tile in tiles(seen)] == [number_at(made, at) for made in town.made]


def test_four_cameras_play_in_step(town: FourCameras, seen: Seen) -> None:
    """At each speed, and after a seek, all burned-in clocks that are painted are within a frame of each other."""
    rate = seen.page.get_by_label(say(seen, "playback.rate"), exact=True)
    with watching(seen) as take:
        seen.press("k")
        for speed in ("1", "0.5", "2", "4", "8", "16"):
            rate.select_option(speed)
            in_step(town, take, meanwhile=lambda: goes_on(town, seen))
        for speed in ("16", "1"):
            rate.select_option(speed)
            go_to(seen, town, 50, runs=True)
            in_step(town, take, least=5, meanwhile=lambda: goes_on(town, seen))
        rate.select_option("1")
        for speed in ("1", "16"):
            rate.select_option(speed)
            assert_photographed(town, seen)
        seen.press("k")
        at = standing(seen)
        until(lambda: all(abs(each - at) <= FRAME for each in moments(town, shown(seen), at)), "not what stands there")
        in_step(town, take, least=0)
    assert seen.complaints == []


def assert_photographed(town: FourCameras, seen: Seen) -> None:
    """A screenshot has the same: what the browser paints is what the page drew."""
    found: list[int | None] = []

    def are_four() -> bool:
        goes_on(town, seen)
        found[:] = photographed(seen)
        return None not in found

    until(are_four, "no screenshot of four pictures")
    times = moments(town, [TileSeen("picture", number, None, "") for number in found], clock(seen))
    assert max(times) - min(times) <= FRAME, f"out of step in a screenshot: {times}"


def test_four_cameras_go_back_in_step(town: FourCameras, seen: Seen) -> None:
    """So they do backwards, and where one of them comes late: then all keep the picture they have."""
    go_to(seen, town, 80)
    shown(seen)
    seen.page.locator(".play-tile").first.focus()
    with watching(seen) as take:
        seen.press("j", "j")
        in_step(town, take, least=5)
        seen.press("k")
        standing(seen)
        in_step(town, take, least=0)
        seen.press("k")
        for late in range(4):  # a player that stops by itself, as one does whose decoder is late
            in_step(town, take, least=5, meanwhile=lambda: goes_on(town, seen))
            seen.page.evaluate(
                "(late) => { document.querySelectorAll('.play-tile video')[late].currentTime -= 0.3; }", late
            )
            in_step(town, take, least=5, meanwhile=lambda: goes_on(town, seen))
    assert seen.complaints == []


def test_a_seek_takes_the_short_way(town: FourCameras, seen: Seen) -> None:
    """Within an hour that is loaded, too, the first that is fetched is the part that shows the moment, and is right."""
    go_to(seen, town, 75.5)
    at = clock(seen)
    until(lambda: all_right(town, seen, at), "not what it is")
    for made in town.made:
        own = [url for url in seen.asked if f"/{made.stream.camera}/" in url]
        sought = max(place for place, url in enumerate(own) if "/video.m3u8" in url)  # before it the old player asked
        parts = [url for url in own[sought:] if "/parts/seg_" in url]
        assert re.search(r"_[0-9]+-[0-9]+\.m4s$", parts[0]), parts
    assert seen.complaints == []


def test_a_seek_ends_well_after_a_break(town: FourCameras, seen: Seen) -> None:
    """A playlist that does not come, and does not come again, is asked for until it does: nothing stays loading."""
    broken: list[str] = []

    def answer(route: Any) -> None:
        if len(broken) == 2:  # hls.js itself tries twice, then no more
            route.continue_()
            return
        broken.append(route.request.url)
        route.abort()

    seen.page.route(re.compile(f"/{town.made[2].stream.camera}/video\\.m3u8"), answer)
    go_to(seen, town, 75.5)
    at = clock(seen)
    until(lambda: all_right(town, seen, at), lambda: f"a picture does not come: {tiles(seen)}")
    assert len(broken) == 2
    assert seen.complaints == []


def test_a_gap_is_shown_and_run_through(town: FourCameras, seen: Seen) -> None:
    """The tile says from when to when and why; the clock goes on at its own pace, and all are in step all the time."""
    go_to(seen, town, GAP[0] - 1.5)
    shown(seen)
    seen.page.locator(".play-tile").first.focus()
    with watching(seen) as take:
        seen.press("k")
        begun, at, told = _gap_begins(seen)
        assert "non si raggiunge" in told
        assert "23:00:30" in told
        assert "23:00:36" in told
        seen.shot(SHOTS, "playback-gap")
        in_step(town, take, count=3, least=4)
        until(lambda: tiles(seen)[1].kind != "gap", "the gap does not end")
        until(lambda: tiles(seen)[1].kind == "picture", "no picture comes after the gap")
        assert clock(seen) >= START + GAP[1] * SECOND - SECOND // 10
        ran, passed = (clock(seen) - at) / SECOND, time.monotonic() - begun
        assert ran < passed * 1.35, "the gap was jumped over"
        in_step(town, take, meanwhile=lambda: goes_on(town, seen))
    assert seen.complaints == []


def test_the_hour_that_comes_twice_is_played_in_step(tmp_path: Path, browser: Any) -> None:
    """Over the end of summer time the clocks on the wall go back, the pictures go on, in step."""
    with playback_town(tmp_path / "home", TheHourTwice) as town:
        assert isinstance(town, TheHourTwice)
        seen = town.open(browser, 17, size=SIZE)
        begin(seen)
        seen.page.locator(".play-tile").first.focus()
        change = town.start + 20 * SECOND
        assert "02:59:5" in seen.page.inner_text(".play-clock")
        with watching(seen) as take:
            seen.press("k")
            in_step(town, take)
            until(lambda: clock(seen) > change + SECOND // 2, "it does not go on")
            assert "02:00:" in seen.page.inner_text(".play-clock")
            in_step(town, take)
        assert seen.complaints == []
        leave(seen)


def _gap_begins(seen: Seen) -> tuple[float, int, str]:
    """When it did, by our clock and by the page's, and what is said of it."""
    found: list[TileSeen] = []

    def is_there() -> bool:
        found[:] = tiles(seen)
        return found[1].kind == "gap"

    until(is_there, "no gap is shown")
    return time.monotonic(), clock(seen), found[1].text


def test_a_step_is_exactly_one_frame(town: FourCameras, seen: Seen) -> None:
    """On and back, over a segment's edge and a gap: the chosen camera shows each frame, the others that moment."""
    for camera, start in ((0, 9.93), (3, 24)):
        made = town.made[camera]
        go_to(seen, town, start)
        seen.press(str(camera + 1))
        shown_at = sorted(each.shown for each in made.told)
        now = max(each for each in shown_at if each <= clock(seen))
        place = shown_at.index(now)
        for key in (".", ".", ",", ",", ","):
            place += 1 if key == "." else -1
            seen.press(key)
            _expect(town, seen, camera, shown_at[place])
    seen.press("2")
    go_to(seen, town, GAP[0] - 0.05)
    seen.press("2")
    frames = sorted(each.shown for each in town.made[1].told)
    last = max(each for each in frames if each < START + GAP[0] * SECOND)
    first = min(each for each in frames if each >= START + GAP[0] * SECOND)
    until(lambda: tiles(seen)[1].number is not None, "no picture before the gap")
    while (before := clock(seen)) < last:
        seen.press(".")
        until(lambda: clock(seen) > before, "it does not step")
    _expect(town, seen, 1, last)
    seen.press(".")
    _expect(town, seen, 1, first)
    seen.press(",")
    _expect(town, seen, 1, last)
    assert seen.complaints == []


def _expect(town: FourCameras, seen: Seen, camera: int, utc: int) -> None:
    """That frame of that camera, and of each other one the frame of the same moment."""

    def is_there() -> bool:
        now, found = clock(seen), tiles(seen)
        return (
            utc <= now < utc + FRAME
            and found[camera].number == number_at(town.made[camera], utc)
            and all(
                tile.kind == "gap" or tile.number == number_at(made, now)
                for made, tile in zip(town.made, found, strict=True)
            )
        )

    until(is_there, lambda: f"camera {camera}: not {(utc - START) / SECOND:.3f}: {tiles(seen)}")


def test_backwards_goes_back(town: FourCameras, seen: Seen) -> None:
    """J runs backwards, J again faster, K holds still; pictures follow."""
    go_to(seen, town, 25)
    shown(seen)
    seen.page.locator(".play-tile").first.focus()
    seen.press("j")
    until(lambda: clock(seen) < START + 23 * SECOND, "it does not go back")
    seen.press("j")
    until(lambda: clock(seen) < START + 19 * SECOND, "it does not go back faster")
    seen.press("k")
    at = standing(seen)
    wanted = [number_at(made, at) for made in town.made]
    until(lambda: [tile.number for tile in tiles(seen)] == wanted, lambda: f"not {wanted}: {tiles(seen)}")
    assert seen.complaints == []


def test_a_loop_comes_round(town: FourCameras, seen: Seen) -> None:
    """From A to B and again, until it is told not to."""
    seen.press("a")
    go_to(seen, town, 11.5)
    seen.press("b", "k")
    until(lambda: clock(seen) > START + 11 * SECOND, "it does not play")
    until(lambda: clock(seen) < START + 10.8 * SECOND, "it does not come round")
    press_button(seen, "playback.loop_off")
    until(lambda: clock(seen) > START + 12 * SECOND, "it goes on looping")


def test_a_picture_is_zoomed_by_keys_and_by_hand(seen: Seen) -> None:
    """Larger, moved, whole again; no edge of the picture ever comes into the tile."""
    tile = seen.page.locator(".play-tile").first
    box = "document.querySelector('.play-tile canvas').getBoundingClientRect().width"
    whole = seen.page.evaluate(box)
    tile.focus()
    seen.press("+", "+")
    until(lambda: seen.page.evaluate(box) == pytest.approx(whole * 2.25, rel=0.01), "it is not larger")
    for _ in range(30):
        seen.press("ArrowRight")
    edges = "['.play-tile', '.play-tile canvas'].map((each) => document.querySelector(each).getBoundingClientRect())"
    outer, inner = (each["right"] for each in seen.page.evaluate(f"{edges}.map(({{right}}) => ({{right}}))"))
    assert inner == pytest.approx(outer, abs=1.5)
    seen.press("0")
    until(lambda: seen.page.evaluate(box) == pytest.approx(whole, rel=0.01), "it is not whole again")
    tile.hover()
    seen.page.mouse.wheel(0, -600)
    until(lambda: seen.page.evaluate(box) > whole * 1.5, "the wheel does nothing")


def test_a_still_is_the_frame_that_is_seen(town: FourCameras, seen: Seen) -> None:
    """The file's picture has the number that the tile shows; its name and SHA-256 are told, the hash in the ledger."""
    go_to(seen, town, 12.34)
    number = shown(seen)[2].number
    seen.press("3")
    press_button(seen, "playback.still")
    seen.wait(say(seen, "playback.still_told"))
    seen.shot(SHOTS, "playback-still")
    assert seen.axe_in_all() == []
    with seen.page.expect_download() as download:
        press_button(seen, "playback.save")
    data = Path(download.value.path()).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert digest in seen.page.inner_text("dialog")
    assert download.value.suggested_filename in seen.page.inner_text("dialog")
    with av.open(io.BytesIO(data), mode="r", format="mjpeg") as image:
        frame = next(image.decode(video=0)).reformat(format="yuv420p")
    luma = bytes(frame.planes[0])
    label = read_label(luma, frame.width, frame.height, frame.planes[0].line_size)
    assert label is not None
    assert (label.number, label.tag) == (number, 3)
    assert base64.b64encode(hashlib.sha256(data).digest()).decode() in [act.values["d"] for act in town.acts("still")]
    assert seen.complaints == []


def test_thumbnails_come_while_scrubbing(town: FourCameras, seen: Seen) -> None:
    """Over the timeline the chosen camera's last key frame of that moment is shown; in its gap that there is none."""
    seen.page.get_by_label(say(seen, "playback.seen"), exact=True).select_option(str(5 * 60_000))
    line = seen.page.locator(".play-line")
    box = line.bounding_box()
    low, high = (int(line.get_attribute(f"aria-value{each}")) for each in ("min", "max"))

    def over(seconds: float) -> None:
        x = (START / 90 + seconds * 1000 - low) / (high - low) * box["width"]
        seen.page.mouse.move(box["x"] + x, box["y"] + 60)

    over(45)
    key = number_at(town.made[0], round(START + 45 * SECOND))
    key -= key % KEY_EVERY
    until(
        lambda: _thumbnail(seen) == (key, 1), lambda: f"not the key frame {key} of the first camera: {_thumbnail(seen)}"
    )
    seen.press("3")
    until(lambda: (_thumbnail(seen) or (0, 0))[1] == 3, lambda: f"not of the chosen camera: {_thumbnail(seen)}")
    seen.press("2")
    over(GAP[0] + 3)
    until(lambda: say(seen, "playback.no_picture") in seen.page.inner_text(".play-thumb"), "a thumbnail of nothing")
    assert seen.complaints == []


# Number and tag of the thumbnail, once that of this moment is there: two rows of its brightness.
_THUMBNAIL = """() => {
  const img = document.querySelector('.play-thumb img');
  if (img === null || !img.complete || img.naturalWidth === 0 || img.className !== '') return null;
  const canvas = new OffscreenCanvas(img.naturalWidth, img.naturalHeight), strip = Math.floor(canvas.height / 10);
  const ink = canvas.getContext('2d', {willReadFrequently: true});
  ink.drawImage(img, 0, 0);
  return [strip >> 1, strip + (strip >> 1)].map((y) =>
    Array.from(ink.getImageData(0, y, canvas.width, 1).data.filter((_, at) => at % 4 === 1)));
}"""


def _thumbnail(seen: Seen) -> tuple[int, int] | None:
    rows = seen.page.evaluate(_THUMBNAIL)
    label = None if rows is None else label_from_pixels(lambda x, y: rows[y // 10][x], len(rows[0]), 100)
    return None if label is None else (label.number, label.tag)


def test_the_curtain_lets_go_of_a_dialog_and_gives_it_back(seen: Seen) -> None:
    """Drawn over a still it can be opened again, by key, and the still is there as it was (AC-08)."""
    press_button(seen, "playback.still")
    still = seen.page.locator(".play-still")
    until(lambda: still.count() == 1, "no still")
    seen.press("F9")
    seen.wait(say(seen, "curtain.title"))
    assert not still.is_visible()
    until(lambda: seen.focused() == say(seen, "curtain.open"), lambda: f"the focus is at {seen.focused()!r}")
    seen.press("Enter")
    until(still.is_visible, "the still does not come back")
    press_button(seen, "playback.save")
    seen.press("Escape")
    until(lambda: seen.page.locator("dialog").count() == 0, "the still stays")
    for _ in range(2):
        until(lambda: seen.focused() == say(seen, "playback.still"), lambda: f"the focus is at {seen.focused()!r}")
        seen.press("F9")
        until(lambda: seen.focused() == say(seen, "curtain.open"), lambda: f"the focus is at {seen.focused()!r}")
        seen.press("Enter")
    assert seen.complaints == []


def test_what_is_chosen_stays_chosen_on_the_way_to_its_still(seen: Seen) -> None:
    """By keys alone: arrows and numbers choose a camera, and Tab leads from it to what is done with it."""
    seen.press("4", "ArrowLeft")
    until(lambda: NAMES[2] in seen.focused(), lambda: f"the focus is at {seen.focused()!r}")
    for name in (say(seen, "playback.timeline"), say(seen, "playback.still")):
        tab_to(seen, name)
    seen.press("Enter")
    still = seen.page.get_by_role("dialog")
    until(lambda: still.count() == 1 and NAMES[2] in still.inner_text(), "not a still of the camera that was chosen")


def test_no_picture_leaves_by_the_browsers_own_ways(seen: Seen) -> None:
    """A picture has no menu of the browser, which saves frames that no ledger knows, and no window without its mark."""
    asked = """() => [...document.querySelectorAll('.play-tile')].map((tile) => {
      const shown = [...tile.querySelectorAll('video, canvas')];
      const menu = () => new MouseEvent('contextmenu', {bubbles: true, cancelable: true});
      return [shown.map((each) => each.dispatchEvent(menu())), tile.querySelector('video').disablePictureInPicture];
    })"""
    assert seen.page.evaluate(asked) == [[[False, False], True]] * len(NAMES)


def test_a_hold_is_placed_for_what_is_seen(town: FourCameras, seen: Seen) -> None:
    """Its form has the cameras and the loop's times already; placed, it stands on the timeline and in the ledger."""
    seen.press("a")
    press_button(seen, "playback.hold")
    seen.wait(say(seen, "exports.hold_text"))
    dialog = seen.page.get_by_role("dialog")
    assert dialog.get_by_label(say(seen, "exports.from"), exact=True).input_value() == "24/11/2026 23:00:10"
    assert all(dialog.get_by_label(name).is_checked() for name in NAMES)
    dialog.get_by_label(say(seen, "exports.case"), exact=True).fill("RG 118/2026")
    dialog.get_by_label(say(seen, "exports.reason"), exact=True).fill("querela per furto di bicicletta")
    press_button(seen, "exports.hold_go")
    until(lambda: dialog.count() == 0, "it is not placed")
    seen.page.locator("summary").click()
    seen.wait(say(seen, "playback.kind_hold"))
    (hold,) = town.acts("hold")
    assert all(made.stream.camera in str(hold.values["streams"]) for made in town.made)
    begins, ends = ((int(hold.values[each]) - START) / SECOND for each in ("t0", "t1"))
    assert 0 <= begins <= 10, "segments stay whole"
    assert 20 <= ends <= 30
    assert seen.complaints == []


def test_nothing_is_shown_before_a_reason(town: FourCameras, browser: Any) -> None:
    """The timeline needs none; pictures do, and what is missing is said in words."""
    seen = town.open(browser, 10, size=SIZE)
    seen.wait(say(seen, "playback.before_look"))
    until(lambda: "23:00" in (seen.page.locator(".play-line").get_attribute("aria-valuetext") or ""), "no time")
    seen.page.locator("summary").click()
    seen.wait("lacuna: non si raggiunge")
    assert not any("/looks" in url for url in seen.asked)
    press_button(seen, "playback.look")
    reason = seen.page.get_by_label(say(seen, "playback.reason"), exact=True)
    event = seen.page.get_by_label(say(seen, "playback.event"), exact=True)
    event.fill("allarme 118")
    reason.fill("boh")
    seen.page.locator("dialog").evaluate("each => { each.scrollTop = each.scrollHeight; }")
    press_button(seen, "playback.look")
    seen.wait(say(seen, "errors.REASON_REQUIRED"))
    until(lambda: seen.page.evaluate(IN_SIGHT), "what is wrong stands out of sight, above what was pressed")
    reason.fill("furto di una bicicletta in piazza")
    event.fill("")
    press_button(seen, "playback.look")
    seen.wait(say(seen, "errors.EVENT_REQUIRED"))
    assert seen.page.locator("video").count() == 0
    seen.context.close()


def test_all_of_it_by_keyboard(town: FourCameras, browser: Any) -> None:
    """Cameras, reason, play, step, time, bookmark, end: no hand leaves the keys, and focus is never lost."""
    seen = town.open(browser, 10, size=SIZE, language="en", theme="dark")
    seen.page.goto(f"{seen.address}/playback?cameras=&at={town.at(10)}")
    seen.wait(say(seen, "playback.choose_first"))
    tab_to(seen, say(seen, "playback.choose_cameras"))
    seen.press("Enter")
    seen.wait(NAMES[2])
    tab_to(seen, NAMES[2])
    seen.press("Space")
    tab_to(seen, "Show one camera")
    seen.press("Enter")
    seen.wait(say(seen, "playback.before_look"))
    tab_to(seen, say(seen, "playback.look"))
    seen.press("Enter")
    tab_to(seen, say(seen, "playback.reason"))
    seen.type("theft of a bicycle in the square")
    tab_to(seen, say(seen, "playback.event"))
    seen.type("alarm 118")
    seen.press("Enter")
    until(lambda: len(tiles(seen)) == 1 and tiles(seen)[0].number is not None, "no picture")
    until(lambda: NAMES[2] in seen.focused(), "the focus is not on the picture")
    before = clock(seen)
    seen.press("k")
    until(lambda: clock(seen) > before + SECOND // 2, "it does not play")
    seen.press("k")
    before = standing(seen)
    seen.press(".")
    until(lambda: before < clock(seen) <= before + 2 * FRAME, "it does not step")
    tab_to(seen, say(seen, "playback.bookmark"))
    seen.press("Enter")
    tab_to(seen, say(seen, "playback.note"))
    seen.type("the red bicycle")
    tab_to(seen, say(seen, "playback.keep"))
    seen.press("Enter")
    seen.wait("the red bicycle")
    tab_to(seen, say(seen, "playback.timeline"))
    before = clock(seen)
    seen.press("ArrowRight")
    until(lambda: clock(seen) > before, "the slider does not move")
    spoken = "document.querySelector('.play-line').getAttribute('aria-valuetext')"
    seen.press("+")
    until(lambda: "time shown" in seen.page.evaluate(spoken), "how much is seen is not told")
    seen.press("ArrowLeft")
    until(lambda: "time shown" not in seen.page.evaluate(spoken), "and then the time")
    tab_to(seen, "Remove the bookmark")
    seen.press("Enter")
    until(lambda: "the red bicycle" not in seen.page.inner_text("body"), "the bookmark stays")
    assert seen.complaints == []
    leave(seen)


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_axe_finds_nothing(town: FourCameras, browser: Any, theme: str, language: str) -> None:
    """WCAG 2.2 AA, before a look, with pictures and a gap, and with each dialog; nobody else is asked for anything."""
    seen = town.open(browser, GAP[0] + 2, theme=theme, language=language, size=SIZE)
    seen.wait(say(seen, "playback.before_look"))
    seen.shot(SHOTS, "playback-before")
    assert seen.axe_in_all() == []
    press_button(seen, "playback.look")
    seen.wait(say(seen, "playback.reason_text"))
    seen.shot(SHOTS, "playback-reason")
    assert seen.axe_in_all() == []
    seen.press("Escape")
    begin(seen)
    seen.page.get_by_role("button", name=say(seen, "playback.in_utc")).click()
    seen.page.locator("summary").click()
    seen.shot(SHOTS, "playback")
    assert seen.axe_in_all() == []
    for dialog in ("go_to", "bookmark", "hold", "copy", "keys", "choose_cameras"):
        press_button(seen, f"playback.{dialog}")
        seen.shot(SHOTS, f"playback-{dialog}")
        assert seen.axe_in_all() == [], dialog
        seen.press("Escape")
    assert seen.complaints == []
    assert all(url.startswith((seen.address, "blob:", "data:")) for url in seen.asked)
    leave(seen)
