# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operator's guide, walked in Chromium over a real town: what it prints bold is so called on its screen.

`TORRAZZO_GUIDE=docs/1-operate/pictures` takes the pictures anew.
"""

import contextlib
import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.guide_walk import GUIDE, Walk, read_guide
from tests.tools.onvif_camera import PASSWORD as CAMERA_PASSWORD
from tests.tools.onvif_camera import USER, onvif_camera
from tests.tools.page_seen import Seen, until
from tests.tools.page_town import CODE, TOKEN, PageTown, serve_page
from tests.tools.room_people import CAST
from tests.tools.room_town import MAIN, REASON, RoomTown, room_town
from tests.tools.staffed import PASSWORD
from tests.tools.wall_seen import wait_live
from torrazzo.control_room.client import ControlRoom
from torrazzo.law import Role
from torrazzo.testing import ClipSpec
from torrazzo.testing.onvif import FakeOnvif
from torrazzo.testing.town import POSITIONS
from torrazzo.town.camera import Camera

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_GUIDE"]) if "TORRAZZO_GUIDE" in os.environ else None
WHOLE = MAIN if SHOTS is None else ClipSpec(width=640, height=384, fps="25/2", frames=100, gop=25, bitrate=500_000)
SMALL = ClipSpec(width=320, height=192, fps="25/2", frames=100, gop=25, bitrate=120_000)
TOLD = {
    "it": ("osvaldo", 3, "furto di bicicletta in piazza", "chiamata 114", "2026/118", "Procura di Cremona"),
    "en": ("oriana", 2, "theft of a bicycle on the square", "call 114", "2026/119", "Court of Cremona"),
}
WORDS = {
    "it": ("tecnico avvisato", "un uomo prende la bicicletta", "richiesta motivata e limitata", "Telecamera ferma"),
    "en": ("technician was called", "a man takes the bicycle", "the request is founded", "One camera is out"),
}
MASKED = {"it": 2, "en": 3}  # one that is never played back here
MASK_WHY = {"it": "finestre private al primo piano", "en": "private windows on the first floor"}
MASK_ANSWER = {"it": "visto sul posto con l’installatore", "en": "seen on the spot with the installer"}
FIRST = (("Bruno Bianchi", "bruno.bianchi"), ("Carla Neri", "carla.neri"))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    cast = {**CAST, "bice": (Role.ADMIN,)}
    with room_town(tmp_path_factory.mktemp("guide") / "town", 4, sub=True, cast=cast, main=WHOLE, small=SMALL) as town:
        yield town


@pytest.fixture(scope="module")
def on_the_map(town: RoomTown) -> None:
    """All cameras are."""
    admin = town.browser("bice")
    for camera, position in zip(town.cameras, POSITIONS, strict=False):
        answer = admin.ask("PATCH", f"/api/v1/cameras/{camera.id}", {"position": position._asdict()})
        assert answer.status == 200, answer.body


@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["it", "en"])
def test_the_guide_is_walked(browser: Any, town: RoomTown, on_the_map: None, language: str) -> None:
    """Each step of the guide can be done as it is told, by the names it tells; axe finds nothing, in one theme each."""
    walk, lost = Walk(town, language, SHOTS), TOLD[language][1]
    try:
        seen = sign_in(walk, browser)
        wall(walk, seen)
        map_(walk, seen)
        alarms(walk, seen)
        playback(walk, seen)
        keep(walk, seen)
        copies(walk, seen, browser)
        hand_over(walk, seen)
        first_run(walk, browser)
        administer(walk, browser)
        log(walk, browser)
    finally:
        town.back(lost)
    guide = read_guide(language)
    assert sorted(guide) == sorted(walk.pictures)
    missing = [(at, label) for at, section in guide.items() for label in section.labels if walk.missing(at, label)]
    assert missing == [], "the guide names what no page of that section has"
    for at, section in guide.items():
        wanted = {(name, theme, language) for name in walk.pictures[at] for theme in ("light", "dark")}
        assert section.pictures == wanted, at
        absent = [name for name in wanted if not (GUIDE / "pictures" / f"{'-'.join(name)}.png").exists()]
        assert absent == []


def sign_in(walk: Walk, browser: Any) -> Seen:
    """1 and 2: name, password, code; the shift with its reason."""
    walk.at = 1
    name = TOLD[walk.language][0]
    seen = Seen(browser, walk.town.address, walk.language)
    seen.open()
    seen.wait(walk.say("sign_in.title"))
    walk.fill(seen, "sign_in.name", name)
    seen.page.get_by_label(walk.say("sign_in.password"), exact=True).fill(PASSWORD)
    walk.look(seen, "sign-in")
    walk.button(seen, "sign_in.go")
    seen.wait(walk.say("sign_in.totp_title"))
    code = walk.town.people[name].code()
    assert code is not None
    walk.fill(seen, "sign_in.totp_code", code)
    walk.note(seen)
    seen.press("Enter")
    walk.at = 2
    seen.wait(walk.say("shift.reason_title"))
    walk.fill(seen, "shift.reason", REASON)
    walk.look(seen, "shift")
    walk.button(seen, "shift.open")
    until(lambda: seen.path() == "/wall", "the wall does not come")
    return seen


def wall(walk: Walk, seen: Seen) -> None:
    """3: arranged, while one camera falls out; one made large, the curtain."""
    walk.at = 3
    seen.page.locator(".wall-choice select").first.select_option("4")
    wait_live(seen.page, 4)  # one may just have come back
    walk.town.kill(TOLD[walk.language][1])
    until(lambda: seen.page.locator(".live-veil").count() > 0, "it still looks live")
    walk.look(seen, "wall")
    tile = seen.page.locator('.tile:has(.live[data-phase="live"])').first
    tile.locator(".menu-button, .menu button").first.click()
    walk.note(seen)
    seen.press("Escape")
    tile.locator(".tile-open").click()
    until(lambda: seen.page.locator(".tile--large .live--live").count() == 1, "it is not large")
    walk.note(seen)
    seen.press("Escape")
    wait_live(seen.page, 3)
    seen.press("F9")
    seen.wait(walk.say("curtain.title"))
    walk.look(seen, "curtain")
    walk.button(seen, "curtain.open")
    wait_live(seen.page, 3)


def map_(walk: Walk, seen: Seen) -> None:
    """4: a camera chosen."""
    walk.at = 4
    walk.go(seen, "map")
    there = "() => document.querySelector('.map-drawing')?.townMap?.queryRenderedFeatures().length > 0"
    until(lambda: seen.page.evaluate(there), "no map is drawn")
    name = walk.town.cameras[0].name
    seen.page.locator(".map-list").get_by_role("button", name=name).click()
    seen.page.get_by_role("region", name=name).wait_for()
    walk.look(seen, "map")


def alarms(walk: Walk, seen: Seen) -> None:
    """5: one is taken notice of."""
    walk.at = 5
    name = walk.town.cameras[TOLD[walk.language][1]].name
    walk.go(seen, "alarms")
    take = seen.page.get_by_role("button", name=f"{walk.say('alarms.take')}: {name}", exact=True)
    until(lambda: take.count() == 1, "no alarm comes")
    walk.note(seen)
    take.click()
    walk.fill(seen, "alarms.note_optional", WORDS[walk.language][0])
    walk.look(seen, "alarms")
    walk.button(seen, "alarms.take")
    more = seen.page.get_by_role("button", name=f"{walk.say('alarms.add_note')}: {name}", exact=True)
    until(lambda: more.count() == 1, "nobody has taken notice")
    walk.note(seen)


def playback(walk: Walk, seen: Seen) -> None:
    """6: cameras, time, reason; played, stepped."""
    walk.at = 6
    walk.go(seen, "playback")
    walk.button(seen, "playback.choose_cameras")
    for at, camera in enumerate(walk.town.cameras):  # those of the wall are chosen already
        walk.within(seen).get_by_label(camera.name).set_checked(at < 2)
    walk.button(seen, "playback.chosen_other", count=2)
    walk.button(seen, "playback.go_to")
    walk.fill(seen, "playback.time", (walk.town.recorded(0, 1) + dt.timedelta(seconds=3)).strftime("%H:%M:%S"))
    walk.button(seen, "playback.go")
    seen.page.get_by_label(walk.say("playback.seen"), exact=True).select_option("60000")
    walk.button(seen, "playback.look")
    walk.fill(seen, "playback.reason", TOLD[walk.language][2])
    walk.fill(seen, "playback.event", TOLD[walk.language][3])
    walk.look(seen, "playback-why")
    walk.button(seen, "playback.look")
    shown = seen.page.locator('.play-tile[data-kind="picture"]')
    until(lambda: shown.count() == 2, "pictures do not come")
    walk.button(seen, "playback.loop_from")
    before = clock(seen)
    seen.press("k")
    until(lambda: clock(seen) > before + 2500, "it does not play")
    walk.note(seen)
    seen.press("k")
    seen.press(".", ",")
    walk.button(seen, "playback.loop_to")
    until(lambda: shown.count() == 2, "pictures do not come")
    walk.look(seen, "playback")


def clock(seen: Seen) -> float:
    """Milliseconds."""
    return float(seen.page.evaluate("Date.parse(document.querySelector('.play-clock time').dateTime)"))


def keep(walk: Walk, seen: Seen) -> None:
    """7: a still, a bookmark, a hold, and a copy is asked for."""
    walk.at = 7
    _, _, reason, _, case, recipient = TOLD[walk.language]
    walk.button(seen, "playback.still")
    seen.wait(walk.say("playback.still_told"))
    walk.look(seen, "still")
    walk.button(seen, "ui.close")
    walk.button(seen, "playback.bookmark")
    walk.fill(seen, "playback.note", WORDS[walk.language][1])
    walk.button(seen, "playback.keep")
    until(lambda: seen.page.get_by_role("dialog").count() == 0, "the bookmark is not kept")
    seen.wait(WORDS[walk.language][1])
    walk.button(seen, "playback.hold")
    walk.fill(seen, "exports.case", case)
    walk.fill(seen, "exports.reason", reason)
    walk.button(seen, "exports.hold_go")
    until(lambda: seen.page.get_by_role("dialog").count() == 0, "the hold is not placed")
    walk.button(seen, "playback.copy")
    walk.fill(seen, "exports.case", case)
    walk.fill(seen, "exports.reason", reason)
    walk.fill(seen, "exports.recipient", recipient)
    walk.look(seen, "ask")
    walk.button(seen, "exports.ask_go")
    until(lambda: seen.page.get_by_role("dialog").count() == 0, "the copy is not asked for")
    walk.button(seen, "playback.close")


def copies(walk: Walk, seen: Seen, browser: Any) -> None:
    """8: the commander approves, the officer prepares and takes; both look at holds, and decide on masks."""
    walk.at = 8
    walk.go(seen, "exports")
    withdraw = seen.page.get_by_role("button", name=walk.say("exports.withdraw"), exact=True)
    until(lambda: withdraw.count() == 1, "the request is not listed")
    walk.note(seen)
    carla = walk.town.sign_in(browser, "carla", language=walk.language)
    walk.go(carla, "exports")
    carla.wait(TOLD[walk.language][4])
    (asked,) = [
        each
        for each in carla.page.evaluate("async () => (await (await fetch('/api/v1/exports/to-approve')).json()).items")
        if each["case"] == TOLD[walk.language][4]
    ]
    walk.button(carla, "exports.approve", number=asked["number"])
    walk.within(carla).get_by_label(walk.say("exports.maker"), exact=True).select_option(label="Paolo")
    walk.fill(carla, "exports.answer_reason", WORDS[walk.language][2])
    walk.look(carla, "approve")
    walk.button(carla, "exports.approve_go")
    carla.wait(walk.say("exports.state_approved"))
    holds(walk, carla)
    with masked(walk) as camera:
        draw_mask(walk, carla, camera)
        walk.leave(carla)
        paolo = walk.town.sign_in(browser, "paolo", language=walk.language)
        prepare(walk, paolo, asked["number"])
        confirm_mask(walk, paolo, camera)
    walk.leave(paolo)


def prepare(walk: Walk, paolo: Seen, number: int) -> None:
    """8, as the officer does it."""
    walk.at = 8
    walk.go(paolo, "exports")
    paolo.wait(TOLD[walk.language][4])
    ready = paolo.page.get_by_text(walk.say("exports.take_package"))
    before = ready.count()
    walk.button(paolo, "exports.prepare", number=number)
    try:
        until(lambda: ready.count() > before, "the copy is not made", 180)
    except AssertionError as error:
        raise AssertionError(f"{error}: {paolo.page.inner_text('main')}") from error
    walk.look(paolo, "prepare")
    with paolo.page.expect_download():
        ready.first.click()


def holds(walk: Walk, carla: Seen) -> None:
    """7, as the commander sees it: who placed which, and why."""
    walk.at = 7
    carla.page.get_by_role("tab", name=walk.say("exports.tab_holds")).click()
    carla.wait(TOLD[walk.language][2])
    walk.look(carla, "holds")


@contextlib.contextmanager
def masked(walk: Walk) -> Iterator[Camera]:
    """A camera that can mask."""
    camera, declared = walk.town.cameras[MASKED[walk.language]], ControlRoom(walk.town.home)
    with FakeOnvif().running() as device:
        declared.change(replace(camera, device=f"http://{device.where}/onvif/device_service"))
        yield camera
        assert len(device.masks) == 1
    declared.change(camera)


def draw_mask(walk: Walk, carla: Seen, camera: Camera) -> None:
    """12: by the commander, on a picture."""
    walk.at = 12
    walk.go(carla, "cameras")
    carla.page.get_by_role("link", name=camera.name, exact=True).click()
    walk.button(carla, "masks.edit")
    walk.fill(carla, "masks.reason", MASK_WHY[walk.language])
    walk.button(carla, "masks.show_still")
    still = carla.page.locator(".mask-drawing img")
    until(
        lambda: still.count() == 1 and still.evaluate("each => each.naturalWidth") > 0,
        lambda: f"no picture comes: {carla.page.inner_text('main')}",
    )
    still.scroll_into_view_if_needed()
    at = carla.page.locator(".mask-drawing").bounding_box()
    carla.page.mouse.move(at["x"] + at["width"] * 0.55, at["y"] + at["height"] * 0.3)
    carla.page.mouse.down()
    carla.page.mouse.move(at["x"] + at["width"] * 0.85, at["y"] + at["height"] * 0.6)
    carla.page.mouse.up()
    carla.wait(walk.say("masks.area", n="1"))
    walk.look(carla, "masks")
    walk.button(carla, "masks.propose")
    carla.wait(walk.say("masks.waits"))


def confirm_mask(walk: Walk, paolo: Seen, camera: Camera) -> None:
    """12: by another, and the camera has it."""
    walk.at = 12
    walk.go(paolo, "cameras")
    paolo.page.get_by_role("link", name=camera.name, exact=True).click()
    paolo.wait(walk.say("masks.waits"))
    walk.fill(paolo, "masks.answer", MASK_ANSWER[walk.language])
    paolo.page.evaluate("document.querySelector('.mask-drawing')?.scrollIntoView()")
    walk.look(paolo, "masks-confirm")
    walk.button(paolo, "masks.approve")
    paolo.wait(walk.say("masks.unchecked"))


def first_run(walk: Walk, browser: Any) -> None:
    """10: the first two people, by the link that works once."""
    walk.at = 10
    with serve_page(PageTown(is_new=True)) as address:
        seen = Seen(browser, address, walk.language)
        seen.open(f"/first-run#{TOKEN}")
        for name, account in FIRST:
            seen.wait(walk.say("first_run.designation"))
            values = (name, account, PASSWORD, PASSWORD, "12/2026", "2026-01-10", "2028-12-31")
            for at, value in enumerate(values):
                seen.page.locator("input").nth(at).fill(value)
            if account == FIRST[0][1]:
                seen.page.locator("input").first.focus()
                seen.page.evaluate("scrollTo(0, 0)")
                walk.look(seen, "first-run")
            walk.button(seen, "sign_in.go_on")
            seen.page.locator("svg.qr").wait_for()
            walk.fill(seen, "sign_in.totp_code", CODE)
            walk.button(seen, "sign_in.go_on")
            seen.wait(walk.say("first_run.print"))
            if account == FIRST[0][1]:
                walk.look(seen, "first-run-codes")
            seen.page.get_by_role("checkbox").check()
            walk.button(seen, "sign_in.go_on")
        seen.wait(walk.say("first_run.done_title"))
        walk.note(seen)
        assert seen.complaints == []
        seen.context.close()


def hand_over(walk: Walk, seen: Seen) -> None:
    """9: the register, the note for the next shift, and out."""
    walk.at = 9
    walk.go(seen, "shifts")
    seen.wait(walk.say("shifts.on_duty"))
    walk.look(seen, "shifts")
    seen.page.get_by_role("link", name=walk.say("shift.mine")).click()
    seen.wait(walk.say("shift.note"))
    walk.fill(seen, "shift.note", WORDS[walk.language][3])
    walk.look(seen, "hand-over")
    walk.button(seen, "shift.close")
    seen.wait(walk.say("shift.closed"))
    walk.leave(seen)


def administer(walk: Walk, browser: Any) -> None:
    """11, 13 and 14: a camera is added without a picture; people; the state of the system."""
    walk.at = 11
    seen = walk.town.sign_in(browser, "aldo", language=walk.language)
    walk.go(seen, "cameras")
    seen.wait(walk.town.cameras[0].name)
    walk.look(seen, "cameras")
    with onvif_camera() as device:
        walk.button(seen, "cameras.add")
        walk.fill(seen, "cameras.search_at", f"127.0.0.1:{device.discovery_port}")
        walk.button(seen, "cameras.search_again")
        choose = seen.page.get_by_role("button", name=walk.say("cameras.choose_device", name="Cam 9"))
        choose.wait_for()
        walk.note(seen)
        choose.click()
        walk.fill(seen, "cameras.user", USER)
        walk.fill(seen, "cameras.password", CAMERA_PASSWORD)
        walk.button(seen, "cameras.go_check")
        seen.wait("320×192")
        walk.look(seen, "camera-check")
        walk.button(seen, "cameras.go_on")
        walk.fill(seen, "cameras.name", f"Piazza Stradivari ({walk.language})")
        walk.note(seen)
        seen.page.get_by_label(walk.say("cameras.synthetic")).check()
        walk.button(seen, "cameras.add_it")
        seen.wait(walk.say("cameras.added", name=f"Piazza Stradivari ({walk.language})"))
        bice = walk.town.browser("bice")  # anew: who asked nothing for ten minutes is locked
        (made,) = [each for each in bice.get("/cameras").json()["items"] if "Stradivari" in each["name"]]
        assert bice.ask("DELETE", f"/api/v1/cameras/{made['id']}").status in {200, 204}
    assert seen.page.locator("video, canvas, img").count() == 0, "who administers sees no picture"
    people(walk, seen)
    walk.at = 14
    walk.go(seen, "system")
    seen.wait(walk.town.cameras[0].name)
    walk.look(seen, "system")
    walk.leave(seen)


def people(walk: Walk, seen: Seen) -> None:
    """13: all of them, one of them, the acts by which others come in."""
    walk.at = 13
    walk.go(seen, "people")
    seen.wait("Carla")
    walk.look(seen, "people")
    walk.button(seen, "people.open_named", name="Carla")
    seen.wait(walk.say("people.history"))
    walk.look(seen, "person")
    walk.button(seen, "people.back")
    seen.page.get_by_role("tab", name=walk.say("people.agreements")).click()
    seen.wait("Impianti srl")
    walk.look(seen, "agreements")


def log(walk: Walk, browser: Any) -> None:
    """15: the auditor reads who looked."""
    walk.at = 15
    seen = walk.town.sign_in(browser, "rita", language=walk.language)
    walk.go(seen, "log")
    seen.page.get_by_label(walk.say("log.purpose_lawfulness")).check()
    walk.button(seen, "log.ask")
    until(lambda: seen.page.locator(".log-answer tbody tr").count() > 0, "no answer")
    seen.wait(TOLD[walk.language][2])
    seen.page.locator(".log-answer").scroll_into_view_if_needed()
    walk.look(seen, "log")
    walk.leave(seen)
