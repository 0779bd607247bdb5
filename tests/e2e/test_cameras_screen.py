# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cameras' screen in Chromium over a real town: who administers adds one and it records; no picture is shown."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.onvif_camera import PASSWORD, USER, onvif_camera
from tests.tools.page_seen import SHOWN, Seen, until
from tests.tools.room_town import RoomTown, room_town
from torrazzo.control_room.client import ControlRoom
from torrazzo.law import Role
from torrazzo.testing.onvif import FakeOnvif
from torrazzo.town.bounds import Bounds, Sector

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
CAST = {
    "oriana": (Role.OPERATOR,),
    "osvaldo": (Role.OPERATOR,),
    "ombretta": (Role.OPERATOR,),
    **dict.fromkeys(("dino", "dalia", "delia"), (Role.DESIGNATO,)),
    **dict.fromkeys(("piero", "paola", "pina"), (Role.PG_OFFICER,)),
    "dora": (Role.DPO,),
    "olivia": (Role.OPERATOR,),
    "tina": (Role.TECHNICIAN,),
    **dict.fromkeys(("aldo", "bice", "ciro", "fede", "gino", "ines", "lara", "mara", "nina"), (Role.ADMIN,)),
}
ADMINS = iter(("bice", "ciro"))  # one each: a second sign-in of the same person would ask


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    with room_town(tmp_path_factory.mktemp("cameras") / "town", cameras=2, cast=CAST) as town:
        yield town


def click(seen: Seen, key: str, **values: str) -> None:
    seen.page.get_by_role("button", name=word(seen, key, **values), exact=True).first.click()


def word(seen: Seen, key: str, **values: str) -> str:
    text = RoomTown.say(seen, key)
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def at_peace(seen: Seen) -> None:
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith(seen.address)] == []
    assert seen.page.locator("video, canvas, img").count() == 0, "who administers sees no picture"
    seen.context.close()


def test_a_camera_is_found_added_and_recorded(browser: Any, town: RoomTown, record_property: Any) -> None:
    """From the list to a camera that records: found, chosen, signed in to, looked at, placed; ten steps of a hand."""
    with onvif_camera() as device:
        seen = town.sign_in(browser, "aldo", "/cameras")
        seen.wait("Via degli Orti Romani")
        began = time.monotonic()
        click(seen, "cameras.add")
        seen.page.get_by_label(word(seen, "cameras.search_at")).fill(f"127.0.0.1:{device.discovery_port}")
        click(seen, "cameras.search_again")
        seen.page.get_by_role("button", name=word(seen, "cameras.choose_device", name="Cam 9")).click()
        seen.page.get_by_label(word(seen, "cameras.user")).fill(USER)
        seen.enter(seen.page.get_by_label(word(seen, "cameras.password"), exact=True), PASSWORD)
        seen.wait("320×192")
        seen.shot(SHOTS, "cameras-check")
        until(lambda: seen.page.get_by_role("button", name=word(seen, "cameras.go_on")).count() == 1, "no way on")
        click(seen, "cameras.go_on")
        seen.page.get_by_label(word(seen, "cameras.name"), exact=True).fill("Piazza Stradivari")
        seen.page.get_by_label(word(seen, "cameras.synthetic")).check()
        seen.page.get_by_label(word(seen, "cameras.latitude")).fill("45.1334, 10.0249")
        click(seen, "cameras.add_it")
        seen.wait(word(seen, "cameras.added", name="Piazza Stradivari"))
        seen.wait(word(seen, "system.stream_recording"))
        record_property("seconds", round(time.monotonic() - began, 1))
        seen.shot(SHOTS, "cameras-done")
        click(seen, "cameras.to_list")
        seen.wait("Piazza Stradivari")
        at_peace(seen)
    (made,) = [
        camera
        for camera in town.browser("aldo").get("/cameras").json()["items"]
        if camera["place"] == "Piazza Stradivari"
    ]
    assert (made["position"]["latitude"], made["position"]["longitude"]) == (45.1334, 10.0249)


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_axe_finds_nothing(browser: Any, town: RoomTown, theme: str, language: str) -> None:
    """WCAG 2.2 AA on the list, each step of adding, one camera's page and the question before it is removed."""
    with onvif_camera() as device:
        seen = town.sign_in(browser, next(ADMINS), "/cameras", theme=theme, language=language)

        def look(name: str) -> None:
            assert seen.axe_in_all() == [], name
            seen.shot(SHOTS, name)

        seen.wait("Via degli Orti Romani")
        look("cameras")
        click(seen, "cameras.add")
        seen.page.get_by_label(word(seen, "cameras.search_at")).fill(f"127.0.0.1:{device.discovery_port}")
        click(seen, "cameras.search_again")
        choose = seen.page.get_by_role("button", name=word(seen, "cameras.choose_device", name="Cam 9"))
        choose.wait_for()
        look("cameras-find")
        choose.click()
        look("cameras-access")
        seen.page.get_by_label(word(seen, "cameras.user")).fill(USER)
        seen.enter(seen.page.get_by_label(word(seen, "cameras.password"), exact=True), "sbagliata")
        seen.wait(word(seen, "cameras.todo_auth"))
        look("cameras-failed")
        click(seen, "cameras.back")
        seen.enter(seen.page.get_by_label(word(seen, "cameras.password"), exact=True), PASSWORD)
        seen.wait("320×192")
        look("cameras-checked")
        click(seen, "cameras.go_on")
        seen.page.get_by_label(word(seen, "cameras.name"), exact=True).fill("Via Mons. Assi")
        click(seen, "cameras.add_it")
        seen.wait(word(seen, "errors.CAMERA_NAME_TAKEN"))
        look("cameras-place")
        click(seen, "cameras.to_list")
        seen.page.get_by_role("link", name="Via Mons. Assi", exact=True).click()
        seen.wait(word(seen, "cameras.what"))
        look("camera")
        click(seen, "cameras.remove")
        seen.wait(word(seen, "cameras.remove_ask", name="Via Mons. Assi"))
        look("camera-remove")
        click(seen, "cameras.keep")
        at_peace(seen)


def test_place_and_field_of_view_are_edited_and_a_camera_is_removed(browser: Any, town: RoomTown) -> None:
    """By keyboard: what was typed is kept, told and seen by all; a removed one is gone from the list."""
    api = town.browser("fede")
    body = {
        "name": "Vicolo Corto",
        "url": "rtsp://127.0.0.1:9/x",
        "synthetic": True,
        "user": USER,
        "password": PASSWORD,
    }
    id_ = api.post("/cameras", body).json()["id"]
    seen = town.sign_in(browser, "gino", f"/cameras?camera={id_}")
    seen.wait(word(seen, "cameras.what"))
    seen.press("Tab")
    for key, text in (("place", "angolo nord"), ("latitude", "45,13"), ("longitude", "10.02"), ("direction", "135")):
        seen.tab_to(word(seen, f"cameras.{key}"))
        seen.press("Control+a")
        seen.type(text)
    seen.tab_to(word(seen, "cameras.angle"))
    seen.type("400")
    seen.press("Enter")
    seen.wait("Un numero fra 1 e 360.")
    seen.press("Control+a")
    seen.type("70")
    seen.press("Enter")
    seen.wait(word(seen, "cameras.saved"))
    detail = api.get(f"/cameras/{id_}").json()
    position = {"latitude": 45.13, "longitude": 10.02, "direction": 135, "angle": 70, "reach": None}
    assert (detail["place"], detail["position"]) == ("angolo nord", position)
    assert PASSWORD not in seen.page.content()
    seen.tab_to(word(seen, "cameras.url"))
    seen.press("Control+a")
    seen.type("rtsp://127.0.0.2:9/x")
    seen.press("Enter")
    seen.wait(word(seen, "errors.PASSWORD_AGAIN"))
    click(seen, "cameras.remove")
    seen.page.locator("dialog").get_by_role("button", name=word(seen, "cameras.remove")).click()
    seen.wait(word(seen, "cameras.removed", name="Vicolo Corto"))
    until(lambda: seen.page.get_by_role("link", name="Vicolo Corto").count() == 0, "it is still in the list")
    at_peace(seen)


def test_the_list_is_searched_and_filtered_by_everybody(browser: Any, town: RoomTown) -> None:
    """Words in any order and without accents; an operator sees states and the way to live pictures, and no settings."""
    seen = town.sign_in(browser, "oriana", "/cameras")
    seen.wait("Via degli Orti Romani")
    rows = seen.page.locator("tbody tr")
    seen.page.get_by_label(word(seen, "cameras.search")).fill("romani ORTÌ")
    until(lambda: rows.count() == 1, "the search finds another number of cameras")
    assert seen.page.get_by_role("link", name=f"{word(seen, 'cameras.look')}: Via degli Orti Romani").count() == 1
    assert seen.page.get_by_role("button", name=word(seen, "cameras.add")).count() == 0
    seen.page.get_by_label(word(seen, "cameras.filter")).select_option("off")
    seen.wait(word(seen, "cameras.no_match"))
    seen.page.get_by_label(word(seen, "cameras.filter")).select_option("all")
    seen.page.get_by_role("link", name="Via degli Orti Romani", exact=True).click()
    seen.wait(word(seen, "cameras.pictures"))
    assert seen.page.get_by_text(word(seen, "cameras.access")).count() == 0
    at_peace(seen)


def test_sectors_are_taken_from_where_the_camera_looks(browser: Any, town: RoomTown) -> None:
    """Who sees no picture takes two corners, the zoom and home from the camera's position; then it may be turned."""
    with FakeOnvif().running() as device:
        api = town.browser("ines")
        said = {"name": "Piazza Gira", "url": "rtsp://127.0.0.1:9/x", "synthetic": True}
        id_ = api.post("/cameras", {**said, "device": f"http://{device.where}/onvif/device_service"}).json()["id"]
        seen = town.sign_in(browser, "lara", f"/cameras?camera={id_}")
        seen.wait(word(seen, "sectors.none"))
        click(seen, "sectors.add")
        click(seen, "sectors.save")
        seen.wait(word(seen, "cameras.between", low="-1", high="1"))
        for pose, part, shown in (
            ((-0.5, -0.25, 0.0), "corner_low", "−0,5"),
            ((0.5, 0.25, 0.4), "corner_high", "0,4"),
            ((0.25, 0.0, 0.5), "zoom_here", "0,25"),
        ):
            device.pose = pose
            click(seen, f"sectors.{part}")
            seen.wait(shown.replace("−", "-"))
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "camera-sectors")
        click(seen, "sectors.save")
        seen.wait(word(seen, "sectors.saved"))
        (sector,) = api.get(f"/cameras/{id_}/sectors").json()["sectors"]
        assert sector == {"left": -0.5, "right": 0.5, "bottom": -0.25, "top": 0.25, "zoom": 0.5}
        click(seen, "sectors.home_here")
        seen.wait(word(seen, "sectors.home_kept"))
        assert device.presets[api.get(f"/cameras/{id_}/sectors").json()["home"]][0] == "Torrazzo"
        at_peace(seen)


def test_masks_are_drawn_on_a_still_and_decided_by_two(browser: Any, town: RoomTown) -> None:
    """Who commands sees a picture, with a reason, and draws; another confirms; the camera has it; the DPO reads it."""
    with FakeOnvif().running() as device:
        camera = town.cameras[0]
        where = f"http://{device.where}/onvif/device_service"
        ControlRoom(town.home).change(replace(camera, device=where))
        seen = town.sign_in(browser, "dino", f"/cameras?camera={camera.id}")
        seen.wait(word(seen, "masks.undecided"))
        click(seen, "masks.edit")
        seen.page.get_by_label(word(seen, "masks.reason"), exact=True).fill("finestre private al primo piano")
        click(seen, "masks.show_still")
        still = seen.page.locator(".mask-drawing img")
        until(
            lambda: still.count() == 1 and still.evaluate("each => each.naturalWidth") > 0,
            lambda: f"no picture comes: {seen.page.inner_text('main')}",
        )
        at = seen.page.locator(".mask-drawing").bounding_box()
        seen.page.mouse.move(at["x"] + at["width"] * 0.25, at["y"] + at["height"] * 0.25)
        seen.page.mouse.down()
        seen.page.mouse.move(at["x"] + at["width"] * 0.5, at["y"] + at["height"] * 0.75)
        seen.page.mouse.up()
        seen.wait(word(seen, "masks.area", n="1"))
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "masks-drawn")
        click(seen, "masks.propose")
        seen.wait(word(seen, "masks.waits"))
        assert device.masks == {}
        seen.context.close()
        officer = town.sign_in(browser, "piero", f"/cameras?camera={camera.id}", theme="dark", language="en")
        officer.wait(word(officer, "masks.waits"))
        officer.page.get_by_label(word(officer, "masks.answer"), exact=True).fill("seen on the spot with the installer")
        assert officer.axe_in_all() == []
        officer.shot(SHOTS, "masks-proposed")
        click(officer, "masks.approve")
        officer.wait(word(officer, "masks.unchecked"))
        assert len(device.masks) == 1
        at_peace(officer)
        reader = town.sign_in(browser, "dora", "/cameras?masks")
        reader.wait(word(reader, "masks.unchecked"))
        assert reader.axe_in_all() == []
        reader.shot(SHOTS, "masks-list")
        at_peace(reader)
        (area,) = town.browser("mara").get(f"/cameras/{camera.id}/masks").json()["areas"]
        assert area["corners"][0] == pytest.approx([-0.5, -0.5], abs=0.1)


def test_a_real_camera_records_once_two_have_said_so(browser: Any, town: RoomTown) -> None:
    """LB-01: its page tells what is missing; who commands states it and proposes, another confirms, and it records."""
    url = town.cameras[0].streams[0].url
    id_ = town.browser("nina").post("/cameras", {"name": "Piazza Vera", "url": url, "synthetic": False}).json()["id"]
    commander = town.browser("delia")
    body = {"areas": [], "reason": "nessuna finestra inquadrata"}
    number = commander.post(f"/cameras/{id_}/masks", body).json()["proposal"]["number"]
    answer = {"reason": "visto sul posto, nessuna"}
    assert town.browser("pina").post(f"/mask-proposals/{number}/approve", answer).status == 200
    seen = town.sign_in(browser, "dalia", f"/cameras?camera={id_}")
    seen.wait(word(seen, "activation.missing_dpia"))
    for key in ("purpose", "regime", "area"):
        seen.page.get_by_label(word(seen, f"activation.{key}"), exact=True).select_option(
            index=3 if key == "purpose" else 1
        )
    for key in ("act", "committee", "dpia", "sign", "workers", "view"):
        seen.page.get_by_label(word(seen, f"activation.{key}"), exact=True).fill("visto, 12/2026")
    assert seen.axe_in_all() == []
    seen.shot(SHOTS, "camera-file")
    click(seen, "activation.save")
    seen.wait(word(seen, "activation.ready"))
    seen.page.get_by_label(word(seen, "activation.reason"), exact=True).fill("il fascicolo è completo")
    click(seen, "activation.propose")
    seen.wait(word(seen, "masks.waits"))
    at_peace(seen)
    second = town.sign_in(browser, "paola", f"/cameras?camera={id_}", theme="dark", language="en")
    second.wait(word(second, "masks.waits"))
    second.page.get_by_label(word(second, "masks.answer"), exact=True).fill("the file was read, it is whole")
    assert second.axe_in_all() == []
    second.shot(SHOTS, "camera-activation")
    click(second, "activation.approve")
    second.wait(word(second, "activation.active"))
    second.wait(word(second, "system.stream_recording"))
    at_peace(second)


def test_a_camera_is_turned_by_keyboard_within_its_sectors(browser: Any, town: RoomTown) -> None:
    """It moves while an arrow is held, stops when it is let go, and beyond its sector it says why not."""
    with FakeOnvif().running() as device:
        declared = ControlRoom(town.home)
        bounds = Bounds((Sector(-0.5, 0.5, -0.5, 0.5),), full_speed=0.5)
        where = f"http://{device.where}/onvif/device_service"
        declared.change(replace(town.cameras[1], device=where, bounds=bounds))
        seen = town.sign_in(browser, "osvaldo", f"/cameras?camera={town.cameras[1].id}")
        seen.wait(word(seen, "turning.keys"))
        seen.wait("Via Roma")  # its presets are there
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "camera-turns")
        seen.page.get_by_role("group", name=word(seen, "turning.pad")).focus()
        seen.page.keyboard.down("ArrowRight")
        until(lambda: device.pose[0] > 0, "it does not move")
        seen.page.keyboard.up("ArrowRight")
        until(lambda: "Stop" in device.operations, "it does not stop")
        before = device.pose
        seen.page.get_by_role("button", name="Via Roma").click()
        until(lambda: device.pose != before, "it does not go to its preset")
        seen.page.get_by_role("button", name=word(seen, "turning.way_left")).focus()
        seen.page.keyboard.down("Enter")
        seen.wait(word(seen, "errors.OUT_OF_SECTOR"))
        seen.page.keyboard.up("Enter")
        assert device.pose[0] >= -0.5
        at_peace(seen)


def test_the_wall_opens_on_the_camera_that_was_chosen(browser: Any, town: RoomTown) -> None:
    """From map and cameras: large at once, with the pad beside it where it turns and its person may turn it."""
    with FakeOnvif().running() as device:
        camera = town.cameras[1]
        where = f"http://{device.where}/onvif/device_service"
        ControlRoom(town.home).change(replace(camera, device=where, bounds=Bounds((Sector(-0.5, 0.5, -0.5, 0.5),))))
        seen = town.sign_in(browser, "ombretta", f"/wall?camera={camera.id}")
        large = seen.page.locator(".tile--large")
        until(lambda: large.count() == 1, "no tile is large")
        until(lambda: camera.name in large.inner_text(), "another camera is large")
        pad = seen.page.get_by_role("group", name=word(seen, "turning.pad"))
        until(lambda: pad.count() == 1, "the pad is not there")
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "wall-turns")
        pad.focus()
        seen.page.keyboard.down("ArrowRight")
        until(lambda: device.pose[0] > 0, "it does not move")
        seen.page.keyboard.up("ArrowRight")
        until(lambda: "Stop" in device.operations, "it does not stop")
        large.locator(".tile-open").press("Escape")
        until(lambda: large.count() == 0, "it stays large")
        until(lambda: pad.count() == 0, "the pad stays")
        seen.context.close()


def test_a_technician_works_under_an_operators_eyes(browser: Any, town: RoomTown) -> None:
    """AC-07: opened in the room's register; a coarse test picture for the technician; closed with how it was left."""
    camera = town.cameras[1]
    technician = town.sign_in(browser, "tina", f"/cameras?camera={camera.id}")
    technician.wait(word(technician, "errors.SUPERVISION_REQUIRED"))
    assert camera.name not in technician.text()
    assert technician.page.get_by_role("link", name=word(technician, "nav.wall")).count() == 0
    operator = town.sign_in(browser, "olivia", "/shifts")
    click(operator, "supervision.new")
    operator.page.get_by_role("checkbox", name=camera.name).check()
    work = operator.page.get_by_label(word(operator, "supervision.work"), exact=True)
    work.fill("si pulisce la cupola e si mette a fuoco")
    assert operator.axe_in_all() == []
    click(operator, "supervision.open")
    operator.wait(word(operator, "supervision.state_open"))
    operator.shot(SHOTS, "supervision")
    click(technician, "supervision.test")  # the page has noticed by itself
    still = technician.page.locator(".mask-drawing img")
    until(
        lambda: still.count() == 1 and still.evaluate("each => each.naturalWidth") == 64,
        lambda: f"no picture comes: {technician.page.inner_text('main')}",
    )
    assert technician.axe_in_all() == []
    technician.shot(SHOTS, "technician")
    close = word(operator, "supervision.close_whom", name="Tina")
    operator.page.get_by_role("button", name=close).click()
    operator.page.get_by_label(word(operator, "supervision.outcome"), exact=True).fill(
        "pulita, inquadratura come prima"
    )
    assert operator.axe_in_all() == []
    operator.page.get_by_role("button", name=close).click()
    operator.wait(word(operator, "supervision.none"))
    operator.wait(word(operator, "shifts.why_done"))
    technician.wait(word(technician, "errors.SUPERVISION_REQUIRED"))  # and nothing of the camera stays on it
    until(lambda: camera.name not in technician.text(), "the camera stays on the technician's page")
    for seen in (operator, technician):
        assert seen.complaints == []
        seen.context.close()
