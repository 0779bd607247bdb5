# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Alarms, hand-over and the register of the room in Chromium, over all processes of a town whose cameras fall out."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.api_town import Browser
from tests.tools.page_seen import SHOWN, Seen, until
from tests.tools.room_town import RoomTown, room_town

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
VISIT = ("Ugo Bruni", "Idraulica Bruni", "perdita nel locale tecnico", "Carla Neri", "Oriana Blu")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    with room_town(tmp_path_factory.mktemp("alarms") / "town", 2) as town:
        yield town


@pytest.fixture(scope="module")
def aldo(town: RoomTown) -> Browser:
    """Who administers, and asks the API alone."""
    return town.browser("aldo")


@pytest.fixture(autouse=True)
def quiet(town: RoomTown, aldo: Browser) -> Iterator[None]:
    """What a test left wrong is well again, and taken notice of, before the next."""
    yield
    for camera in range(len(town.cameras)):
        town.back(camera)
    until(lambda: "camera-lost" not in _codes(aldo), "a camera does not come back")
    for alarm in aldo.get("/alarms").json()["items"]:
        if alarm["taken"] is None:
            aldo.post(f"/alarms/{alarm['id']}/acknowledge")


def _codes(aldo: Browser) -> list[str]:
    return [alarm["code"] for alarm in aldo.get("/alarms").json()["items"] if alarm["state"] != "over"]


def _enter(seen: Seen, name: str) -> None:
    """By keyboard alone: to what is so called, and in."""
    _to(seen, name)
    seen.press("Enter")


def _to(seen: Seen, name: str) -> None:
    """From a page that was just opened, too, where everything has the focus."""
    seen.press("Tab")
    seen.tab_to(name)


def _close(seen: Seen, name: str) -> None:
    """Sign out; nothing was complained of, and nobody asked but us."""
    seen.page.get_by_role("button", name=name, exact=True).click()
    seen.page.get_by_role("menuitem").last.click()
    until(lambda: seen.page.locator("nav").count() == 0, "still signed in")
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith(seen.address)] == []
    seen.context.close()


def test_an_alarm_goes_from_camera_to_the_next_shift(browser: Any, town: RoomTown, aldo: Browser) -> None:
    """A camera is killed: its alarm comes with its place, is heard, taken notice of by keyboard, and handed over.

    The next operator sees it before opening the shift, with the note; when the camera is back it is over.
    """
    camera = town.cameras[0].name
    seen = town.sign_in(browser, "oriana", "/system")
    seen.press("Shift")  # the gesture for which browsers wait
    town.kill(0)
    until(lambda: camera in "".join(seen.page.locator(".alarm-bell").all_inner_texts()), "no alarm comes")
    aloud = seen.page.get_by_role("region", name="Nuovi allarmi")
    until(lambda: camera in str(aloud.text_content()), "it is not read aloud")
    until(lambda: seen.page.locator(".alarm-bell").get_attribute("data-sound") == "on", "it is silent")
    until(lambda: seen.page.locator("nav .nav-count").count() == 1, "the navigation tells no number")
    seen.open("/alarms")
    seen.wait(f"{town.say(seen, 'alarms.priority_1')}")
    seen.press("Shift")
    seen.wait(town.say(seen, "alarms.sound_on"))
    _enter(seen, f"Prendi visione: {camera}")
    until(lambda: seen.focused().startswith("Nota"), "the note has no focus")
    seen.type("tecnico avvisato")
    _enter(seen, "Prendi visione")
    seen.wait("Oriana ne ha preso visione")
    until(lambda: camera not in "".join(seen.page.locator(".alarm-bell").all_inner_texts()), "it still cries")
    _enter(seen, f"Aggiungi una nota: {camera}")
    until(lambda: seen.focused().startswith("Nota"), "the note has no focus")
    seen.type("arriva alle 18")
    _enter(seen, "Aggiungi una nota")
    seen.wait("arriva alle 18")
    seen.open("/shift")
    seen.wait("Chiudendo il turno lasci questi allarmi")
    _to(seen, "Consegne per il prossimo turno")
    seen.type("Telecamera ferma, tecnico alle 18")
    _enter(seen, "Chiudi il turno")
    seen.wait("Il turno è chiuso.")
    _close(seen, "Oriana")
    after = town.sign_in(browser, "osvaldo", "/shift", shift=False)
    after.wait("Aprendo il turno ricevi questi allarmi")
    after.wait("tecnico avvisato")
    after.wait("Telecamera ferma, tecnico alle 18")
    after.page.locator("textarea").fill("servizio di sala operativa, sera")
    _enter(after, "Apri il turno")
    until(lambda: after.path() != "/shift", "the shift does not open")
    after.open("/alarms")
    after.wait("Osvaldo lo riceve dal turno prima")
    after.wait("Oriana lo lascia al turno dopo")
    town.back(0)
    until(lambda: camera not in after.page.inner_text("#main"), "it is never over")
    after.page.get_by_role("tab", name="Passati").click()
    after.wait("Allarmi rientrati negli ultimi 7 giorni")
    until(lambda: camera in after.page.inner_text("main"), "it is not among those that are over")
    _close(after, "Osvaldo")
    until(lambda: "camera-lost" not in _codes(aldo), "it is there all the same")


def test_sound_is_muted_by_a_person_and_silent_without_a_shift(browser: Any, town: RoomTown) -> None:
    """What the page says of its sound is so: off without a shift, muted by its person's word, back by the same."""
    seen = town.sign_in(browser, "carla", "/alarms")
    seen.wait("Senza turno aperto non suona")
    _close(seen, "Carla")
    seen = town.sign_in(browser, "oriana", "/alarms")
    seen.press("Shift")
    seen.wait("Il suono è attivo")
    seen.page.get_by_role("button", name="Silenzia").click()
    seen.wait("Suono disattivato per te")
    seen.open("/alarms")
    seen.wait("Suono disattivato per te")
    seen.page.get_by_role("button", name="Silenzia").click()
    seen.wait("Il suono è attivo")
    _close(seen, "Oriana")


def test_the_register_of_the_room(browser: Any, town: RoomTown) -> None:
    """A visitor is written in and out by keyboard; the curtain's entry and the shifts stand in one list (AC-08)."""
    api = town.browser("osvaldo", shift=False)
    assert api.post("/room/curtain", {"drawn": True, "reason": "visita della scuola"}).status == 200
    assert api.post("/room/curtain", {"drawn": False}).status == 200
    seen = town.sign_in(browser, "oriana", "/shifts")
    seen.wait("In sala non c’è nessun visitatore.")
    _enter(seen, "Scrivi un visitatore")
    for text in VISIT:
        seen.type(text)
        seen.press("Tab")
    seen.page.get_by_label("Ufficio o ditta").fill("")
    _enter(seen, "Scrivi nel registro")
    seen.wait("Manca.")
    seen.page.get_by_label("Ufficio o ditta").fill(VISIT[1])
    _enter(seen, "Scrivi nel registro")
    seen.wait("Ingresso scritto: Ugo Bruni")
    _enter(seen, "È uscito: Ugo Bruni")
    seen.wait("Uscita scritta: Ugo Bruni")
    seen.wait("In sala non c’è nessun visitatore.")
    for wanted in (VISIT[2], "visita della scuola", "servizio di sala operativa", VISIT[1], "turno", "tenda"):
        until(lambda: wanted in seen.page.inner_text("table"), f"no {wanted!r}")  # noqa: B023 - asked at once
    until(lambda: seen.page.locator("select option").count() == 2, "another number of kinds")
    _close(seen, "Oriana")
    seen = town.sign_in(browser, "carla", "/shifts")
    seen.wait("perdita nel locale tecnico")
    until(lambda: seen.page.locator("select option").count() == 4, "another number of kinds")
    _close(seen, "Carla")


def test_axe_finds_nothing(browser: Any, town: RoomTown, aldo: Browser) -> None:
    """Both screens and one's own shift, with an alarm there, in both themes and languages."""
    town.kill(1)
    until(lambda: "camera-lost" in _codes(aldo), "no alarm comes")
    for theme, language in SHOWN:
        _look_at_all(browser, town, theme, language)


def _look_at_all(browser: Any, town: RoomTown, theme: str, language: str) -> None:
    seen = town.sign_in(browser, "oriana", "/alarms", theme=theme, language=language)
    for path in ("/alarms", "/shifts", "/shift"):
        seen.open(path)
        seen.wait(town.cameras[1].name)
        if path == "/alarms":
            seen.page.locator(".alarm button").first.click()
        if path == "/shifts":
            seen.page.get_by_role("button", name=town.say(seen, "shifts.new_visitor")).click()
        assert seen.axe_in_all() == [], path
        seen.shot(SHOTS, path[1:])
    seen.open("/alarms")
    seen.page.get_by_role("tab").last.click()
    assert seen.axe_in_all() == []
    _close(seen, "Oriana")
