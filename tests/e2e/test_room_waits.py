# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page says of what does not come: a ledger or a room that hangs, unwritten seconds, an ended session.

And the town itself in which browsers are tested (tests/tools/room_town.py): people come in, cameras fall out.
"""

import contextlib
import datetime as dt
import os
import signal
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.tools.page_seen import Seen, until
from tests.tools.played import clock, press_button, say, tiles
from tests.tools.room_people import Person
from tests.tools.room_town import RoomTown, room_town
from tests.tools.staffed import PASSWORD
from tests.tools.wall_seen import tiles as live_tiles
from tests.tools.wall_seen import wait_live
from torrazzo.base.times import SECOND

pytestmark = pytest.mark.browser

IS_ABOVE = """() => { const told = document.querySelector('.shell-silent'), box = told.getBoundingClientRect();
    const at = (y) => told.contains(document.elementFromPoint(box.left + 40, y));
    return at(box.top + 2) && at(box.bottom - 2) }"""
WHY = ("furto di una bicicletta in piazza", "chiamata 114")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    with room_town(tmp_path_factory.mktemp("waits") / "town", 2, sub=True, few={"osvaldo": [1]}) as town:
        yield town
    assert town.served.process is None


def begin(seen: Seen, town: RoomTown, at: dt.datetime) -> None:
    """A look of the first camera."""
    seen.open(f"/playback?cameras={town.cameras[0].id}&at={quote(at.isoformat())}")
    press_button(seen, "playback.look")
    seen.page.get_by_label(say(seen, "playback.reason"), exact=True).fill(WHY[0])
    seen.page.get_by_label(say(seen, "playback.event"), exact=True).fill(WHY[1])
    press_button(seen, "playback.look")


def before(seen: Seen, key: str) -> str:
    """What the page says there up to its first value."""
    return say(seen, key).partition("{{")[0]


def test_people_come_in_and_cameras_fall_out(town: RoomTown, browser: Any) -> None:
    """An operator with an open shift, the same one again elsewhere, an administrator; a killed camera comes back."""
    seen = town.sign_in(browser, "oriana", "/system")
    seen.wait(town.cameras[0].name)
    assert town.browser("oriana").get("/shift").json()["current"]["person"]["name"] == "Oriana"
    again = town.sign_in(browser, "oriana", "/system", language="en", theme="dark")
    again.wait(town.cameras[1].name)
    admin = town.sign_in(browser, "aldo", "/system")
    admin.wait(town.cameras[0].name)
    scope = town.browser("osvaldo").get("/cameras").json()["items"]
    assert [camera["name"] for camera in scope] == [town.cameras[1].name]
    town.kill(0)
    try:
        town.served.until(lambda: not town.served.all_record(4))
    finally:
        town.back(0)
    town.served.until(lambda: town.served.all_record(4))
    for each in (seen, again, admin):
        assert each.complaints == []
        each.context.close()


def test_the_newest_seconds_are_waited_for(town: RoomTown, browser: Any) -> None:
    """A look at now begins at the newest that can be seen, and goes on by itself where that ends."""
    town.recorded(0, seconds=8)
    seen = town.sign_in(browser, "oriana")
    begin(seen, town, dt.datetime.now(dt.UTC))
    until(lambda: [each.kind for each in tiles(seen)] == ["picture"], lambda: f"no picture: {tiles(seen)}")
    told = say(seen, "playback.still_written")
    seen.remember(told)
    for _ in range(2):
        seen.page.locator(".play-tile").first.press("l")  # faster than pictures come, wherever it began
    until(lambda: seen.was_shown(told), lambda: f"it does not say that it waits: {tiles(seen)}")
    at = clock(seen)
    until(lambda: clock(seen) > at + 4 * SECOND, "it does not go on")
    until(lambda: tiles(seen)[0].number is not None, lambda: f"no picture: {tiles(seen)}")
    assert seen.complaints == []
    seen.context.close()


def test_a_ledger_that_hangs_is_told_in_words(town: RoomTown, browser: Any) -> None:
    """Tile, form and state of the system say what is waited for, and since when; then it goes on by itself."""
    recorded = town.recorded(0, seconds=8)
    seen = town.sign_in(browser, "oriana")
    ledger = town.served.children()["ledger"]
    os.kill(ledger, signal.SIGSTOP)
    try:
        seen.open("/wall")
        words = before(seen, "wall.waits_look"), before(seen, "errors.LEDGER_AWAY_since")
        until(
            lambda: any(word in each.words for each in live_tiles(seen.page) for word in words),
            "it does not say what it waits for",
        )
        until(lambda: any(words[1] in each.words for each in live_tiles(seen.page)), "not since when")
        again = seen.page.get_by_role("button", name=say(seen, "ui.retry"))
        until(lambda: again.count() > 0, "nothing to try again by")  # not while it tries
        assert seen.axe() == []
        begin(seen, town, recorded)
        until(lambda: words[1] in seen.page.get_by_role("dialog").inner_text(), "the form does not say why")
        seen.open("/system")
        seen.wait(say(seen, "system.since"))
        seen.open("/wall")
    finally:
        os.kill(ledger, signal.SIGCONT)
    wait_live(seen.page, 2)
    assert seen.complaints == []
    seen.context.close()


def test_a_control_room_that_hangs_is_told_in_words(town: RoomTown, browser: Any) -> None:
    """Tiles turn stale, every screen says what does not answer and since when, and all of it goes on by itself."""
    seen = town.sign_in(browser, "oriana", "/wall")
    wait_live(seen.page, 2)
    told = before(seen, "ui.away_shell")
    room = town.served.children()["control-room"]
    os.kill(room, signal.SIGSTOP)
    try:
        until(lambda: all(each.phase != "live" for each in live_tiles(seen.page)), "a picture that is old looks live")
        seen.wait(told)
        assert all(each.phase != "live" for each in live_tiles(seen.page))
        assert seen.axe() == []
        seen.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        assert seen.page.evaluate(IS_ABOVE), "it lies below the page's head once somebody has scrolled"
    finally:
        os.kill(room, signal.SIGCONT)
    until(lambda: told not in seen.text(), "it is still said not to answer")
    wait_live(seen.page, 2)
    seen.context.close()


@pytest.mark.parametrize("what", ["network", "processor"])
def test_what_a_station_cannot_carry_is_shown_as_single_pictures(town: RoomTown, browser: Any, what: str) -> None:
    """It says so, and how many move; as soon as the network or the processor is free again more move by themselves."""
    seen = town.sign_in(browser, "oriana", "/wall")
    wait_live(seen.page, 2)
    station, told = seen.context.new_cdp_session(seen.page), before(seen, "wall.thrift")
    stills = say(seen, "wall.phase_stills")
    seen.remember(told, stills)
    for hard in (1, 2, 4, 8, 16):
        burden(station, what, hard)
        with contextlib.suppress(AssertionError):
            until(lambda: seen.was_shown(told), "it does not say so", 30)
            break
    burden(station, what, 0)
    until(lambda: seen.was_shown(told) and seen.was_shown(stills), "no tile shows single pictures")
    assert seen.axe() == []

    def moves() -> bool:
        return any(each.phase == "live" and stills not in each.words for each in live_tiles(seen.page))

    until(moves, "none moves again", 400)  # the page tries more seldom after each time that it was too much
    seen.context.close()


def burden(station: Any, what: str, hard: int) -> None:
    """Of that page: less and less is left to it; 0: all."""
    if what == "processor":
        station.send("Emulation.setCPUThrottlingRate", {"rate": 25 * hard or 1})
        return
    left = {"downloadThroughput": 8_000 / hard if hard else -1, "uploadThroughput": -1}
    station.send("Network.enable")
    station.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0, **left})


def test_a_session_that_ended_says_so(town: RoomTown, browser: Any) -> None:
    """On the page that was open, and on one that is loaded anew; who signs in again is back at that screen."""
    seen = town.sign_in(browser, "oriana", "/alarms")
    town.browser("oriana")  # takes it over
    seen.wait(say(seen, "errors.SESSION_TAKEN"))
    seen.open("/alarms")
    seen.wait(say(seen, "errors.SESSION_TAKEN"))
    seen.wait(say(seen, "sign_in.back_here"))
    assert seen.axe() == []
    sign_in_again(seen, town, town.people["oriana"])
    until(lambda: seen.path() == "/alarms", lambda: f"it is at {seen.path()}")
    seen.context.close()


def sign_in_again(seen: Seen, town: RoomTown, person: Person) -> None:
    """On the page as it is."""
    seen.page.locator("input").nth(0).fill(person.name)
    seen.enter(seen.page.locator("input").nth(1), PASSWORD)
    town.second(seen, person)
    until(lambda: town.is_in(seen), "not signed in")


def test_a_narrow_window_does_not_scroll_sideways(town: RoomTown, browser: Any) -> None:
    """The wall at 320 pixels (WCAG 1.4.10)."""
    seen = town.sign_in(browser, "oriana", "/wall", size=(320, 640))
    wait_live(seen.page, 1)
    wide = "[...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > 321)"
    found = seen.page.evaluate(f"{wide}.map((each) => `${{each.tagName}} ${{each.className}}`)")
    assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= 320, found
    seen.context.close()


def test_the_end_of_a_long_form_is_in_sight(town: RoomTown, browser: Any) -> None:
    """What sends it, of the forms for a hold and for a copy, in a window of 1280 by 800."""
    seen = town.sign_in(browser, "paolo", size=(1280, 800))
    span = f"cameras={town.cameras[0].id}&from=2026-11-24T10:00:00Z&to=2026-11-24T10:05:00Z"
    for want, sends in (("copy", "exports.ask_go"), ("hold", "exports.hold_go")):
        seen.open(f"/exports?want={want}&{span}")
        until(lambda: seen.page.get_by_role("checkbox").count() >= 2, "no form with its cameras")
        box = seen.page.get_by_role("dialog").get_by_role("button", name=say(seen, sends), exact=True).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800, (want, box)
    seen.context.close()
