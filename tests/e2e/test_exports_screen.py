# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copies and holds in Chromium, in a real town: asked by one, approved by another, prepared by a third, verified."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.page_seen import SHOWN, Seen, until
from tests.tools.room_town import RoomTown, room_town

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
WHY = "furto di bicicletta in piazza, querela 118"
ANSWER = "la richiesta è motivata e limitata"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    with room_town(tmp_path_factory.mktemp("room") / "town", 2, few={"osvaldo": [1]}) as town:
        yield town


@pytest.fixture(scope="module")
def stretch(town: RoomTown) -> tuple[dt.datetime, dt.datetime]:
    """Six seconds that are recorded, and in the ledger."""
    start = town.recorded(0, seconds=9.5).replace(microsecond=0) + dt.timedelta(seconds=3)
    return start, start + dt.timedelta(seconds=6)


def field(seen: Seen, town: RoomTown, key: str) -> Any:
    return seen.page.get_by_label(town.say(seen, key), exact=True)


def fill_stretch(seen: Seen, town: RoomTown, stretch: tuple[dt.datetime, dt.datetime], case: str) -> None:
    until(lambda: seen.page.get_by_role("checkbox").count() == len(town.cameras), "no cameras to choose")
    seen.page.get_by_label(town.cameras[0].name).check()
    for key, at in zip(("exports.from", "exports.to"), stretch, strict=True):
        field(seen, town, key).fill(at.strftime("%Y-%m-%dT%H:%M:%S"))
    field(seen, town, "exports.case").fill(case)
    field(seen, town, "exports.reason").fill(WHY)


def press(seen: Seen, name: str) -> None:
    button = seen.page.get_by_role("button", name=name, exact=True)
    until(lambda: button.count() == 1, lambda: f"no button {name!r}: {seen.page.inner_text('main')}")
    button.click()


def done(seen: Seen) -> None:
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith(seen.address)] == []
    seen.context.close()


def of_case(town: RoomTown, name: str, which: str, case: str) -> Any:
    """The request of that case among those that this person is shown: other tests have left theirs."""
    (found,) = [each for each in town.browser(name).get(f"/exports/{which}").json()["items"] if each["case"] == case]
    return found


def test_asked_by_one_approved_by_another_prepared_by_a_third(
    browser: Any, town: RoomTown, stretch: tuple[dt.datetime, dt.datetime], tmp_path: Path
) -> None:
    """An operator asks, the commander approves and names the officer, who alone prepares, downloads and hands over.

    The package verifies with the town's published keys; each handing out is a fact before its first byte.
    """
    oriana = town.sign_in(browser, "oriana", "/exports")
    press(oriana, town.say(oriana, "exports.ask"))
    fill_stretch(oriana, town, stretch, "2026/118")
    field(oriana, town, "exports.recipient").fill("Procura di Cremona")
    press(oriana, town.say(oriana, "exports.ask_go"))
    oriana.wait(town.say(oriana, "exports.state_asked"))
    asked = of_case(town, "carla", "to-approve", "2026/118")
    number = asked["number"]
    assert (asked["asked"]["by"], asked["state"]) == ("Oriana", "asked")

    carla = town.sign_in(browser, "carla", "/exports")
    press(carla, town.say(carla, "exports.approve").replace("{{number}}", str(number)))
    field(carla, town, "exports.maker").select_option(label="Paolo")
    field(carla, town, "exports.answer_reason").fill(ANSWER)
    press(carla, town.say(carla, "exports.approve_go"))
    carla.wait(town.say(carla, "exports.state_approved"))
    until(
        lambda: carla.page.evaluate("document.activeElement.getAttribute('role')") == "tabpanel",
        "the focus is lost with the button",
    )
    done(carla)
    oriana.wait(town.say(oriana, "exports.state_approved"))

    assert town.browser("elena").get("/exports/to-prepare").json()["items"] == []
    assert town.browser("elena").post(f"/exports/{number}/prepare").code == "NOT_FOUND"
    paolo = town.sign_in(browser, "paolo", "/exports")
    press(paolo, town.say(paolo, "exports.prepare").replace("{{number}}", str(number)))
    ready = town.say(paolo, "exports.take_package")
    until(lambda: paolo.page.get_by_role("progressbar").count() == 1 or ready in paolo.text(), "no progress is shown")
    paolo.wait(ready)
    paolo.wait(town.say(paolo, "exports.verify_title"))
    paolo.shot(SHOTS, "exports-done")
    package = tmp_path / "case.asice"
    with paolo.page.expect_download() as download:
        paolo.page.get_by_text(town.say(paolo, "exports.take_package")).click()
    download.value.save_as(package)
    with paolo.page.expect_download() as download:
        paolo.page.get_by_text(town.say(paolo, "exports.take_report")).click()
    download.value.save_as(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    done(paolo)
    policy = tmp_path / "policy"
    policy.write_text(town.served.run("ledger", "policy").out)
    words = (sys.executable, "-m", "torrazzo_verify", str(package), "--policy", str(policy))
    verified = subprocess.run(words, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    oriana.wait(town.say(oriana, "exports.state_done"))
    assert oriana.page.get_by_text(town.say(oriana, "exports.take_package")).count() == 0
    done(oriana)
    told = of_case(town, "oriana", "asked", "2026/118")  # signs in anew: her page would be signed out
    assert told["state"] == "done"
    assert [step["by"] for step in told["takings"]] == ["Paolo", "Paolo"]


def test_refused_withdrawn_and_never_by_oneself(
    browser: Any, town: RoomTown, stretch: tuple[dt.datetime, dt.datetime]
) -> None:
    """No title, no copy; other people's cameras are nobody's; a no ends it, also one's own; who asks never approves."""
    ask = {
        "cameras": [str(town.cameras[0].id)], "from": stretch[0].isoformat(), "to": stretch[1].isoformat(),
        "purpose": "crime", "reason": WHY, "case": "2026/119", "recipient_class": "police",
    }  # fmt: skip
    oriana, carla, paolo = (town.browser(name) for name in ("oriana", "carla", "paolo"))
    assert oriana.post("/exports", ask | {"case": " "}).code == "NO_TITLE"
    assert oriana.post("/exports", ask | {"reason": "aaaaaaaaaaaaaaaaaaaa"}).code == "REASON_REQUIRED"
    assert town.browser("osvaldo").post("/exports", ask).code == "OUT_OF_SCOPE"
    early = ask | {"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T00:01:00Z"}
    assert oriana.post("/exports", early).code == "NOTHING_RECORDED"
    for name in ("aldo", "diana", "rita", "tito", "sara", "tina"):
        assert town.browser(name).post("/exports", ask).code == "FORBIDDEN"
    number = oriana.post("/exports", ask).json()["number"]
    answer: dict[str, Any] = {"reason": ANSWER, "maker": town.people["paolo"].id}
    assert oriana.post(f"/exports/{number}/approve", answer).code == "FORBIDDEN"
    assert carla.post(f"/exports/{number}/approve", {"reason": ANSWER}).code == "MAKER_REQUIRED"
    assert (
        carla.post(f"/exports/{number}/approve", answer | {"maker": town.people["carla"].id}).code == "MAKER_REQUIRED"
    )
    assert carla.post(f"/exports/{number}/approve", answer | {"maker": town.people["aldo"].id}).code == "MAKER_REQUIRED"
    assert carla.post(f"/exports/{number}/refuse", {"reason": ANSWER}).status == 204
    assert carla.post(f"/exports/{number}/approve", answer).code == "NOT_NOW"
    assert paolo.post(f"/exports/{number}/prepare").code == "NOT_FOUND"
    other = paolo.post("/exports", ask).json()["number"]
    assert oriana.post(f"/exports/{other}/withdraw").code == "NOT_FOUND"
    assert carla.post(f"/exports/{other}/approve", answer).status == 204
    assert paolo.post(f"/exports/{other}/withdraw").status == 204
    states = {each["number"]: each["state"] for each in carla.get("/exports/to-approve").json()["items"]}
    assert (states[number], states[other]) == ("refused", "withdrawn")
    assert paolo.post(f"/exports/{other}/prepare").code == "NOT_FOUND"
    assert paolo.get(f"/exports/{number}/package").code == "NOT_FOUND"


def test_a_hold_is_placed_by_keyboard_alone(
    browser: Any, town: RoomTown, stretch: tuple[dt.datetime, dt.datetime]
) -> None:
    """Tab, letters and Enter place a hold; the commander confirms it; it is listed, with its end, and released."""
    start, end = (at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in stretch)
    seen = town.sign_in(browser, "oriana", f"/exports?want=hold&cameras={town.cameras[0].id}&from={start}&to={end}")
    seen.wait(town.say(seen, "exports.hold_text"))
    until(lambda: seen.page.get_by_role("checkbox").count() == len(town.cameras), "no cameras to choose")
    seen.tab_to(town.say(seen, "exports.case"))
    seen.type("2026/120")
    seen.tab_to(town.say(seen, "exports.reason"))
    seen.type(WHY)
    seen.tab_to(town.say(seen, "exports.hold_go"))
    seen.press("Enter")
    seen.wait(town.say(seen, "exports.hold_provisional"))
    (hold,) = [each for each in town.browser("carla").get("/holds").json()["items"] if each["case"] == "2026/120"]
    assert (hold["by"], hold["state"]) == ("Oriana", "provisional")
    assert town.browser("osvaldo").post(f"/holds/{hold['hold']}/confirm", {"reason": ANSWER}).code == "FORBIDDEN"
    carla = town.browser("carla")
    assert carla.post(f"/holds/{hold['hold']}/confirm", {"reason": ANSWER}).status == 204
    assert carla.post(f"/holds/{hold['hold']}/confirm", {"reason": ANSWER}).code == "NOT_NOW"
    seen.wait(town.say(seen, "exports.hold_confirmed"))
    assert carla.post(f"/holds/{hold['hold']}/release", {"reason": ANSWER}).status == 204
    seen.wait(town.say(seen, "exports.none_held"))
    done(seen)


def test_the_front_desk_holds_for_a_request(
    browser: Any, town: RoomTown, stretch: tuple[dt.datetime, dt.datetime]
) -> None:
    """Whoever receives a citizen's request holds what it is about: its number is the title that the law asks for."""
    seen = town.sign_in(browser, "sara", "/")
    until(lambda: seen.path() == "/exports", "the front desk does not begin with its work")
    press(seen, town.say(seen, "exports.hold"))
    fill_stretch(seen, town, stretch, "istanza 12/2026")
    press(seen, town.say(seen, "exports.hold_go"))
    seen.wait(town.say(seen, "exports.hold_provisional"))
    done(seen)
    carla = town.browser("carla")
    (hold,) = [each for each in carla.get("/holds").json()["items"] if each["case"] == "istanza 12/2026"]
    assert (hold["cause"], hold["state"]) == ("citizen", "provisional")
    assert carla.post(f"/holds/{hold['hold']}/release", {"reason": ANSWER}).status == 204


@pytest.mark.parametrize(("theme", "language"), SHOWN)
def test_axe_finds_nothing(browser: Any, town: RoomTown, theme: str, language: str) -> None:
    """On each tab and in each form, with what the tests before have left, in both themes and languages."""
    for name, tabs in (("paolo", ("prepare", "asked", "holds")), ("carla", ("approve", "holds"))):
        seen = town.sign_in(browser, name, "/exports", theme=theme, language=language)
        for tab in tabs:
            seen.page.get_by_role("tab", name=town.say(seen, f"exports.tab_{tab}")).click()
            seen.page.wait_for_load_state("networkidle")
            assert seen.axe_in_all() == [], (name, tab)
            seen.shot(SHOTS, f"exports-{tab}")
            opens = {"asked": "exports.ask", "holds": "exports.hold"}.get(tab)
            if opens is not None:
                press(seen, town.say(seen, opens))
                until(lambda: seen.page.get_by_role("checkbox").count() > 0, "no form")  # noqa: B023 - asked at once
                assert seen.axe_in_all() == [], (name, opens)
                seen.shot(SHOTS, f"exports-form-{tab}")
                seen.press("Escape")
        done(seen)
