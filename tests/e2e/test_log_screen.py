# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log viewer in Chromium over the real API and a real ledger: what was just done shows to the auditor alone."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.api_town import ApiTown, api_town
from tests.tools.page_seen import SHOWN, Seen, until
from tests.tools.page_signed import WORDS, by_name, close, opened
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.law import Role
from torrazzo.ledger.act import Wanted
from torrazzo.ledger.private import Private
from torrazzo.town.camera import new_camera_id
from torrazzo.town.office import new_camera

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
STAFF = {
    "aldo.prova": Role.AUDITOR,
    "carla.neri": Role.DESIGNATO,
    "dora.viola": Role.DPO,
    "olga.verdi": Role.OPERATOR,
}
REASON = "rissa segnalata davanti al bar"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    """Where the operator looked at one of two cameras, for a case."""
    with api_town(tmp_path_factory.mktemp("log") / "town") as town:
        for name, role in STAFF.items():
            town.somebody(name, role)
        for name in ("Piazza del Comune", "Corso Garibaldi"):
            town.office.add(new_camera(new_camera_id(), name, (), synthetic=True))
        camera = next(camera for camera in town.cameras() if camera.name == "Piazza del Comune")
        stream, now = StreamId.parse(f"{camera.id}/main"), town.clock.utc()
        span = Span(UtcTicks(now - 600 * SECOND), UtcTicks(now - 300 * SECOND))
        who = Private("olga.verdi", REASON, "2026/118", "sala-1")
        town.windows.open_view(who, Wanted(frozenset({stream}), span), "urban-security").close()
        yield town


def rows(seen: Seen) -> list[str]:
    """Of the answer, each as one text."""
    return list(seen.page.locator(".log-answer tbody tr").all_inner_texts())


def test_who_saw_that_camera(browser: Any, town: ApiTown) -> None:
    """The reason is asked first; then the look stands there with all that is known of it, and a review is recorded."""
    seen = opened(browser, town, "aldo.prova", "/log")
    seen.wait("Che cosa si cerca")
    before = len(town.acts("log"))
    by_name(seen, "button", "Leggi il registro").click()
    seen.wait("Prima scegli il motivo")
    assert len(town.acts("log")) == before
    by_name(seen, "radio", "Verifica della liceità del trattamento").check()
    seen.page.get_by_label("Telecamera", exact=True).select_option(label="Piazza del Comune")
    by_name(seen, "button", "Leggi il registro").click()
    seen.wait("1 voce.")
    (look,) = rows(seen)
    for text in ("Olga Verdi", "sala-1", "ha guardato registrazioni", "Piazza del Comune", REASON, "2026/118"):
        assert text in look
    assert [(act.values["what"], act.values["why"]) for act in town.acts("log")[before:]] == [("read", "lawfulness")]
    seen.page.get_by_label("Telecamera", exact=True).select_option(label="Corso Garibaldi")
    by_name(seen, "button", "Leggi il registro").click()
    seen.wait("Nessuna voce.")
    with seen.page.expect_download() as download:
        by_name(seen, "button", "Scarica la tabella (CSV)").click()
    assert download.value.suggested_filename.endswith(".csv")
    by_name(seen, "button", "Registra una revisione").click()
    seen.page.get_by_role("dialog").get_by_label("Che cosa è risultato").fill("una visione, motivata e nel fascicolo")
    by_name(seen, "button", "Registra").click()
    seen.wait("una visione, motivata e nel fascicolo")
    seen.wait("La prossima revisione è entro il")
    assert [act.values["what"] for act in town.acts("log")[before:]] == ["read", "read", "export", "review"]
    close(seen)


def test_what_somebody_did_just_now(browser: Any, town: ApiTown) -> None:
    """The DPO asks for a person: the sign-in of a moment ago is there, and the question itself; all in Italian."""
    close(opened(browser, town, "olga.verdi", "/ways"))
    seen = opened(browser, town, "dora.viola", "/log")
    by_name(seen, "radio", "Integrità e sicurezza dei dati").check()
    seen.page.get_by_label("Che cosa", exact=True).select_option(label="Accessi e rifiuti")
    seen.page.get_by_label("Persona", exact=True).select_option(label="Olga Verdi (olga.verdi)")
    by_name(seen, "button", "Leggi il registro").click()
    until(lambda: rows(seen), "no answer")
    newest = rows(seen)[:2]  # the other one, where another test left a session of hers: it ended when she came in
    assert sum("accesso: entrata" in row for row in newest) == 1
    assert all("Olga Verdi" in row for row in rows(seen))
    assert any("password e codice" in row for row in rows(seen))
    assert not any("by code" in row for row in rows(seen))
    seen.page.get_by_label("Persona", exact=True).select_option(label="Dora Viola (dora.viola)")
    by_name(seen, "button", "Leggi il registro").click()
    until(lambda: any("registro: letto: sicurezza" in row for row in rows(seen)), "the question does not stand there")
    asked = [row for row in rows(seen) if "registro: letto" in row]
    assert all("voci: Accessi e rifiuti; tempo: " in row for row in asked)
    assert any("persona: olga.verdi" in row for row in asked)
    close(seen)


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_who_commands_sees_how_often(browser: Any, town: ApiTown, theme: str, language: str) -> None:
    """Counts and cameras, no person and no reason, and nothing of what the auditor has; WCAG 2.2 AA."""
    words = WORDS[language]["log"]
    seen = opened(browser, town, "carla.neri", "/log", language, theme)
    seen.wait(words["totals_text"])
    assert seen.page.get_by_role("radio").count() == 0
    by_name(seen, "button", words["totals_go"]).click()
    seen.wait(words["totals_kinds"])
    told = seen.page.locator(".log-totals tbody tr").all_inner_texts()
    assert [row.split("\t") for row in told if row.startswith(words["total_view"])] == [[words["total_view"], "1"]]
    assert [row.split("\t") for row in told if row.startswith("Piazza")] == [["Piazza del Comune", "1"]]
    shown = seen.page.locator(".log-totals").inner_text()
    assert not any(word in shown for word in (REASON, "Olga", "olga.verdi", "2026/118", "sala-1"))
    assert seen.axe_in_all() == []
    seen.shot(SHOTS, "log-totals")
    close(seen)


def test_the_operator_sees_no_log(browser: Any, town: ApiTown) -> None:
    """No such screen for them, in no navigation; and the server refuses."""
    seen = opened(browser, town, "olga.verdi", "/log")
    seen.wait("Qui non c’è nulla")
    assert seen.page.get_by_role("link", name="Registro").count() == 0
    close(seen)


def test_the_log_is_read_by_keyboard_alone(browser: Any, town: ApiTown) -> None:
    """From the navigation to the answer."""
    seen = opened(browser, town, "aldo.prova", "/system")
    seen.press("Tab")
    seen.tab_to("Registro")
    assert seen.focused() == "Registro"
    seen.press("Enter")
    seen.wait("Che cosa si cerca")
    seen.at_beginning()
    seen.tab_to("Verifica della liceità")
    seen.press("Space")
    seen.tab_to("Fascicolo")
    seen.type("2026/118")
    seen.press("Enter")
    seen.wait("1 voce.")
    assert REASON in rows(seen)[0]
    close(seen)


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_axe_finds_nothing_in_the_log(browser: Any, town: ApiTown, theme: str, language: str) -> None:
    """WCAG 2.2 AA on the question, a missing reason, the answer, a review."""
    words = WORDS[language]["log"]
    seen = opened(browser, town, "aldo.prova", "/log", language, theme)

    def look(name: str) -> None:
        assert seen.axe_in_all() == [], name
        seen.shot(SHOTS, name)

    seen.wait(words["question"])
    by_name(seen, "button", words["ask"]).click()
    look("log-question")
    by_name(seen, "radio", words["purpose_proceedings"]).check()
    seen.page.locator("select").first.select_option("all")
    by_name(seen, "button", words["ask"]).click()
    seen.wait(words["save"])
    look("log-answer")
    by_name(seen, "button", words["review_new"]).click()
    look("log-review")
    close(seen)
