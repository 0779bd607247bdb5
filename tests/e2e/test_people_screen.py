# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People in Chromium over the real API and a real ledger: asked for by one, approved by another, and their ways in."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.tools.api_town import ApiTown, api_town
from tests.tools.page_seen import SHOWN, Seen, until
from tests.tools.page_signed import WORDS, by_name, close, opened
from tests.tools.staffed import PASSWORD
from torrazzo.law import Role

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
NEW = "lanterna verde sul molo"
WHY = "assunta con il concorso di giugno"
STAFF = {
    "ada.bianchi": Role.ADMIN, "carla.neri": Role.DESIGNATO, "dora.viola": Role.DPO, "olga.verdi": Role.OPERATOR,
}  # fmt: skip


@pytest.fixture
def town(tmp_path: Path) -> Iterator[ApiTown]:
    with api_town(tmp_path / "town") as town:
        for name, role in STAFF.items():
            town.somebody(name, role)
        yield town


def apply_for(seen: Seen, name: str, *roles: str) -> None:
    """A new person, as an administrator fills the form."""
    by_name(seen, "button", "Nuova persona").click()
    dialog = seen.page.get_by_role("dialog")
    dialog.get_by_label("Nome e cognome").fill(name)
    assert dialog.get_by_label("Nome utente").input_value() == name.lower().replace(" ", ".")
    dialog.get_by_label("Numero").fill("31/2026")
    dialog.get_by_label("Data").fill("2026-11-20")
    dialog.get_by_label("Valido fino al").fill("2027-11-20")
    for role in roles:
        dialog.get_by_label(role, exact=True).check()
    dialog.get_by_label("Motivo").fill(WHY)
    dialog.get_by_role("button", name="Invia la richiesta").click()


def test_a_person_is_made_by_two_and_comes_in(browser: Any, town: ApiTown) -> None:
    """Asked for by one, approved by another who gets the link once; its person signs in by code, then by passkey."""
    admin = opened(browser, town, "ada.bianchi", "/people")
    admin.wait("Carla Neri")
    apply_for(admin, "Nora Serra", "Operatore", "Amministratore")
    admin.wait(WORDS["it"]["errors"]["ROLE_CONFLICT_AC-03"])
    admin.page.get_by_role("dialog").get_by_label("Amministratore", exact=True).uncheck()
    admin.page.get_by_role("dialog").get_by_role("button", name="Invia la richiesta").click()
    admin.wait("Richiesta inviata")
    admin.wait("Richieste: 1 aperta")
    assert admin.page.get_by_role("button", name="Approva").count() == 0
    close(admin)

    commander = opened(browser, town, "carla.neri", "/people")
    commander.wait("la tua decisione")
    by_name(commander, "button", "Vai alle richieste").click()
    assert commander.page.get_by_role("button", name="Nuova persona").count() == 0
    by_name(commander, "button", "Approva").click()
    commander.page.get_by_role("dialog").get_by_label("Motivo della decisione").fill("il posto è vacante da giugno")
    assert commander.axe_in_all() == []
    commander.page.get_by_role("dialog").get_by_role("button", name="Approva").click()
    commander.wait("Si mostra adesso e mai più")
    link = commander.page.locator("code.secret").inner_text()
    assert link.startswith(f"{commander.address}/link#")
    assert commander.axe_in_all() == []
    by_name(commander, "button", "Ho finito, chiudi").click()
    commander.wait("approvata ed eseguita")
    assert link.partition("#")[2] not in commander.page.content()
    close(commander)

    new = opened(browser, town, None, link.removeprefix(f"http://localhost:{town.port}"))
    new.wait("Nora Serra")
    for at in range(2):
        new.page.locator("input").nth(at).fill(NEW)
    new.page.locator("input").last.press("Enter")
    until(lambda: new.page.locator("svg.qr").count() == 1, "no QR code")
    device = pyotp.TOTP(new.page.locator("code.secret").inner_text().replace(" ", ""))
    new.enter(new.page.get_by_label("Codice di sei cifre"), town.code(device))
    new.wait("Si mostrano adesso e mai più")
    new.page.get_by_role("checkbox").check()
    by_name(new, "button", "Continua").click()
    new.wait("Nuovo turno")
    sign_out(new)
    town.clock.advance(31)
    new.page.get_by_label("Nome utente").fill("nora.serra")
    new.enter(new.page.get_by_label("Password", exact=True), NEW)
    new.wait("codice di sei cifre")
    new.enter(new.page.get_by_label("Codice di sei cifre"), town.code(device))
    new.wait("Nuovo turno")
    with_passkey(new)
    close(new)


def sign_out(seen: Seen) -> None:
    seen.page.locator(".menu-button[aria-haspopup]").click()
    seen.page.get_by_role("menuitem", name="Esci").click()
    seen.wait("Nome utente")


def with_passkey(seen: Seen) -> None:
    """Make one at the page, sign out, sign in by it alone; it is removed after, for there is a device."""
    protocol = seen.context.new_cdp_session(seen.page)
    protocol.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    seen.page.locator(".menu-button[aria-haspopup]").click()
    seen.page.get_by_role("menuitem", name="I miei accessi").click()
    by_name(seen, "button", "Aggiungi una chiave").click()
    dialog = seen.page.get_by_role("dialog")
    dialog.get_by_label("Nome della chiave").fill("chiavetta blu")
    dialog.get_by_role("button", name="Aggiungi una chiave").click()
    seen.wait("creata il")
    sign_out(seen)
    by_name(seen, "button", "Accedi con la chiave di accesso").click()
    by_name(seen, "button", "Usa la chiave di accesso").click()
    seen.wait("Nora Serra")
    seen.open("/ways")
    seen.wait("Accessi degli ultimi 30 giorni")
    rows = seen.page.locator("table tbody tr")
    until(lambda: rows.count() == 3, "not three sign-ins")
    assert "questa sessione" in rows.nth(0).inner_text()
    assert "chiave di accesso" in rows.nth(0).inner_text()
    assert "password e codice" in rows.nth(1).inner_text()
    by_name(seen, "button", "Togli la chiave chiavetta blu").click()
    assert seen.axe_in_all() == []
    by_name(seen, "button", "Togli").click()
    seen.wait("Nessuna.")


def test_one_changes_one_s_own_ways_in(browser: Any, town: ApiTown) -> None:
    """Password; after some minutes, shown again who it is: ten new codes, another phone in place of the old one."""
    seen = opened(browser, town, "olga.verdi", "/ways")
    seen.wait("I miei accessi")
    by_name(seen, "button", "Aggiungi una chiave").click()
    seen.wait("Nome della chiave")
    assert seen.axe_in_all() == []
    seen.press("Escape")
    by_name(seen, "button", "Cambia la password").click()
    dialog = seen.page.get_by_role("dialog")
    for at, text in enumerate((PASSWORD, NEW, NEW)):
        dialog.locator("input").nth(at).fill(text)
    assert seen.axe_in_all() == []
    dialog.locator("input").last.press("Enter")
    seen.wait("La password è cambiata")
    town.clock.advance(301)
    by_name(seen, "button", "Nuovi codici").click()
    seen.wait("scrivi la password")
    assert seen.axe_in_all() == []
    seen.enter(dialog.get_by_label("Password", exact=True), NEW)
    by_name(seen, "button", "Mostra i codici nuovi").click()
    until(lambda: dialog.locator("ol.codes li").count() == 10, "not ten codes")
    assert seen.axe_in_all() == []
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Continua").click()
    seen.wait("Ne restano 10")
    by_name(seen, "button", "Un altro telefono").click()
    by_name(seen, "button", "Togli quello di adesso").click()
    until(lambda: seen.page.locator("svg.qr").count() == 1, "no QR code")
    assert seen.axe_in_all() == []
    town.devices["olga.verdi"] = pyotp.TOTP(seen.page.locator("code.secret").inner_text().replace(" ", ""))
    seen.enter(dialog.get_by_label("Codice di sei cifre"), town.code(town.devices["olga.verdi"]))
    seen.wait("Il telefono nuovo è attivo")
    assert [act.values["what"] for act in town.acts("auth")][-4:] == ["again", "recovery", "code", "code"]
    close(seen)


def test_suspending_ends_a_session_at_once(browser: Any, town: ApiTown) -> None:
    """The administrator suspends with a reason; the other page is out at its next question; the history tells it."""
    town.somebody("siro.testa", Role.OPERATOR)
    id_ = town.staffing.accounts.named("siro.testa").id
    other = opened(browser, town, "siro.testa", "/ways")
    other.wait("I miei accessi")
    admin = opened(browser, town, "ada.bianchi", "/people")
    by_name(admin, "button", "Apri la scheda di Siro Testa").click()
    by_name(admin, "button", "Sospendi").click()
    dialog = admin.page.get_by_role("dialog")
    dialog.get_by_label("Motivo").fill("ha perso il telefono")
    assert admin.axe_in_all() == []
    dialog.get_by_role("button", name="Sospendi").click()
    admin.wait("account sospeso")
    admin.wait("ha perso il telefono")
    assert town.staffing.accounts.account(id_).suspended is not None
    other.page.reload()
    other.wait("Nome utente")
    close(other)
    dpo = opened(browser, town, "dora.viola", f"/people?id={id_}")
    dpo.wait("ha perso il telefono")
    for name in ("Sospendi", "Chiedi di riammettere", "Approva", "Nuova persona"):
        assert dpo.page.get_by_role("button", name=name).count() == 0
    close(dpo)
    close(admin)


def test_a_new_person_by_keyboard_alone(browser: Any, town: ApiTown) -> None:
    """From the navigation to the sent application; Escape closes a dialog, and the focus goes back to its button."""
    seen = opened(browser, town, "ada.bianchi", "/system")
    seen.press("Tab")
    seen.tab_to("Persone")
    seen.press("Enter")
    seen.wait("Carla Neri")
    seen.at_beginning()
    seen.tab_to("Nuova persona")
    seen.press("Enter")
    until(lambda: seen.focused() == "Nome e cognome", "no form")
    seen.press("Escape")
    until(lambda: seen.focused() == "Nuova persona", "the focus is lost")
    seen.press("Enter")
    until(lambda: seen.focused() == "Nome e cognome", "no form")
    seen.type("Piero Ossi")
    seen.tab_to("Numero")
    seen.type("32/2026")
    for label, day in (("Data", "11112026"), ("Valido fino al", "11112027")):
        seen.tab_to(label)
        seen.type(day)
    seen.tab_to("Operatore")
    seen.press("Space")
    seen.tab_to("Motivo")
    seen.type(WHY)
    seen.tab_to("Invia la richiesta")
    seen.press("Enter")
    seen.wait("Richiesta inviata")
    close(seen)


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_axe_finds_nothing_about_people(browser: Any, town: ApiTown, theme: str, language: str) -> None:
    """WCAG 2.2 AA on the list, applications, agreements, one person, the forms, one's own ways in."""
    words = WORDS[language]["people"]
    seen = opened(browser, town, "ada.bianchi", "/people", language, theme)

    def look(name: str) -> None:
        assert seen.axe_in_all() == [], name
        seen.shot(SHOTS, name)

    seen.wait("Carla Neri")
    look("people")
    seen.press("Home")
    for at, name in ((1, "people-applications"), (2, "people-agreements")):
        seen.page.get_by_role("tab").nth(at).click()
        look(name)
    by_name(seen, "button", words["agreement_new"]).click()
    look("people-agreement-new")
    seen.press("Escape")
    by_name(seen, "button", words["new"]).click()
    look("people-new")
    by_name(seen, "button", words["propose"]).click()
    look("people-new-missing")
    seen.press("Escape")
    seen.page.get_by_role("tab").nth(0).click()
    by_name(seen, "button", words["open_named"].replace("{{name}}", "Carla Neri")).click()
    seen.wait(words["history"])
    look("people-one")
    by_name(seen, "button", words["do_roles"]).click()
    look("people-roles")
    seen.press("Escape")
    seen.open("/ways")
    seen.wait(WORDS[language]["ways"]["sessions"])
    look("ways")
    seen.open("/cameras")
    seen.wait(WORDS[language]["activation"]["first_title"])
    look("cameras-first-steps")
    close(seen)
