# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The map in Chromium over a real town: cameras with their state and field of view, search, keyboard, both themes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.page_seen import SHOWN, Seen, launched, until
from tests.tools.pmtiles import pmtiles
from tests.tools.room_town import RoomTown, room_town
from torrazzo.law import Role
from torrazzo.testing.town import POSITIONS

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
CAST = {
    "oriana": (Role.OPERATOR,), "osvaldo": (Role.OPERATOR,), "olga": (Role.OPERATOR,), "orio": (Role.OPERATOR,),
    "rita": (Role.AUDITOR,),
    "aldo": (Role.ADMIN,), "bice": (Role.ADMIN,), "ciro": (Role.ADMIN,),
}  # fmt: skip
STREET = "Via degli Orti Romani"

# What is drawn at this moment, by layer; an error of the map stands in its frame.
DRAWN = """(layers) => { const map = document.querySelector('.map-drawing')?.townMap;
    const there = map ? layers.filter((layer) => map.getLayer(layer)) : [];
    return there.length === 0 ? [] : map.queryRenderedFeatures({layers: there}).map((each) => each.properties); }"""
AT = """() => { const map = document.querySelector('.map-drawing').townMap;
    return [...map.getCenter().toArray(), map.getZoom()]; }"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    with room_town(tmp_path_factory.mktemp("map") / "town", cameras=3, cast=CAST) as town:
        admin = town.browser("aldo")
        for camera, position in zip(town.cameras[:2], POSITIONS, strict=False):  # the third has no place yet
            said = {"position": position._asdict()}
            assert admin.ask("PATCH", f"/api/v1/cameras/{camera.id}", said).status == 200
        yield town


def drawn(seen: Seen, *layers: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = seen.page.evaluate(DRAWN, list(layers))
    return found


def marks(seen: Seen) -> dict[str, str]:
    """By label: what the symbols of cameras say."""
    return {each["label"]: each["mark"] for each in drawn(seen, "cameras")}


def opened(town: RoomTown, browser: Any, name: str, path: str = "/map", **look: Any) -> Seen:
    seen = town.sign_in(browser, name, path, **look)
    until(lambda: len(marks(seen)) == 2, "two cameras are not drawn")
    return seen


def at_peace(seen: Seen) -> None:
    assert seen.page.locator(".map-frame[data-error]").count() == 0, seen.page.get_attribute(".map-frame", "data-error")
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith((seen.address, f"blob:{seen.address}"))] == []
    seen.context.close()


def test_cameras_are_drawn_with_what_they_do_and_see(browser: Any, town: RoomTown) -> None:
    """Each at its place with the shape of its state, a word where it is not fine, its field of view, streets below."""
    seen = opened(town, browser, "oriana")
    until(lambda: set(marks(seen).values()) == {"fine"}, "not both record")
    until(lambda: STREET in marks(seen), "no mark of the first camera")  # nothing is drawn for a moment, now and then
    ids = {camera.id for camera in town.cameras[:2]}
    until(lambda: {each["id"] for each in drawn(seen, "sights")} == ids, "not both fields of view")
    until(lambda: STREET in {each.get("name") for each in drawn(seen, "street")}, "no streets")
    until(lambda: drawn(seen, "building"), "no buildings")
    seen.wait("non è ancora sulla mappa")
    town.kill(0)
    try:
        until(lambda: marks(seen).get(f"{STREET}\nnon registra") == "alarm", "a lost camera is not marked")
        row = seen.page.get_by_role("button", name=STREET).first
        until(lambda: "non registra" in row.inner_text(), "the list does not tell")
        seen.shot(SHOTS, "map-lost")
    finally:
        town.back(0)
    at_peace(seen)


def test_a_click_on_a_camera_leads_to_its_pictures(browser: Any, town: RoomTown) -> None:
    """The symbol is chosen, its panel tells of it, and the link leads to it on the wall."""
    seen = opened(town, browser, "olga")
    id_ = town.cameras[1].id
    script = """(id) => { const map = document.querySelector('.map-drawing').townMap;
        const one = map.queryRenderedFeatures({layers: ['cameras']}).find((each) => each.properties.id === id);
        if (!one) return null;
        const at = map.project(one.geometry.coordinates); const box = map.getCanvas().getBoundingClientRect();
        return [box.x + at.x, box.y + at.y]; }"""
    panel = seen.page.get_by_role("region", name=town.cameras[1].name)

    def is_chosen() -> bool:
        """The drawing may have moved away from under the pointer."""
        if panel.count() == 0 and (at := seen.page.evaluate(script, id_)) is not None:
            seen.page.mouse.click(*at)
            seen.page.wait_for_timeout(500)
        return bool(panel.count())

    until(is_chosen, "a click chooses nothing")
    assert "80° da nord" in panel.inner_text()
    assert panel.get_by_role("link", name="Guarda").get_attribute("href") == f"/wall?camera={id_}"
    until(lambda: any(each["isChosen"] for each in drawn(seen, "cameras")), "the symbol is not chosen")
    until(lambda: f"camera={id_}" in str(seen.page.evaluate("location.search")), "the address does not name it")
    at_peace(seen)


def test_everything_by_keyboard(browser: Any, town: RoomTown) -> None:
    """Search goes to streets and cameras, the list chooses, the drawing moves by arrows; no pointer is touched."""
    seen = opened(town, browser, "osvaldo")
    seen.press("Tab")
    seen.tab_to("Cerca telecamere e luoghi")
    before = seen.page.evaluate(AT)
    seen.type("bartolo")
    seen.wait("1 trovato")
    seen.press("Enter")
    until(lambda: (at := seen.page.evaluate(AT))[2] >= 15.9 and at[1] < before[1], "the map does not go there")
    seen.press("Control+a")
    seen.type("assi mons")
    seen.press("Enter")
    panel = seen.page.get_by_role("region", name="Via Mons. Assi")
    panel.wait_for()
    seen.tab_to("Chiudi")
    seen.press("Enter")
    until(lambda: panel.count() == 0, "the panel stays")
    seen.page.locator(".map-list").get_by_role("button", name=STREET).press("Enter")
    until(lambda: any(each["isChosen"] for each in drawn(seen, "cameras")), "the list chooses nothing")
    seen.tab_to("Mappa della città")
    until(lambda: not seen.page.evaluate("document.querySelector('.map-drawing').townMap.isMoving()"), "it moves on")
    at = seen.page.evaluate(AT)
    seen.press("ArrowLeft")
    until(lambda: seen.page.evaluate(AT)[0] < at[0], "the drawing does not move")
    seen.tab_to("Tutte le telecamere")
    seen.press("Enter")
    until(lambda: len(marks(seen)) == 2, "not all are shown")
    at_peace(seen)


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_axe_finds_nothing(browser: Any, town: RoomTown, theme: str, language: str) -> None:
    """WCAG 2.2 AA, with a camera chosen and places found; the drawing has the theme's colours, also when it changes."""
    name = "ciro" if theme == "light" else "bice"
    seen = opened(town, browser, name, f"/map?camera={town.cameras[0].id}", theme=theme, language=language)
    seen.page.locator("input[type=search]").fill("via")
    seen.wait("Via del Mercato")
    assert seen.axe_in_all() == []
    seen.shot(SHOTS, "map")
    assert seen.page.get_by_role("link", name=town.say(seen, "cameras.look")).count() == 0, "an administrator looks"
    paint = """() => { const map = document.querySelector('.map-drawing').townMap;
        return map.getLayer('cameras') ? map.getPaintProperty('cameras', 'text-color') : null; }"""
    before = seen.page.evaluate(paint)
    seen.page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    until(
        lambda: seen.page.evaluate(paint) not in {None, before} and len(marks(seen)) == 2, "the theme is not followed"
    )
    at_peace(seen)


def test_without_webgl_the_list_leads_to_the_pictures(browser: Any, town: RoomTown) -> None:
    """Where nothing can be drawn the page says so in words, offers no place to go to, and the list does the rest."""
    with launched(browser.browser_type, "--disable-software-rasterizer", "--disable-3d-apis") as other:
        seen = town.sign_in(other, "orio", "/map")
        seen.wait(town.say(seen, "map.no_webgl"))
        assert seen.page.locator(".map-drawing").count() == 0
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "map-no-webgl")
        seen.page.locator("input[type=search]").fill("bartolo")
        seen.wait("0 trovati")
        seen.page.locator(".map-list").get_by_role("button", name=STREET).click()
        panel = seen.page.get_by_role("region", name=STREET)
        panel.get_by_role("link", name="Guarda").click()
        until(lambda: seen.path() == "/wall", "it does not lead to the pictures")
        assert seen.complaints == []
        seen.context.close()


def test_the_town_s_own_map_is_drawn(browser: Any, town: RoomTown) -> None:
    """A PMTiles file in the home is served in ranges and drawn; whose it is stands below; a broken one is told."""
    file, note = town.home.path / "map.pmtiles", town.home.path / "map.txt"
    file.write_bytes(pmtiles())
    note.write_text("© chi ha disegnato la mappa\n")
    try:
        seen = opened(town, browser, "rita")
        until(lambda: drawn(seen, "fill-water"), "the town's own map is not drawn")
        seen.wait("© chi ha disegnato la mappa")
        assert any("/api/v1/map/tiles" in url for url in seen.asked)
        file.write_bytes(pmtiles()[:130])
        seen.open("/map")
        seen.wait("si mostra un reticolo")
        until(lambda: len(marks(seen)) == 2, "cameras are not drawn without a map")
        at_peace(seen)
    finally:
        file.unlink()
        note.unlink()
