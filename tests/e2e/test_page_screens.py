# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The built page's screens in Chromium, against a small real server under the strict CSP (tests/tools/page_town.py)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.tools.page_seen import SHOWN, Seen, launched, until
from tests.tools.page_town import AUDITOR, CODE, PASSWORD, RECOVERY, TOKEN, PageTown, serve_page

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
REASON = "servizio di sala operativa"
WITHIN = """() => [...document.querySelectorAll('.codes code')].every((code) =>
  code.getBoundingClientRect().right <= code.parentElement.getBoundingClientRect().right)"""


@contextmanager
def opened(
    browser: Any, town: PageTown, path: str = "/", language: str = "it", theme: str = "light", **more: Any
) -> Iterator[Seen]:
    """The page of that town. At the end: no complaint, and nobody asked but us."""
    with serve_page(town) as address:
        seen = Seen(browser, address, language, theme, **more)
        seen.open(path)
        yield seen
        assert seen.complaints == []
        assert [url for url in seen.asked if not url.startswith(address)] == []
        seen.context.close()


def sign_in(seen: Seen, password: str = PASSWORD) -> None:
    """As a hand does it: the first field has the focus."""
    seen.tab_to("Nome utente" if seen.language == "it" else "User name")
    seen.type("anna.rossi")
    seen.press("Tab")
    seen.type(password)
    seen.press("Enter")


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_axe_finds_nothing_on_any_screen(browser: Any, theme: str, language: str) -> None:
    """WCAG 2.2 AA on sign-in with an error, second factor, shift, system, a missing page, the lock; pictures of all."""
    town, it = PageTown(), language == "it"
    with opened(browser, town, language=language, theme=theme) as seen:

        def look(name: str) -> None:
            assert seen.axe_in_all() == [], name
            seen.shot(SHOTS, name)

        sign_in(seen, "wrong")
        seen.wait("Qualcosa non corrisponde" if it else "Something does not match")
        look("sign-in")
        until(lambda: seen.focused() == ("Nome utente" if it else "User name"), "the first field has no focus")
        seen.press("Tab", "Control+a")
        seen.type(PASSWORD)
        seen.press("Enter")
        seen.wait("sei cifre" if it else "six digits")
        look("totp")
        seen.type(CODE)
        seen.press("Enter")
        seen.wait("Nuovo turno" if it else "New shift")
        look("shift")
        for path, text in (
            ("/system", "Corso Garibaldi"),
            ("/nothing", "Torna" if it else "Back"),
            ("/wall", "Muro" if it else "Wall"),
        ):
            seen.open(path)
            seen.wait(text)
            look(path.strip("/"))
        seen.page.get_by_role("button", name="Anna Rossi").click()
        look("menu")
        seen.press("End", "ArrowUp", "Enter")
        seen.wait("bloccata" if it else "locked")
        look("lock")


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_axe_finds_nothing_in_the_first_run(browser: Any, theme: str, language: str) -> None:
    """WCAG 2.2 AA on its three steps."""
    town = PageTown(is_new=True)
    with opened(browser, town, f"/first-run#{TOKEN}", language, theme) as seen:
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "first-run")
        fill_person(seen, "Bruno Bianchi", "bruno.bianchi")
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "first-run-totp")
        seen.enter(seen.page.locator("input"), CODE)
        seen.wait("0aaa-bbbb-cccc-dddd")
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "first-run-codes")


def fill_person(seen: Seen, name: str, account: str) -> None:
    """All fields of a person, in their order."""
    values = (name, account, PASSWORD, PASSWORD, "12/2026", "2026-01-10", "2028-12-31")
    until(lambda: seen.page.locator("input").count() == len(values), "no form of a person")
    for at, value in enumerate(values):
        seen.page.locator("input").nth(at).fill(value)
    seen.page.locator("input").last.press("Enter")
    until(lambda: seen.page.locator("svg.qr").count() == 1, "no QR code")


def test_a_whole_sign_in_by_keyboard_alone(browser: Any) -> None:
    """Name, password, code, shift with its reason, a screen by the navigation, out again; no pointer touched."""
    town = PageTown()
    with opened(browser, town) as seen:
        until(lambda: seen.focused() == "Nome utente", "the first field has no focus")
        sign_in(seen)
        seen.wait("sei cifre")
        seen.type("123 456")
        seen.press("Enter")
        seen.wait("Nuovo turno")
        seen.at_beginning()
        seen.press("Tab")
        assert seen.focused() == "Motivo del turno"
        seen.type(REASON)
        seen.press("Tab", "Enter")
        until(lambda: seen.path() == "/wall", "the wall does not come")
        assert town.shift is not None
        assert town.shift["reason"] == REASON
        seen.at_beginning()
        seen.press("Shift+Tab")
        assert seen.focused() == "Sistema"
        seen.press("Enter")
        seen.wait("Corso Garibaldi")
        seen.at_beginning()
        until(lambda: seen.page.title() == "Stato del sistema · Torrazzo", lambda: str(seen.page.title()))
        seen.page.evaluate("document.querySelector('.brand').focus()")
        seen.tab_to("Anna Rossi")
        seen.press("Enter", "End", "Enter")
        seen.wait("Nome utente")
        until(lambda: town.stage == "none", "the server was not told")


def test_the_skip_link_goes_to_the_content(browser: Any) -> None:
    """The first Tab of a screen is the way past the navigation."""
    with opened(browser, PageTown(stage="full"), "/system") as seen:
        seen.wait("Corso Garibaldi")
        seen.press("Tab")
        assert seen.focused() == "Vai al contenuto"
        seen.press("Enter", "Tab")
        assert seen.page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_passkey_is_the_second_factor_or_all(browser: Any) -> None:
    """With a virtual authenticator: after the password, and alone."""
    for is_alone in (False, True):
        town = PageTown(second="passkey", also=("totp", "recovery"))
        with opened(browser, town) as seen:
            add_authenticator(seen)
            if is_alone:
                seen.tab_to("Accedi con la chiave di accesso")
                seen.press("Enter")
            else:
                sign_in(seen)
            seen.wait("Usa la chiave di accesso")
            seen.tab_to("Usa la chiave di accesso")
            seen.press("Enter")
            seen.wait("Nuovo turno")
            assert ("POST /sign-in" in town.asked) is not is_alone


def add_authenticator(seen: Seen) -> None:
    """One that has a passkey of this site and says yes."""
    devtools = seen.context.new_cdp_session(seen.page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    credential = {
        "credentialId": "AAAAAAAAAAAAAAAAAAAAAA==", "isResidentCredential": True, "rpId": "localhost",
        "userHandle": "cDE=", "signCount": 1, "privateKey": ec_key(),
    }  # fmt: skip
    devtools.send("WebAuthn.addCredential", {"authenticatorId": made["authenticatorId"], "credential": credential})


def ec_key() -> str:
    """A new P-256 key as PKCS #8, in base64."""
    import base64

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    forms = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return base64.b64encode(ec.generate_private_key(ec.SECP256R1()).private_bytes(*forms)).decode()


def test_a_passkey_that_is_not_given_is_told(browser: Any) -> None:
    """Without an authenticator's yes: words, and the other ways beside them."""
    with opened(browser, PageTown(second="passkey", also=("totp",))) as seen:
        devtools = seen.context.new_cdp_session(seen.page)
        devtools.send("WebAuthn.enable")
        sign_in(seen)
        seen.wait("Usa la chiave di accesso")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        seen.press("Enter")
        seen.wait("La chiave di accesso non è stata usata")
        seen.wait("Usa il codice dell’applicazione")
        assert seen.axe_in_all() == []


def test_the_recovery_code_lets_in(browser: Any) -> None:
    """Where the telephone is lost: chosen beside the code, and wrong ones are told and taken away."""
    with opened(browser, PageTown()) as seen:
        sign_in(seen)
        seen.wait("sei cifre")
        seen.tab_to("Usa un codice di recupero")
        seen.press("Enter")
        seen.wait("foglio di recupero")
        seen.type("zzzz")
        seen.press("Tab", "Enter")
        seen.wait("Codice sbagliato")
        until(lambda: seen.focused() == "Codice di recupero", "the focus is not where it is wrong")
        assert seen.axe_in_all() == []
        seen.type(RECOVERY)
        seen.press("Enter")
        seen.wait("Nuovo turno")


def test_a_locked_account_is_told_until_when(browser: Any) -> None:
    """After five failures, in the town's time, read aloud as an alert."""
    with opened(browser, PageTown(failures=5)) as seen:
        sign_in(seen)
        seen.wait("fino alle 22:19")
        assert "22:19" in seen.page.inner_text("[role=alert]")


def test_a_sign_in_that_the_ledger_has_not_heard_of_is_told(browser: Any) -> None:
    """It lets in, and says what follows."""
    with opened(browser, PageTown(is_told=False)) as seen:
        sign_in(seen)
        seen.wait("Il registro dei fatti non risponde")
        seen.wait("sei cifre")


def test_a_session_elsewhere_ends_only_by_a_word(browser: Any) -> None:
    """AC-01: who has a session at another station is told where, and asked."""
    town = PageTown(after="elsewhere")
    with opened(browser, town) as seen:
        sign_in(seen)
        seen.wait("sei cifre")
        seen.type(CODE)
        seen.press("Enter")
        seen.wait("Sala 2 (10.0.0.7)")
        assert "POST /sign-in/take-over" not in town.asked
        assert seen.axe_in_all() == []
        seen.press("Enter")
        seen.wait("Nuovo turno")


def test_what_is_owed_comes_before_anything_else(browser: Any) -> None:
    """A password that must change, checked as it is typed."""
    with opened(browser, PageTown(after="change-password")) as seen:
        sign_in(seen)
        seen.wait("sei cifre")
        seen.type(CODE)
        seen.press("Enter")
        seen.wait("Scegli una nuova password")
        seen.type("corta")
        seen.press("Enter")
        seen.wait("Almeno 12 caratteri.")
        assert seen.axe_in_all() == []
        seen.page.get_by_label("Nuova password", exact=True).fill("una frase più lunga")
        seen.enter(seen.page.get_by_label("Nuova password, di nuovo"), "una frase più lunga")
        seen.wait("Nuovo turno")


def test_the_first_run_makes_two_people(browser: Any) -> None:
    """By one link, whose token leaves the address; each has a second factor and codes before the next one's turn."""
    town = PageTown(is_new=True)
    with opened(browser, town, f"/first-run#{TOKEN}") as seen:
        assert seen.page.evaluate("location.hash") == ""
        for name, account, role in (
            ("Bruno Bianchi", "bruno.bianchi", "admin"),
            ("Carla Neri", "carla.neri", "designato"),
        ):
            fill_person(seen, name, account)
            seen.enter(seen.page.get_by_label("Codice di sei cifre"), CODE)
            seen.wait(f"codici di recupero di {name}")
            seen.page.get_by_role("button", name="Continua").click()
            seen.wait("Prima conserva i codici")
            seen.page.get_by_role("checkbox").check()
            seen.page.get_by_role("button", name="Continua").click()
            seen.wait(f"{name} (")
            assert town.made[-1]["role"] == role
        seen.wait("Le due persone ci sono")
        assert seen.axe_in_all() == []
        assert town.made[0]["designation"] == {"number": "12/2026", "date": "2026-01-10", "until": "2028-12-31"}
        seen.page.get_by_role("button", name="Accedi").click()
        seen.wait("Nome utente")


def test_what_the_server_finds_wrong_stands_at_its_field(browser: Any) -> None:
    """Also where the field lies deeper in what was sent."""
    with opened(browser, PageTown(is_new=True), f"/first-run#{TOKEN}") as seen:
        until(lambda: seen.page.locator("input").count() == 7, "no form of a person")
        for at, value in enumerate(("Bruno", "bruno", PASSWORD, PASSWORD, "12", "2026-01-10", "2026-01-09")):
            seen.page.locator("input").nth(at).fill(value)
        seen.page.locator("input").last.press("Enter")
        seen.wait("finisce prima di cominciare")
        assert seen.page.locator("input").nth(6).get_attribute("aria-invalid") == "true"
        assert seen.axe_in_all() == []


def test_the_sheet_of_codes_is_printed_alone(browser: Any) -> None:
    """On paper there are the codes and whose they are, and nothing else of the page."""
    with opened(browser, PageTown(is_new=True), f"/first-run#{TOKEN}") as seen:
        fill_person(seen, "Bruno Bianchi", "bruno.bianchi")
        seen.enter(seen.page.locator("input"), CODE)
        seen.wait("0aaa-bbbb-cccc-dddd")
        seen.page.emulate_media(media="print")
        visible = "(name) => getComputedStyle(document.querySelector(name)).visibility"
        assert seen.page.evaluate(visible, ".codes") == "visible"
        assert seen.page.evaluate(visible, ".doors-head") == "hidden"
        assert seen.page.evaluate(visible, "h1") == "hidden"


def test_a_spent_link_says_so(browser: Any) -> None:
    """And a first run without a link says where the link is."""
    with opened(browser, PageTown(is_new=True), "/first-run#old") as seen:
        seen.wait("è già stato usato")
        assert seen.axe_in_all() == []
    with opened(browser, PageTown(is_new=True)) as seen:
        seen.wait("torrazzo serve")
        assert seen.axe_in_all() == []


def test_a_link_for_one_person_gives_them_a_password(browser: Any) -> None:
    """They choose it, get their second factor, and are in."""
    with opened(browser, PageTown(), f"/link#{TOKEN}") as seen:
        seen.wait("Anna Rossi")
        assert seen.axe_in_all() == []
        seen.page.get_by_label("Nuova password", exact=True).fill(PASSWORD)
        seen.enter(seen.page.get_by_label("Nuova password, di nuovo"), PASSWORD)
        until(lambda: seen.page.locator("svg.qr").count() == 1, "no QR code")
        seen.enter(seen.page.locator("input"), CODE)
        seen.wait("0aaa-bbbb-cccc-dddd")
        assert seen.page.evaluate(WITHIN), "a code touches the number of the next one"
        seen.page.get_by_role("checkbox").check()
        seen.page.get_by_role("button", name="Continua").click()
        seen.wait("Nuovo turno")
        assert seen.path() == "/shift"


def test_a_shift_needs_a_reason_and_ends_with_a_note(browser: Any) -> None:
    """LG-02: without a reason in words it does not open; the next one reads the note."""
    town = PageTown(stage="full")
    with opened(browser, town) as seen:
        seen.wait("Nuovo turno")
        seen.page.get_by_label("Motivo del turno").fill("turno")
        seen.page.get_by_role("button", name="Apri il turno").click()
        seen.wait("Serve un motivo")
        seen.page.get_by_label("Motivo del turno").fill(REASON)
        seen.page.get_by_role("button", name="Apri il turno").click()
        until(lambda: seen.path() == "/wall", "the wall does not come")
        seen.open("/shift")
        seen.wait("Turno aperto")
        seen.page.get_by_label("Consegne per il prossimo turno").fill("telecamera 2 ferma")
        seen.page.get_by_role("button", name="Chiudi il turno").click()
        seen.wait("Il turno è chiuso.")
        seen.wait("telecamera 2 ferma")
        seen.wait("Nuovo turno")


def test_each_role_sees_its_screens_and_no_other(browser: Any) -> None:
    """The navigation has what the permissions open; another screen's address is a page that is not there."""
    links = "() => [...document.querySelectorAll('nav a')].map((each) => each.textContent)"
    with opened(browser, PageTown(stage="full", permissions=AUDITOR)) as seen:
        until(lambda: seen.path() == "/log", "they do not begin with their work")
        wanted = ["Mappa", "Telecamere", "Persone", "Sistema", "Registro"]
        until(lambda: seen.page.evaluate(links) == wanted, lambda: str(seen.page.evaluate(links)))
        for path in ("/wall", "/shift", "/playback"):
            seen.open(path)
            seen.wait("Qui non c’è nulla")


def test_the_system_is_told_as_it_is(browser: Any) -> None:
    """What records, what does not and why, in the town's time; each state by word, never by colour alone."""
    with opened(browser, PageTown(stage="full"), "/system") as seen:
        for wanted in (
            "Non registrano come dovrebbero: 1 su 3.", "10:12–10:14 non si raggiunge", "21:58– si raggiunge",
            "circa 2 giorni", "120 GB di 8 TB", "1.204", "Livello", "168 ore", "22:04:41", "firmano", "0,4 ms",
        ):  # fmt: skip
            seen.wait(wanted)


def test_what_is_old_is_said_to_be(browser: Any) -> None:
    """When the control room goes away the last state stays, marked; when it comes back the mark goes."""
    town = PageTown(stage="full")
    with opened(browser, town, "/system") as seen:
        seen.wait("Corso Garibaldi")
        town.is_away = True
        seen.wait("Non aggiornato dalle")
        assert "Corso Garibaldi" in seen.page.inner_text("main")
        seen.shot(SHOTS, "system-stale")
        town.is_away = False
        until(lambda: "Non aggiornato" not in seen.page.inner_text("main"), "still said to be old")


def test_a_screen_that_does_not_come_says_so_and_comes_later(browser: Any) -> None:
    """Off line, a screen never opened before is told in the page's words, beside the navigation; then it is there."""
    with serve_page(PageTown(stage="full")) as address:
        seen = Seen(browser, address)
        seen.open("/system")
        seen.wait("Corso Garibaldi")
        assert seen.axe_in_all() == []  # and now the other language's words are here
        seen.context.set_offline(True)
        seen.page.get_by_role("link", name="Turni").click()
        until(lambda: "La sala operativa non risponde" in seen.page.inner_text("main"), "it is not told")
        assert seen.page.get_by_role("link", name="Sistema").is_visible()
        assert seen.axe_in_all() == []
        seen.page.get_by_role("button", name="Riprova").click()  # the browser's own page would never come back
        until(lambda: "La sala operativa non risponde" in seen.page.inner_text("main"), "the page is gone")
        seen.context.set_offline(False)
        seen.wait("Turni e registro della sala")
        seen.context.close()


def test_nobody_answers_at_the_beginning(browser: Any) -> None:
    """It is said, and tried again by itself."""
    town = PageTown(is_away=True)
    with opened(browser, town) as seen:
        seen.wait("La sala operativa non risponde")
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "away")
        town.is_away = False
        seen.wait("Nome utente")


def test_an_idle_station_locks_and_goes_on_where_it_was(browser: Any) -> None:
    """What is below goes on, nothing there can be reached; the person's password opens it."""
    town = PageTown(stage="full", idle_s=2)
    with opened(browser, town, "/system") as seen:
        seen.wait("Corso Garibaldi")
        seen.wait("Postazione bloccata")
        until(lambda: town.stage == "locked", "the server was not told")
        inside = "document.querySelector('dialog').contains(document.activeElement)"
        until(lambda: seen.page.evaluate(inside), "the focus is elsewhere")
        for _ in range(8):
            seen.press("Tab")
            assert seen.page.evaluate(inside)
        seen.press("Escape")
        assert seen.page.query_selector("dialog") is not None
        town.idle_s = 600
        seen.enter(seen.page.get_by_label("Password", exact=True), "sbagliata")
        seen.wait("Qualcosa non corrisponde")
        seen.enter(seen.page.get_by_label("Password", exact=True), PASSWORD)
        until(lambda: seen.page.query_selector("dialog") is None, "still locked")
        assert seen.path() == "/system"


def test_a_locked_session_is_locked_after_a_reload(browser: Any) -> None:
    """Loading the page anew shows nothing of the person, and asks for the password alone."""
    with opened(browser, PageTown(stage="locked"), "/system") as seen:
        seen.wait("Postazione bloccata")
        assert "Anna Rossi" not in seen.page.inner_text("body")
        seen.enter(seen.page.get_by_label("Password", exact=True), PASSWORD)
        seen.wait("Corso Garibaldi")


def test_a_session_that_ended_leads_to_signing_in_with_its_reason(browser: Any) -> None:
    """Whatever was asked when it ended; the address stays, so that one comes back there."""
    town = PageTown(stage="full")
    with opened(browser, town, "/system") as seen:
        seen.wait("Corso Garibaldi")
        town.stage = "none"
        seen.wait("La sessione è finita")
        sign_in(seen)
        seen.wait("sei cifre")
        seen.type(CODE)
        seen.press("Enter")
        seen.wait("Corso Garibaldi")


def test_the_account_carries_language_and_theme(browser: Any) -> None:
    """Chosen at one station they hold at the next."""
    town = PageTown(stage="full")
    with opened(browser, town, "/system") as seen:
        seen.wait("Corso Garibaldi")
        seen.page.get_by_role("button", name="Anna Rossi").click()
        seen.page.get_by_role("menuitem", name="Lingua e aspetto").click()
        assert seen.axe_in_all() == []
        seen.page.get_by_role("button", name="English").click()
        seen.page.get_by_role("button", name="Dark").click()
        until(lambda: town.wishes == {"language": "en", "theme": "dark"}, "not kept")
    with opened(browser, town, "/system") as seen:
        seen.wait("State of the system")
        dark = "getComputedStyle(document.body).backgroundColor"
        until(lambda: seen.page.evaluate(dark) == "rgb(18, 24, 31)", "not dark")


def test_a_narrow_screen_has_everything(browser: Any) -> None:
    """At 320 pixels nothing scrolls sideways but tables, and the navigation is behind its button (WCAG 1.4.10)."""
    with opened(browser, PageTown(stage="full"), "/system", size=(320, 700)) as seen:
        seen.wait("Corso Garibaldi")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 320
        assert not seen.page.is_visible("nav")
        seen.page.get_by_role("button", name="Navigazione").click()
        until(lambda: seen.page.is_visible("nav"), "no navigation")
        assert seen.axe_in_all() == []
        seen.shot(SHOTS, "narrow")


def test_text_twice_as_large_has_room(browser: Any) -> None:
    """WCAG 1.4.4: where a browser's text is twice as large nothing but tables goes sideways, and all is there."""
    with (
        launched(browser.browser_type, "--blink-settings=defaultFontSize=32") as larger,
        opened(larger, PageTown(stage="full"), "/system", size=(1366, 768)) as seen,
    ):
        for path, text in (("/system", "Corso Garibaldi"), ("/shift", "Nuovo turno"), ("/shifts", "In servizio")):
            seen.open(path)
            seen.wait(text)
            assert seen.page.evaluate("getComputedStyle(document.body).fontSize") == "32px"
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= 1366, path
        seen.page.get_by_role("button", name="Navigazione").click()
        assert seen.page.is_visible("nav")


def test_what_has_the_focus_is_never_beneath_the_head(browser: Any) -> None:
    """WCAG 2.4.11: backwards through a long page, each is in sight; what a hand scrolls there, axe does not judge."""
    with opened(browser, PageTown(stage="full"), "/system", size=(1280, 300)) as seen:
        seen.wait("Corso Garibaldi")
        under = """() => { const at = document.activeElement, {top, height} = at.getBoundingClientRect();
            return document.querySelector('main').contains(at) && height < 100 // a table may be higher than all
                && top < document.querySelector('.shell-head').getBoundingClientRect().bottom; }"""
        seen.page.evaluate("[...document.querySelectorAll('main :is(a, button, [tabindex=\"0\"])')].at(-1).focus()")
        assert seen.page.evaluate("scrollY") > 0
        for _ in range(12):
            assert not seen.page.evaluate(under), seen.focused()
            seen.press("Shift+Tab")
        seen.open("/shifts")
        seen.wait("Turni e registro della sala")
        link = "document.querySelector('main a[href$=shift]').getBoundingClientRect().top"
        seen.page.evaluate(f"scrollBy(0, {link} - 33)")  # half beneath the head's buttons
        at = seen.page.evaluate("scrollY")
        assert 20 < at < 200
        assert seen.axe_in_all() == []
        assert seen.page.evaluate("scrollY") == at


def test_what_is_chosen_in_one_window_holds_in_the_others(browser: Any) -> None:
    """A station of several monitors has one theme and one language, at once and without loading anything anew."""
    town = PageTown(stage="full")
    with serve_page(town) as address:
        first = Seen(browser, address)
        first.open("/system")
        second = first.context.new_page()
        second.goto(f"{address}/system")
        second.get_by_text("Corso Garibaldi").first.wait_for()
        second.evaluate("() => { window.isSame = true; }")
        first.page.get_by_role("button", name="Anna Rossi").click()
        first.page.get_by_role("menuitem", name="Lingua e aspetto").click()
        first.page.get_by_role("button", name="English").click()
        second.get_by_role("heading", name="State of the system").wait_for()
        first.page.get_by_role("button", name="Dark").click()
        dark = "getComputedStyle(document.body).backgroundColor"
        until(lambda: second.evaluate(dark) == "rgb(18, 24, 31)", "not dark")
        assert second.evaluate("window.isSame")
        assert first.complaints == []
        first.context.close()
