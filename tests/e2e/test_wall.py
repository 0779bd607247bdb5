# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The wall in Chromium over a town that runs: real cameras, recorder, ledger, sockets; pictures are read by pixels."""

import contextlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.tools.api_town import Browser
from tests.tools.browser import patient
from tests.tools.page_seen import SHOWN, Seen, until
from tests.tools.room_town import RoomTown, room_town
from tests.tools.staffed import PASSWORD
from tests.tools.wall_seen import ms_to_blank, ms_until, tiles, wait_live, watch_blank

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
CAMERAS = 9
SLACK = 2  # for what one window tells another, on a busy machine
REASON = "verifica delle immagini della piazza"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    with room_town(tmp_path_factory.mktemp("wall") / "town", CAMERAS, sub=True) as town:
        yield town


@pytest.fixture(scope="module")
def cookies(browser: Any, town: RoomTown) -> list[Any]:
    """Those of an operator who has signed in and opened a shift."""
    seen = town.sign_in(browser, "oriana")
    found: list[Any] = seen.context.cookies()
    seen.context.close()
    return found


@pytest.fixture
def wall(browser: Any, town: RoomTown, cookies: list[Any]) -> Iterator[Seen]:
    """The operator before a wall of nine, in their order."""
    with before(browser, town, cookies) as seen:
        yield seen


@contextmanager
def before(browser: Any, town: RoomTown, cookies: list[Any], **look: Any) -> Iterator[Seen]:
    """At the end there was no complaint, and nobody was asked but us."""
    reset(town, cookies)
    seen = Seen(browser, town.address, **look)
    seen.context.add_cookies(cookies)
    seen.page.goto(f"{town.address}/wall")
    wait_live(seen.page, CAMERAS)
    yield seen
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith(("blob:", town.address))] == []
    seen.context.close()


def cameras(page: Any) -> list[str | None]:
    return [tile.camera for tile in tiles(page)]


def reset(town: RoomTown, cookies: list[Any]) -> None:
    """The first monitor shows all cameras in their order, the second nothing."""
    browser = asking(town, cookies)
    cells = [{"cameras": [str(camera.id)], "every_s": 10} for camera in town.cameras]
    for monitor, layout, shown in ((1, "9", cells), (2, "4", [])):
        body = {"layout": layout, "cells": shown, "every_s": None}
        answer = browser.ask("PUT", f"/api/v1/walls/now/{monitor}", body)
        assert answer.status == 204, answer.body


def asking(town: RoomTown, cookies: list[Any]) -> Browser:
    """The same session without a page."""
    browser = Browser(town.port, cookies={each["name"]: each["value"] for each in cookies})
    assert browser.get("/me").status == 200
    return browser


def test_nine_cameras_move_each_in_its_own_tile(wall: Seen, town: RoomTown) -> None:
    """Each tile's pixels are its camera's, go on over time, and come from the small stream; its age is told."""
    before = wait_live(wall.page, CAMERAS)
    tags = {str(camera.id): at + 1 for at, camera in enumerate(town.cameras)}
    assert {tile.camera: tile.label.tag for tile in before if tile.label is not None} == tags
    assert {(tile.stream, tile.width) for tile in before} == {("sub", 160)}
    first = [tile.label for tile in before]

    def moved() -> bool:
        return all(tile.label not in (None, old) for tile, old in zip(tiles(wall.page), first, strict=True))

    until(moved, "some picture stands still")
    names = {str(camera.id): camera.name for camera in town.cameras}
    for tile in wait_live(wall.page, CAMERAS):
        assert names[str(tile.camera)] in tile.words
        assert "dal vivo" in tile.words
        assert "Oriana" in tile.words  # who sees it, where and when (EV-05)
    wall.shot(SHOTS, "wall")


def test_a_picture_that_stands_still_says_so_within_two_seconds(wall: Seen, town: RoomTown) -> None:
    """By word, pattern and age, while the others go on; it is live again when new frames are on the screen."""
    try:
        took = _freeze(wall, town)
        for _ in range(2):  # a busy machine may be late, but not each time
            if took > 2000:
                town.back(4)
                wait_live(wall.page, CAMERAS)
                took = _freeze(wall, town)
        assert took <= 2000
        until(lambda: wall.page.locator('[data-tile="4"] .live-veil').is_visible(), "no pattern")
        until(lambda: "FERMA" in tiles(wall.page)[4].words, "it does not say so")  # or that it is connected anew
        before = _age(wall.page, 4)
        until(lambda: _age(wall.page, 4) > before + 1, "its age does not count")
        wait_live(wall.page, CAMERAS - 1)
        assert tiles(wall.page)[4].phase != "live"
        wall.shot(SHOTS, "wall-stale")
    finally:
        town.back(4)
    assert not any("FERMA" in tile.words for tile in wait_live(wall.page, CAMERAS))


def _freeze(wall: Seen, town: RoomTown) -> float:
    town.freeze(4)
    return ms_until(wall.page, 4, "stale")


def _age(page: Any, at: int) -> float:
    """Seconds, as the tile's words say: `immagine di 3,4 s fa`, or `12 secondi`."""
    found: list[float] = []

    def is_said() -> bool:
        said = re.search(r"immagine di ([\d,]+)\s(\w)", tiles(page)[at].words)
        if said is not None:
            found.append(float(said[1].replace(",", ".")) * (1 if said[2] == "s" else 60))
        return bool(found)

    until(is_said, lambda: f"no age: {tiles(page)[at].words}")
    return found[0]


def test_tiles_change_places_by_mouse_and_by_keys_and_stay_so(
    wall: Seen, town: RoomTown, browser: Any, cookies: list[Any]
) -> None:
    """Dragged, and carried by keys with each place told; the same after a reload, and after a reboot of the station."""
    a, b, c = (str(camera.id) for camera in town.cameras[:3])
    for _ in range(4):  # a busy machine may miss a hand's move
        wall.page.locator('[data-tile="0"]').drag_to(wall.page.locator('[data-tile="1"]'))
        with contextlib.suppress(AssertionError):
            until(lambda: cameras(wall.page)[:3] == [b, a, c], "the mouse moves nothing", 30)
            break
    assert cameras(wall.page)[:3] == [b, a, c]
    wall.page.locator('[data-tile="0"] .tile-open').press("m")
    said = wall.page.locator('[role="status"]').filter(has_text="preso")
    until(lambda: said.count() == 1, "nobody says that it is picked up")
    wall.press("ArrowRight", "ArrowDown", "Escape")
    until(lambda: cameras(wall.page)[:3] == [b, a, c], "Escape does not put it back")
    wall.page.locator('[data-tile="0"] .tile-open').press("m")
    wall.press("ArrowRight", "ArrowRight")
    wall.wait("posizione 3 di 9")
    wall.press("Enter")
    wanted = [a, c, b]
    until(lambda: cameras(wall.page)[:3] == wanted, "keys move nothing")
    until(lambda: town.cameras[1].name in wall.focused(), lambda: f"it is at {wall.focused()!r}")
    until(lambda: kept(town, cookies)[:3] == wanted, "not kept")
    wall.page.reload()
    wait_live(wall.page, CAMERAS)
    assert cameras(wall.page)[:3] == wanted
    state = wall.context.storage_state()
    wall.page.close()
    again = patient(browser.new_context(storage_state=state, locale="it-IT").new_page())
    again.goto(f"{town.address}/wall")
    wait_live(again, CAMERAS)
    assert cameras(again)[:3] == wanted
    again.context.close()


def kept(town: RoomTown, cookies: list[Any]) -> list[str]:
    """What the server has of the first monitor."""
    found = asking(town, cookies).get("/walls").json()["now"]["1"]
    return [cell["cameras"][0] for cell in found["cells"]]


def test_enter_makes_a_tile_large_and_escape_small_again(wall: Seen) -> None:
    """Large it is the main stream; the focus is where it was, and the others come back."""
    wall.page.locator('[data-tile="3"] .tile-open').press("Enter")
    until(lambda: tiles(wall.page)[3].stream == "main" and tiles(wall.page)[3].width == 320, "not the main stream")
    alone = [at == 3 for at in range(CAMERAS)]
    until(lambda: [tile.is_shown for tile in tiles(wall.page)] == alone, "it is not shown alone")
    wall.shot(SHOTS, "wall-large")
    wall.press("Escape")
    until(lambda: all(tile.is_shown for tile in tiles(wall.page)), "the others stay away")
    wait_live(wall.page, CAMERAS)
    until(lambda: tiles(wall.page)[3].stream == "sub" and tiles(wall.page)[3].width == 160, "not the small one again")
    until(lambda: "posizione 4 di 9" in wall.focused(), lambda: f"it is at {wall.focused()!r}")


def test_the_curtain_takes_every_picture_of_the_station_within_a_second(
    wall: Seen, town: RoomTown, cookies: list[Any]
) -> None:
    """One key: the wall and the second monitor are blank, also after a reload; recording goes on, and it is told."""
    second = wall.context.new_page()
    second.goto(f"{town.address}/wall?monitor=2")
    until(lambda: second.locator(".tile").count() == 4, "no second monitor")
    second.locator('[data-tile="0"] .tile-open').click()
    second.get_by_role("checkbox", name=town.cameras[0].name).check()
    second.get_by_role("button", name="Mostra").click()
    wait_live(second, 1)
    wall.page.bring_to_front()
    watch_blank(wall.page, second)
    wall.press("F9")
    assert ms_to_blank(wall.page, wall.page) < 1000
    assert ms_to_blank(wall.page, wall.page, second) < 1000 * SLACK
    wall.wait("La tenda è chiusa")
    assert second.locator("video").count() == 0 or not second.locator("video").first.is_visible()
    wall.shot(SHOTS, "curtain")
    until(lambda: asking(town, cookies).get("/room").json()["curtain"] is not None, "the server was not told")
    wall.page.reload()
    wall.wait("La tenda è chiusa")
    assert wall.page.locator("video").count() == 0 or not wall.page.locator("video").first.is_visible()
    town.served.until(lambda: town.served.all_record(2 * CAMERAS))
    wall.page.get_by_role("button", name="Apri la tenda").click()
    wait_live(wall.page, CAMERAS)
    wait_live(second, 1)


def test_a_lock_is_of_all_windows_and_what_moves_goes_on(wall: Seen, town: RoomTown, cookies: list[Any]) -> None:
    """Locked in one, every window asks for the password, over pictures that move; unlocked in one, all go on."""
    second = wall.context.new_page()
    second.goto(f"{town.address}/wall?monitor=2")
    until(lambda: second.locator(".tile").count() == 4, "no second monitor")
    wall.page.get_by_role("button", name="Oriana").click()
    wall.page.get_by_role("menuitem", name="Blocca").click()
    wall.wait("Postazione bloccata")
    until(lambda: second.locator("dialog").count() == 1, "the second window is open")
    before = [tile.label for tile in tiles(wall.page)]
    until(lambda: all(tile.label != old for tile, old in zip(tiles(wall.page), before, strict=True)), "nothing moves")
    wall.enter(wall.page.get_by_label("Password", exact=True), PASSWORD)
    until(lambda: wall.page.locator("dialog").count() == 0, "still locked")
    until(lambda: second.locator("dialog").count() == 0, "the second window stays locked")
    cookies[:] = wall.context.cookies()  # unlocking gives the session another token: that of before opens nothing


def test_a_sequence_goes_on_by_itself_and_can_be_paused(wall: Seen, town: RoomTown) -> None:
    """WCAG 2.2.2: a tile that shows one camera after the other stands while it is paused."""
    a, b = (str(camera.id) for camera in town.cameras[:2])
    cells = [{"cameras": [a, b], "every_s": 3}]
    shown = {"layout": "1", "cells": cells, "every_s": None}
    wall.page.evaluate("(to) => new BroadcastChannel('torrazzo-station').postMessage(to)",
                       {"kind": "wall", "monitor": 1, "arrangement": shown})  # fmt: skip
    until(lambda: cameras(wall.page) == [a], "no sequence")
    until(lambda: cameras(wall.page) == [b], "it does not go on")
    until(lambda: cameras(wall.page) == [a], "it does not begin again")
    wall.page.get_by_role("button", name="Ferma le sequenze").click()
    at = cameras(wall.page)
    wall.page.wait_for_timeout(3500)
    assert cameras(wall.page) == at


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_axe_finds_nothing_on_the_wall(
    browser: Any, town: RoomTown, cookies: list[Any], theme: str, language: str
) -> None:
    """WCAG 2.2 AA with pictures, a stale tile, the list of cameras, the dialogs and the curtain."""
    with before(browser, town, cookies, language=language, theme=theme) as seen:
        _look_at_all(seen, town)


def _look_at_all(seen: Seen, town: RoomTown) -> None:
    words = town.say(seen, "wall.walls"), town.say(seen, "nav.cameras")
    town.freeze(1)
    try:
        until(lambda: tiles(seen.page)[1].phase == "stale", "not stale")
        assert seen.axe_in_all() == []
    finally:
        town.back(1)
    seen.page.locator("main").get_by_role("button", name=words[1]).click()
    assert seen.axe_in_all() == []
    seen.shot(SHOTS, "wall-list")
    seen.page.get_by_role("button", name=words[0]).click()
    assert seen.axe_in_all() == []
    seen.shot(SHOTS, "wall-kept")
    seen.press("Escape")
    seen.page.locator(".tile .menu-button, .tile .menu button").first.click()
    seen.page.get_by_role("menuitem", name=town.say(seen, "wall.menu_choose")).click()
    seen.wait(town.say(seen, "wall.picker_title"))
    assert seen.axe_in_all() == []
    seen.press("Escape")
    seen.press("F9")
    seen.wait(town.say(seen, "curtain.title"))
    assert seen.axe_in_all() == []
    seen.page.get_by_role("button", name=town.say(seen, "curtain.open")).click()
    wait_live(seen.page, CAMERAS)


def test_who_has_no_shift_says_why_before_the_first_picture(browser: Any, town: RoomTown) -> None:
    """The commander gives purpose and reason; a reason that is none leads nowhere."""
    seen = town.sign_in(browser, "carla", "/wall")
    seen.wait("Perché guardi?")
    assert seen.axe_in_all() == []
    seen.shot(SHOTS, "wall-reason")
    seen.page.get_by_label("Motivo").fill("così")
    seen.page.get_by_role("button", name="Guarda").click()
    seen.wait("almeno quindici caratteri")
    assert seen.page.locator("video").count() == 0
    seen.page.get_by_label("Motivo").fill(REASON)
    seen.page.get_by_role("button", name="Guarda").click()
    wait_live(seen.page, CAMERAS)
    assert seen.complaints == []
    seen.context.close()


def test_the_last_minute_of_a_tile_is_played_again_for_a_reason(wall: Seen, town: RoomTown, cookies: list[Any]) -> None:
    """From the tile's menu: purpose, reason and event are asked, then recorded pictures run; closed, the look ends."""
    name = next(camera.name for camera in town.cameras if str(camera.id) == tiles(wall.page)[2].camera)
    _replay(wall, name, is_first=True)
    _replay(wall, name, is_first=False)
    wait_live(wall.page, CAMERAS)


def _replay(wall: Seen, name: str, *, is_first: bool) -> None:
    """The first time the reason is asked; later it is there."""
    wall.page.get_by_role("button", name=f"Azioni per {name}").click()
    wall.page.get_by_role("menuitem", name="Rivedi l’ultimo minuto").click()
    dialog = wall.page.get_by_role("dialog")
    if is_first:
        dialog.get_by_label("Motivo", exact=True).fill(REASON)
        dialog.get_by_label("Evento", exact=True).fill("chiamata 114")
        assert wall.axe_in_all() == []
    dialog.get_by_role("button", name="Rivedi l’ultimo minuto").click()
    video = dialog.locator("video")
    until(lambda: video.count() == 1, "no video")
    runs = "v => v.currentTime > 0 && v.videoWidth > 0 && (!v.paused || v.ended)"  # young, the minute is short
    until(lambda: video.evaluate(runs), "it does not run")
    until(lambda: "Oriana" in dialog.inner_text() and "–" not in dialog.inner_text().splitlines()[-1], "no mark")
    if is_first:
        wall.shot(SHOTS, "wall-replay")
        assert wall.axe_in_all() == []
    wall.press("Escape")
