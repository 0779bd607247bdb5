# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""RT-06 over the API: an hour of one camera goes early by two officials, with the data protection officer's opinion."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.tools.api_town import Answered
from tests.tools.asgi import Answer, Client
from tests.tools.look_town import HOST, OTHER
from tests.tools.playback_town import ADMIN, BRIDGE, COMMANDER, OFFICER, OPERATOR, SQUARE, PlaybackTown, playback_town
from torrazzo.access import Ask, People, read_asks
from torrazzo.access.staff import By, Denial
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import HOUR, UtcTicks, hour_of, iso_from_ticks
from torrazzo.control_room.api.app import ROOT
from torrazzo.control_room.api.looks import routes as look_routes
from torrazzo.control_room.erasures import ENDED, KIND
from torrazzo.control_room.people_app import Desk, make_people_app
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient
from torrazzo.keyring.gate_request import CloseRequest
from torrazzo.law import Role
from torrazzo.testing.clock import START

DPO = "dora.sala"
WHY = {"reason": "la telecamera ha ripreso l’interno di una casa"}
SEEN = {"reason": "visto il parere, la richiesta è fondata"}
ADVICE = {"favours": True, "text": "ripresa eccedente, la cancellazione è dovuta"}
FIRST_HOUR = iso_from_ticks(UtcTicks(hour_of(START) * HOUR))


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaybackTown]:
    """For tests in which nothing is changed."""
    with playback_town(tmp_path_factory.mktemp("erasures") / "town") as town:
        yield town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[PlaybackTown]:
    with playback_town(tmp_path / "town") as town:
        town.somebody("rino.sala", Role.AUDITOR)
        yield town


def ask(camera: str = SQUARE.camera, **changed: Any) -> dict[str, Any]:
    said = {"camera": camera, "hour": FIRST_HOUR, "ground": "unlawful-capture", "reference": "verbale 12/2026"}
    return {**said, **WHY, **changed}


def asked(town: PlaybackTown, camera: str) -> int:
    answer = town.signed_in(COMMANDER).post("/erasures", ask(camera))
    assert answer.status == 200, answer.body
    return int(answer.json()["number"])


def approved(town: PlaybackTown, number: int, name: str = OFFICER) -> Answered:
    said = {**SEEN, "opinion": read(town, number)}
    return town.signed_in(name).post(f"/erasures/{number}/approve", said)


def read(town: PlaybackTown, number: int) -> str | None:
    """When the opinion was given that stands there now."""
    advised = town.staffing.four_eyes.one(number).advised
    return None if advised is None else iso_from_ticks(advised)


def by_command(town: PlaybackTown, number: int) -> Answer:
    """What `torrazzo retention approve` comes to, of a Unix user with the right."""

    def asks() -> list[Ask]:
        return read_asks(town.home, OsDisk(), town.clock)

    proposals = town.staffing.four_eyes.all
    people = People({OTHER.name: ("approve",)}, 0)
    desk = Desk(town.looks, people, town.clock, ZoneInfo("Europe/Rome"), town.cameras, asks, proposals)
    said = {"opinion": "favorevole, prot. 91", "reason": "visto"}
    return Client(make_people_app(desk, town.looks), HOST, OTHER).ask("POST", f"/erasures/{number}/approve", said)


def kinds(town: PlaybackTown, since: int) -> list[tuple[str, object]]:
    found = town.acts("ask", "approve", "propose", "second")[since:]
    return [(act.kind, act.values.get("why") or act.values.get("purpose")) for act in found]


def test_nothing_recorded_can_be_deleted_by_anybody(still: PlaybackTown) -> None:
    """RT-06: DELETE on a part, a still or a hold by every role is 405 or 403; a look that is ended erases nothing."""
    paths = {route.path for route in look_routes.all if route.method == "DELETE"}
    assert paths == {"/looks/{key}"}
    for name in (COMMANDER, OFFICER, OPERATOR, ADMIN, DPO):
        browser = still.signed_in(name)
        for path in (f"/looks/x/{SQUARE.camera}/parts/init_x_1.mp4", f"/looks/x/{SQUARE.camera}/still", "/holds/act-1"):
            assert browser.ask("DELETE", f"{ROOT}{path}").status in {403, 404, 405}, path


def test_an_hour_goes_by_two_and_after_an_opinion(town: PlaybackTown) -> None:
    """Asked by who commands; not before the opinion is there, not by who asked; then it is gone, each step a fact."""
    refused = town.signed_in(COMMANDER).post("/erasures", ask())
    assert (refused.status, refused.json()["fields"].keys()) == (422, {"hour"}), "an hour that is not over"
    town.clock.advance(3 * 3600)
    before = len(town.acts("ask", "approve", "propose", "second"))
    commander = town.signed_in(COMMANDER)
    for wrong in ({"ground": "no-reason"}, {"reference": " "}, {"reason": "boh"}, {"hour": town.at(60)}):
        assert commander.post("/erasures", ask(**wrong)).status == 422, wrong
    number = asked(town, SQUARE.camera)
    assert approved(town, number).code == "OPINION_REQUIRED"
    assert approved(town, number, COMMANDER).code in {"OPINION_REQUIRED", "SAME_PERSON"}
    advised = town.signed_in(DPO).post(f"/erasures/{number}/opinion", ADVICE)
    assert (advised.status, advised.json()["opinion"]["favours"]) == (200, True), advised.body
    assert advised.json()["opinion"]["person"]["name"] == "Dora Sala"
    assert approved(town, number, COMMANDER).code == "SAME_PERSON"
    assert town.look(town.signed_in(OPERATOR), 5, 25)["cameras"][0]["state"] == "open"
    done = approved(town, number)
    assert (done.status, done.json()["state"]) == (200, "done"), done.body
    assert kinds(town, before) == [
        ("ask", "erase"), ("propose", None), ("second", "opinion-for"), ("second", "approved"), ("approve", None),
        ("second", "done"),
    ]  # fmt: skip
    states = {each["camera"]: each["code"] for each in town.look(town.signed_in(OPERATOR), 5, 25)["cameras"]}
    assert states == {SQUARE.camera: "FOOTAGE_ERASED", BRIDGE.camera: None}
    assert approved(town, number).code == "NOT_NOW"
    (told,) = town.signed_in("rino.sala").get("/erasures").json()["items"]
    assert (told["reference"], told["decider"]["name"], told["answer"]) == (
        "verbale 12/2026", "Piero Galli", SEEN["reason"],
    )  # fmt: skip


def test_nobody_approves_by_an_opinion_that_they_did_not_read(town: PlaybackTown) -> None:
    """The officer may change it until somebody decides; an approval names the one that was read."""
    town.clock.advance(3 * 3600)
    number = asked(town, SQUARE.camera)
    town.signed_in(DPO).post(f"/erasures/{number}/opinion", ADVICE)
    first = read(town, number)
    town.signed_in(DPO).post(f"/erasures/{number}/opinion", ADVICE | {"favours": False})
    second = town.staffing.four_eyes.one(number).advised
    officer = town.signed_in(OFFICER)
    for said in ({"opinion": first}, {}, {"opinion": None}):
        answer = officer.post(f"/erasures/{number}/approve", SEEN | said)
        assert (answer.status, answer.code) == (409, "OPINION_CHANGED"), said
    by = By(OFFICER, SEEN["reason"], id=town.staffing.accounts.named(OFFICER).id)
    assert second is not None
    with pytest.raises(Denial, match="another opinion"):
        town.staffing.four_eyes.approve(number, by, UtcTicks(second - 1))
    assert approved(town, number, OFFICER).json()["state"] == "done"


def test_a_late_answer_is_no_failure(town: PlaybackTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done while nobody waited any more is told as done to who confirms again, by one approval."""
    town.clock.advance(3 * 3600)
    number = asked(town, SQUARE.camera)
    town.signed_in(DPO).post(f"/erasures/{number}/opinion", ADVICE)
    erase = KeyClient.erase

    def too_late(client: KeyClient, request: CloseRequest) -> int:
        monkeypatch.setattr(KeyClient, "erase", erase)
        erase(client, request)
        raise Unavailable("the look is not over yet")

    monkeypatch.setattr(KeyClient, "erase", too_late)
    assert (approved(town, number).status, town.staffing.four_eyes.one(number).state) == (503, "approved")
    again = approved(town, number)
    assert (again.status, again.json().get("state")) == (200, "done"), again.body
    assert len(town.acts("approve")) == 1
    assert town.acts("second")[-1].values["why"] == "done"


def test_the_number_of_another_ask_erases_nothing(town: PlaybackTown) -> None:
    """After a fork of the ledger a number may be another's: of another camera, of a copy, or of no ask at all."""
    town.clock.advance(3 * 3600)
    other = town.staffing.four_eyes.one(asked(town, BRIDGE.camera)).what["ask"]
    copy = {"cameras": [SQUARE.camera], "from": town.at(5), "to": town.at(25), "purpose": "crime"}
    copy |= {"recipient_class": "police", "recipient": "Questura", "case": "2026/9", **WHY}
    answer = town.signed_in(OPERATOR).post("/exports", copy)
    assert answer.status == 200, answer.body
    what = {"camera": SQUARE.camera, "hour": FIRST_HOUR, "ground": "unlawful-capture", "reference": "verbale 12/2026"}
    account = town.staffing.accounts.named(COMMANDER)
    for ask in (other, answer.json()["number"], 0, 100_000):
        by = By(COMMANDER, WHY["reason"], id=account.id)
        number = town.people.told(town.staffing.four_eyes.propose(KIND, {**what, "ask": ask}, by)).number
        town.signed_in(DPO).post(f"/erasures/{number}/opinion", ADVICE)
        assert approved(town, number).code == "CONFLICT", ask
        assert town.staffing.four_eyes.one(number).state == "open"
    assert town.acts("approve") == []


def test_footage_of_a_camera_that_was_removed_goes_early_too(town: PlaybackTown) -> None:
    """What was asked for before is decided, and more can be asked for: the footage is there until its time is over."""
    town.clock.advance(3 * 3600)
    before = asked(town, BRIDGE.camera)
    assert town.signed_in(ADMIN).ask("DELETE", f"{ROOT}/cameras/{BRIDGE.camera}").status == 204
    assert town.signed_in(COMMANDER).post(f"/erasures/{before}/withdraw").json()["state"] == "withdrawn"
    number = asked(town, BRIDGE.camera)
    town.signed_in(DPO).post(f"/erasures/{number}/opinion", ADVICE)
    assert approved(town, number).json()["state"] == "done"
    assert town.signed_in(COMMANDER).post("/erasures", ask("00000000000000ff")).code == "NOT_FOUND"


def test_what_is_held_is_never_erased(town: PlaybackTown) -> None:
    """HELD, when it is asked for and when it is decided; a refusal and a withdrawal leave everything as it was."""
    town.clock.advance(3 * 3600)
    number = asked(town, BRIDGE.camera)
    assert town.signed_in(COMMANDER).post("/erasures", ask(BRIDGE.camera)).code == "NOT_NOW"
    hold = {"cameras": [BRIDGE.camera], "from": town.at(5), "to": town.at(25), "cause": "police", "case": "2026/9"}
    placed = town.signed_in(OPERATOR).post("/holds", {**hold, "reason": "denuncia di furto in piazza"})
    assert placed.status == 200, placed.body
    town.signed_in(DPO).post(f"/erasures/{number}/opinion", ADVICE | {"favours": False})
    refused = approved(town, number)
    assert (refused.status, refused.code, refused.json()["clause"]) == (409, "HELD", "RT-06")
    (told,) = [each for each in town.signed_in(DPO).get("/erasures").json()["items"] if each["number"] == number]
    assert (told["holds"], told["opinion"]["favours"]) == ([placed.json()["hold"]], False)
    assert town.signed_in(OFFICER).post(f"/erasures/{number}/refuse", SEEN).json()["state"] == "refused"
    assert town.signed_in(COMMANDER).post("/erasures", ask(BRIDGE.camera)).code == "HELD"
    officer = town.signed_in(OFFICER)
    assert officer.post(f"/holds/{placed.json()['hold']}/release", SEEN).status == 204
    number = asked(town, BRIDGE.camera)
    assert town.signed_in(COMMANDER).post(f"/erasures/{number}/withdraw").json()["state"] == "withdrawn"
    assert town.look(town.signed_in(OPERATOR), 5, 25)["cameras"][1]["state"] == "open"


@pytest.mark.parametrize("name", [OPERATOR, ADMIN, "elio.conti", "tito.riva"])
def test_who_has_nothing_to_do_with_it_neither_sees_nor_decides(still: PlaybackTown, name: str) -> None:
    """The matrix: no list, no asking, no opinion, no decision; an opinion is no approval (AC-05)."""
    browser = still.signed_in(name)
    assert browser.get("/erasures").code == "FORBIDDEN"
    for path, said in (("", ask()), ("/1/opinion", ADVICE), ("/1/approve", SEEN), ("/1/refuse", SEEN)):
        assert browser.post(f"/erasures{path}", said).code == "FORBIDDEN", path
    officer = still.signed_in(DPO)
    for path, said in (("", ask()), ("/1/approve", SEEN), ("/1/refuse", SEEN)):
        assert officer.post(f"/erasures{path}", said).code == "FORBIDDEN", path


def test_what_was_asked_on_the_page_is_not_carried_out_by_command(town: PlaybackTown) -> None:
    """Not before the opinion, nor once it was refused, withdrawn or forgotten: then the ledger says that it ended."""
    town.clock.advance(3 * 3600)
    rejected = [act.values["of"] for act in town.acts("reject")]
    for end in ("refuse", "withdraw", "expire"):
        number = asked(town, BRIDGE.camera)
        ask = town.staffing.four_eyes.one(number).what["ask"]
        assert isinstance(ask, int)
        early = by_command(town, ask)
        assert (early.status, "on the page" in early.text) == (409, True), early.text
        if end == "expire":
            town.clock.advance(8 * 86_400)
            town.people.tend()
        else:
            name, said = (OFFICER, SEEN) if end == "refuse" else (COMMANDER, {})
            assert town.signed_in(name).post(f"/erasures/{number}/{end}", said).status == 200
        for _ in range(2):
            town.erasures.tend(town.staffing.four_eyes.all(*ENDED))
        rejected.append(ask)
        assert [act.values["of"] for act in town.acts("reject")] == rejected, "each ask is ended once"
        late = by_command(town, ask)
        assert (late.status, "was refused or withdrawn" in late.text) == (409, True), late.text
