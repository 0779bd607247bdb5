# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole shift by keyboard alone, in Chromium over a real town: from signing in to handing over."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.page_seen import Seen, until
from tests.tools.played import standing
from tests.tools.room_town import REASON, RoomTown, room_town
from tests.tools.staffed import PASSWORD
from tests.tools.wall_seen import wait_live

pytestmark = pytest.mark.browser

WHY = "furto di bicicletta in piazza"
POINTED = "addEventListener('pointerdown', () => sessionStorage.setItem('pointed', 'yes'), true)"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    with room_town(tmp_path_factory.mktemp("shift") / "town", 2, sub=True) as town:
        yield town


def to(seen: Seen, name: str) -> None:
    """By Tab alone, to what is called so or begins so."""
    seen.tab_to(name, begins=True)


def enter(seen: Seen, name: str) -> None:
    to(seen, name)
    seen.press("Enter")


def write(seen: Seen, name: str, text: str) -> None:
    to(seen, name)
    seen.press("Control+a")
    seen.type(text)


def go(seen: Seen, name: str, path: str) -> None:
    """By the navigation."""
    enter(seen, name)
    until(lambda: seen.path() == path, f"{name} leads elsewhere: {seen.path()}")


def count(seen: Seen, selector: str) -> int:
    return int(seen.page.locator(selector).count())


def clock(seen: Seen) -> float:
    """Of the playback; milliseconds."""
    return float(seen.page.evaluate("Date.parse(document.querySelector('.play-clock time').dateTime)"))


def test_a_whole_shift_by_keyboard_alone(browser: Any, town: RoomTown) -> None:
    """Everything that an operator does in a shift is done by keys, from the first field to signing out."""
    seen = Seen(browser, town.address)
    seen.page.add_init_script(POINTED)
    comes_in(seen, town)
    watches(seen, town)
    takes_notice(seen, town)
    plays_back(seen, town)
    keeps(seen)
    hands_over(seen)
    assert seen.page.evaluate("sessionStorage.getItem('pointed')") is None, "a pointer was used"
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith((seen.address, "blob:"))] == []
    seen.context.close()


def comes_in(seen: Seen, town: RoomTown) -> None:
    """Name, password, code; the shift's reason."""
    seen.open()
    seen.wait("Nome utente")
    write(seen, "Nome utente", "osvaldo")
    write(seen, "Password", PASSWORD)
    seen.press("Enter")
    seen.wait("Codice di sei cifre")
    code = town.people["osvaldo"].code()
    assert code is not None
    write(seen, "Codice di sei cifre", code)
    seen.press("Enter")
    seen.wait("Motivo del turno")
    write(seen, "Motivo del turno", REASON)
    enter(seen, "Apri il turno")
    until(lambda: seen.path() == "/wall", "the wall does not come")


def watches(seen: Seen, town: RoomTown) -> None:
    """Another layout, one tile large and small again, the curtain down and up."""
    wait_live(seen.page, 2)
    before = count(seen, ".tile")
    to(seen, "Riquadri")
    seen.press("ArrowDown")
    until(lambda: count(seen, ".tile") != before, "no other layout")
    wait_live(seen.page, 2)
    enter(seen, "Ingrandisci")
    until(lambda: count(seen, ".tile--large") == 1, "it is not large")
    seen.press("Escape")
    until(lambda: count(seen, ".tile--large") == 0, "it stays large")
    seen.press("F9")
    seen.wait("La tenda è chiusa")
    enter(seen, "Apri la tenda")
    wait_live(seen.page, 2)
    town.kill(0)


def takes_notice(seen: Seen, town: RoomTown) -> None:
    """Of the camera that fell out, with a note."""
    name = town.cameras[0].name
    go(seen, "Allarmi", "/alarms")
    seen.wait(name)
    enter(seen, f"Prendi visione: {name}")
    write(seen, "Nota", "tecnico avvisato")
    enter(seen, "Prendi visione")
    seen.wait("Osvaldo ne ha preso visione")
    seen.wait("tecnico avvisato")


def plays_back(seen: Seen, town: RoomTown) -> None:
    """The other camera, at a typed time, for a reason; a part is marked while it plays, then a step."""
    go(seen, "Riproduzione", "/playback")
    enter(seen, "Scegli le telecamere")
    to(seen, town.cameras[0].name)  # those of the wall are chosen already
    seen.press("Space")
    enter(seen, "Mostra una telecamera")
    enter(seen, "Vai a un’ora")
    write(seen, "Ora", (town.recorded(1) + dt.timedelta(seconds=3)).strftime("%H:%M:%S"))
    seen.press("Enter")
    enter(seen, "Guarda le immagini")
    seen.wait("Perché si guarda")
    write(seen, "Motivo", WHY)
    write(seen, "Evento", "chiamata 114")
    seen.press("Enter")
    until(lambda: count(seen, '.play-tile[data-kind="picture"]') == 1, "no picture comes")
    enter(seen, "Da qui (A)")
    at = clock(seen)
    seen.press("k")
    until(lambda: clock(seen) > at + 2500, "it does not play")
    seen.press("k")
    enter(seen, "Fin qui (B)")
    standing(seen)
    at = clock(seen)
    seen.press(",")
    until(lambda: clock(seen) < at, "it does not step")


def keeps(seen: Seen) -> None:
    """A still, and a copy is asked for."""
    enter(seen, "Fermo immagine")
    seen.wait("Il registro ha questo numero")
    enter(seen, "Chiudi")
    until(lambda: count(seen, "dialog") == 0, "the still stays")
    enter(seen, "Chiedi una copia")
    seen.wait("Fascicolo o istanza")
    write(seen, "Fascicolo o istanza", "2026/118")
    write(seen, "Motivo", WHY)
    enter(seen, "Invia la richiesta")
    until(lambda: count(seen, "dialog") == 0, "the copy is not asked for")
    go(seen, "Esportazioni", "/exports")
    seen.wait("aspetta l’approvazione")


def hands_over(seen: Seen) -> None:
    """A note for the next shift, and out."""
    go(seen, "Turni", "/shifts")
    enter(seen, "Il mio turno")
    seen.wait("Consegne per il prossimo turno")
    write(seen, "Consegne per il prossimo turno", "Telecamera ferma, tecnico avvisato")
    enter(seen, "Chiudi il turno")
    seen.wait("Il turno è chiuso.")
    enter(seen, "Osvaldo")
    for _ in range(10):
        if seen.focused() == "Esci":
            break
        seen.press("ArrowDown")
    seen.press("Enter")
    seen.wait("Nome utente")
