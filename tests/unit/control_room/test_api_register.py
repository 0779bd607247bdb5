# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The register of the room over the API: curtain, visitors, who sees how much of it; AC-08."""

from collections.abc import Iterator

import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from torrazzo.access.staff import By
from torrazzo.law import Role

WHY = "presa di servizio al turno serale"
VISIT = {
    "name": "Ugo Bruni", "office": "Idraulica Bruni", "reason": "perdita nel locale tecnico",
    "authorised": "Dino Rossi", "company": "Olga Verdi",
}  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("register") / "town") as town:
        town.somebody("ada.bianchi", Role.ADMIN)
        town.somebody("dino.rossi", Role.DESIGNATO)
        town.somebody("olga.verdi", Role.OPERATOR)
        yield town


@pytest.fixture
def olga(town: ApiTown) -> Iterator[Browser]:
    browser = town.signed_in("olga.verdi")
    assert browser.post("/shift", {"reason": WHY}).status == 200
    yield browser
    account = town.staffing.accounts.named("olga.verdi")
    town.staffing.shifts.close(By(account.name, "ends the test", None, account.id))


def test_the_curtain_is_the_stations_and_a_fact(town: ApiTown, olga: Browser) -> None:
    """AC-08: drawn and opened by one word, seen by all windows of that browser and by no other, each a fact."""
    before = len(town.acts("room"))
    assert olga.get("/room").json()["curtain"] is None
    drawn = olga.post("/room/curtain", {"drawn": True, "reason": "visita della scuola"}).json()
    assert drawn["curtain"]["person"]["name"] == "Olga Verdi"
    assert drawn["curtain"]["reason"] == "visita della scuola"
    assert olga.post("/room/curtain", {"drawn": True}).json() == drawn
    assert olga.get("/room").json() == drawn
    assert town.signed_in("dino.rossi").get("/room").json()["curtain"] is None
    assert olga.post("/room/curtain", {"drawn": False}).json()["curtain"] is None
    assert [act.values["what"] for act in town.acts("room")[before:]] == ["curtain-drawn", "curtain-opened"]


def test_a_curtain_is_not_lifted_by_losing_a_cookie(olga: Browser) -> None:
    """AC-08: whoever takes the station's name out of their browser is still at that station: the session knows."""
    olga.post("/room/curtain", {"drawn": True})
    station = olga.cookies.pop("torrazzo-station")
    assert olga.get("/room").json()["station"] == station
    assert olga.get("/room").json()["curtain"] is not None
    olga.cookies["torrazzo-station"] = "abcd1234"
    assert olga.post("/room/curtain", {"drawn": False}).json()["curtain"] is None


def test_the_curtain_is_drawn_without_a_ledger(town: ApiTown, olga: Browser) -> None:
    """It hides pictures at once, whatever is away; the ledger hears of it when it is back."""
    before = len(town.acts("room"))
    town.stop_ledger()
    assert olga.post("/room/curtain", {"drawn": True}).status == 200
    assert olga.post("/room/visitors", VISIT).code == "LEDGER_AWAY"
    town.start_ledger()
    assert olga.post("/room/curtain", {"drawn": False}).status == 200
    town.people.tend()
    assert {act.values["what"] for act in town.acts("room")[before:]} == {"curtain-drawn", "curtain-opened"}


def test_visitors_are_written_in_and_out(town: ApiTown, olga: Browser) -> None:
    """What is missing is told by its field; nobody leaves twice; administrators have no register."""
    assert olga.post("/room/visitors", {**VISIT, "office": " "}).json()["fields"].keys() == {"office"}
    visitor = olga.post("/room/visitors", VISIT).json()
    assert [each["id"] for each in olga.get("/room").json()["visitors"]] == [visitor["id"]]
    assert olga.post(f"/room/visitors/{visitor['id']}/out").json()["left"] is not None
    assert olga.post(f"/room/visitors/{visitor['id']}/out").code == "NOT_INSIDE"
    assert olga.get("/room").json()["visitors"] == []
    assert town.signed_in("ada.bianchi").get("/room/register").code == "FORBIDDEN"


def test_the_register_tells_who_was_there(town: ApiTown, olga: Browser) -> None:
    """Shifts, visitors and curtains in one list, newest first; who works in the room sees a week, who commands all."""
    number = olga.post("/room/visitors", VISIT).json()["id"]
    olga.post(f"/room/visitors/{number}/out")
    for reason in ("visita della scuola", " "):
        olga.post("/room/curtain", {"drawn": True, "reason": reason})
        olga.post("/room/curtain", {"drawn": False})
    dino = town.signed_in("dino.rossi")
    found = dino.get("/room/register?days=30").json()
    assert found["days"] == 30
    assert {each["kind"] for each in found["items"]} == {"shift", "visitor", "curtain"}
    times = [each["start"] for each in found["items"]]
    assert times == sorted(times, reverse=True)
    entry = next(each for each in found["items"] if each["kind"] == "visitor")
    assert {name: entry["visitor"][name] for name in VISIT} == VISIT
    assert {"", "visita della scuola"} <= {each["text"] for each in found["items"] if each["kind"] == "curtain"}
    assert olga.get("/room/register?days=300").json()["days"] == 7
    olga.post("/shift/close", {"note": ""})
    town.clock.advance(8 * 86_400)
    again, dino = town.signed_in("olga.verdi"), town.signed_in("dino.rossi")
    assert again.get("/room/register?days=30").json()["items"] == []
    assert dino.get("/room/register?days=30").json()["items"] != []
    again.post("/shift", {"reason": WHY})


def test_nothing_of_the_register_is_sorted_by_person(town: ApiTown) -> None:
    """WK-03: no answer about the room or its shifts groups, counts or filters by a person."""
    dino = town.signed_in("dino.rossi")
    paths = dino.ask("GET", "/api/v1/openapi.json").json()["paths"]
    for path in ("/api/v1/room", "/api/v1/room/register", "/api/v1/shifts"):
        names = {each["name"] for each in paths[path]["get"].get("parameters", ())}
        assert names <= {"days"}, (path, names)
    assert set(dino.get("/room/register").json()) == {"items", "days"}
