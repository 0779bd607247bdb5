# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The built page in Chromium over the real API and a real ledger: the first two people, signing in, a lost session."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.tools.api_town import ApiTown, api_town
from tests.tools.page_seen import Seen, until
from tests.tools.staffed import PASSWORD
from torrazzo.base.times import SECOND
from torrazzo.law import Role

pytestmark = pytest.mark.browser

NEW = "lanterna verde sul molo"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[ApiTown]:
    with api_town(tmp_path / "town") as town:
        yield town


def _opened(browser: Any, town: ApiTown, path: str) -> Seen:
    seen = Seen(browser, f"http://localhost:{town.port}")
    seen.open(path)
    return seen


def _fill(seen: Seen, values: tuple[str, ...]) -> None:
    until(lambda: seen.page.locator("input").count() == len(values), "another form was expected")
    for at, value in enumerate(values):
        seen.page.locator("input").nth(at).fill(value)
    seen.page.locator("input").last.press("Enter")


def test_the_first_two_people_and_their_first_sign_in(browser: Any, town: ApiTown) -> None:
    """By the link that `serve` prints, with real codes; who commands signs in and sees the state of the system."""
    seen = _opened(browser, town, f"/first-run#{town.staffing.links.first().value}")
    devices = []
    for name, account in (("Bruno Bianchi", "bruno.bianchi"), ("Carla Neri", "carla.neri")):
        _fill(seen, (name, account, NEW, NEW, "12/2026", "2026-01-10", "2028-12-31"))
        until(lambda: seen.page.locator("svg.qr").count() == 1, "no QR code")
        devices.append(pyotp.TOTP(seen.page.locator("code.secret").inner_text().replace(" ", "")))
        seen.enter(seen.page.get_by_label("Codice di sei cifre"), town.code(devices[-1]))
        seen.wait(f"codici di recupero di {name}")
        seen.page.get_by_role("checkbox").check()
        seen.page.get_by_role("button", name="Continua").click()
        seen.wait(f"{name} (")
    seen.wait("Le due persone ci sono")
    seen.page.get_by_role("button", name="Accedi").click()
    seen.wait("Nome utente")
    town.clock.advance(31)
    _fill(seen, ("carla.neri", NEW))
    seen.wait("sei cifre")
    _fill(seen, (town.code(devices[1]),))
    seen.wait("Carla Neri")
    seen.page.get_by_role("link", name="Sistema").first.click()
    until(lambda: seen.path() == "/system", "no state of the system")
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith(seen.address)] == []
    told = [act.values["what"] for act in town.acts("auth")]
    assert told == ["sign-in", "code", "sign-out", "sign-in", "code", "sign-out", "sign-in"]
    seen.context.close()


def test_a_station_that_was_left_unlocks_after_a_reload(browser: Any, town: ApiTown) -> None:
    """The session waits locked, also for a page that was loaded anew, and goes on by the password."""
    town.somebody("ada.bianchi", Role.ADMIN)
    town.somebody("olga.verdi", Role.OPERATOR)
    seen = _opened(browser, town, "/")
    town.clock.advance(31)
    _fill(seen, ("olga.verdi", PASSWORD))
    seen.wait("sei cifre")
    _fill(seen, (town.code(town.devices["olga.verdi"]),))
    seen.wait("Nuovo turno")
    town.clock.advance(11 * 60)
    seen.page.reload()
    seen.wait("Password")
    _fill(seen, (PASSWORD,))
    seen.wait("Nuovo turno")
    assert seen.complaints == []
    seen.context.close()


def _answered(seen: Seen, end: str, values: tuple[str, ...]) -> None:
    """Filled in, sent, and answered: the page may say the same as before."""
    with seen.page.expect_response(lambda answer: answer.url.endswith(end)):
        _fill(seen, values)


def test_wrong_passwords_lock_a_recovery_code_counts_once_and_an_end_is_an_end(browser: Any, town: ApiTown) -> None:
    """AC-01, AC-09 on the real page: five failures and when it goes on; one code once; past the designation, nobody."""
    town.somebody("ada.bianchi", Role.ADMIN)
    town.somebody("olga.verdi", Role.OPERATOR)
    api = town.signed_in("olga.verdi")
    code = api.post("/me/recovery").json()["codes"][0]
    assert api.ask("DELETE", "/api/v1/session").status == 204
    seen = _opened(browser, town, "/")
    for _ in range(5):
        _answered(seen, "/sign-in", ("olga.verdi", "sbagliata di grosso"))
        seen.wait("Qualcosa non corrisponde")
    _answered(seen, "/sign-in", ("olga.verdi", PASSWORD))
    seen.wait("qui non si accede fino alle")
    town.clock.advance(15 * 60 + 1)
    for is_first in (True, False):
        _answered(seen, "/sign-in", ("olga.verdi", PASSWORD))
        seen.wait("sei cifre")
        seen.page.get_by_role("button", name="Usa un codice di recupero").click()
        seen.wait("foglio di recupero")
        _answered(seen, "/sign-in/recovery", (code,))
        seen.wait("Nuovo turno" if is_first else "Qualcosa non corrisponde")
        seen.context.close()
        seen = _opened(browser, town, "/")
    told = [act.values["what"] for act in town.acts("auth")]
    assert told.count("locked") == 1, told
    account = town.staffing.accounts.named("olga.verdi")
    town.clock.advance((account.designation.ends - town.clock.utc()) // SECOND + 1)
    _answered(seen, "/sign-in", ("olga.verdi", PASSWORD))
    seen.wait("Questo account è sospeso o è finito")
    assert seen.complaints == []
    seen.context.close()
