# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of alarms over the API: who sees what of it, notice that is a fact, hand-over from shift to shift."""

from collections.abc import Iterator

import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.access.staff import By
from torrazzo.control_room.judge import judge
from torrazzo.control_room.state import town_state
from torrazzo.health import Finding, Judged
from torrazzo.law import Role
from torrazzo.town.camera import new_camera_id
from torrazzo.town.home import load_settings
from torrazzo.town.office import new_camera

WHY = "presa di servizio al turno serale"
OWNER = By("unix:root", "set-up of a test")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("alarms") / "town") as town:
        town.somebody("ada.bianchi", Role.ADMIN)
        town.somebody("dino.rossi", Role.DESIGNATO)
        town.somebody("olga.verdi", Role.OPERATOR)
        town.somebody("piero.neri", Role.OPERATOR)
        yield town


@pytest.fixture(autouse=True)
def over(town: ApiTown) -> Iterator[None]:
    """What a test made is no other's."""
    yield
    lasts(town)
    for alarm in town.alarms.queued():
        account = town.staffing.accounts.named("ada.bianchi")
        if alarm.taken is None:
            town.alarms.acknowledge(By(account.name, "ends the test", None, account.id), alarm.number)
    town.clock.advance(3600 * 5)
    lasts(town)


def lasts(town: ApiTown, *findings: Finding) -> None:
    for _ in range(10):
        town.clock.advance(2)
        town.alarms.judge(Judged(findings))


def working(town: ApiTown, name: str) -> Browser:
    browser = town.signed_in(name)
    if browser.get("/shift").json()["current"] is None:
        assert browser.post("/shift", {"reason": WHY}).status == 200
    return browser


def test_an_alarm_is_seen_taken_and_noted(town: ApiTown) -> None:
    """With its place, since when and by whom; acknowledged once, with the note; each step is a fact."""
    olga = working(town, "olga.verdi")
    lasts(town, Finding("witness-away", "provincia", "provincia", 2, "", {"why": "refused"}, "away"))
    (alarm,) = olga.get("/alarms").json()["items"]
    assert (alarm["code"], alarm["name"], alarm["state"], alarm["priority"]) == ("witness-away", "provincia", "new", 2)
    assert alarm["values"] == {"why": "refused"}
    taken = olga.post(f"/alarms/{alarm['id']}/acknowledge", {"note": "chiamata la provincia"}).json()
    assert (taken["state"], taken["taker"]["name"]) == ("acknowledged", "Olga Verdi")
    assert [(note["what"], note["text"]) for note in taken["notes"]] == [("acknowledged", "chiamata la provincia")]
    assert olga.post(f"/alarms/{alarm['id']}/acknowledge").code == "ALARM_TAKEN"
    assert olga.post(f"/alarms/{alarm['id']}/note", {"note": "  "}).json()["fields"].keys() == {"note"}
    noted = olga.post(f"/alarms/{alarm['id']}/note", {"note": "richiamano alle 18"}).json()
    assert [note["what"] for note in noted["notes"]] == ["acknowledged", "note"]
    assert olga.post("/alarms/424242/acknowledge").code == "NOT_FOUND"
    told = [act.values for act in town.acts("alarm") if act.values["number"] == int(alarm["id"])]
    assert [each["what"] for each in told] == ["acknowledged", "note"]
    lasts(town)
    assert olga.get("/alarms").json()["items"] == []
    assert [each["id"] for each in olga.get("/alarms/past").json()["items"]][:1] == [alarm["id"]]


def test_without_a_shift_nobody_takes_notice_and_some_only_look(town: ApiTown) -> None:
    """§4: an operator with a shift, who commands, who administers; others do not."""
    lasts(town, Finding("books", priority=1))
    piero = town.signed_in("piero.neri")
    (alarm,) = piero.get("/alarms").json()["items"]
    assert piero.post(f"/alarms/{alarm['id']}/acknowledge").code == "SHIFT_REQUIRED"
    assert town.signed_in("ada.bianchi").post(f"/alarms/{alarm['id']}/acknowledge").status == 200


def test_notice_is_taken_while_the_ledger_is_away(town: ApiTown) -> None:
    """That it is away is an alarm itself; it hears of it later."""
    dino = town.signed_in("dino.rossi")
    lasts(town, Finding("ledger-down", priority=1))
    (alarm,) = dino.get("/alarms").json()["items"]
    town.stop_ledger()
    assert dino.post(f"/alarms/{alarm['id']}/acknowledge").json()["state"] == "acknowledged"
    town.start_ledger()
    town.people.tend()
    assert int(alarm["id"]) in {act.values["number"] for act in town.acts("alarm")}


def test_one_list_for_the_system_and_the_queue(town: ApiTown) -> None:
    """The state of the system tells the same alarms, without what people said of them."""
    lasts(town, Finding("books", priority=1, values={"text": "1 fact"}, text="1 fact"))
    ada = town.signed_in("ada.bianchi")
    (alarm,) = ada.get("/alarms").json()["items"]
    ada.post(f"/alarms/{alarm['id']}/acknowledge", {"note": "cerco la copia"})
    queued, told = ada.get("/alarms").json()["items"], ada.get("/system").json()["alarms"]
    assert [{**each, "notes": []} for each in queued] == told


def test_alarms_of_cameras_are_for_who_has_to_do_with_them(town: ApiTown) -> None:
    """An operator of some cameras sees their alarms, and in one of many cameras their part."""
    cameras = [town.office.add(new_camera(new_camera_id(), f"Via {number}", [])) for number in range(6)]
    elsa, few = "elsa.gialli", frozenset(str(camera.id) for camera in cameras[:2])
    town.somebody(elsa, Role.OPERATOR)
    group = town.staffing.groups.save(CameraGroup("", "Sud", False, few), OWNER).value
    town.staffing.accounts.give(town.staffing.accounts.named(elsa).id, {Role.OPERATOR}, {group.id}, OWNER)
    browser = working(town, elsa)
    lost = [Finding("camera-lost", str(each.id), each.name, 1, "away") for each in cameras]
    lasts(town, lost[0], lost[5])
    mine = {each["name"]: each["id"] for each in browser.get("/alarms").json()["items"]}
    everything = {each["name"]: each["id"] for each in town.signed_in("ada.bianchi").get("/alarms").json()["items"]}
    assert (set(mine), set(everything)) == ({"Via 0"}, {"Via 0", "Via 5"})
    assert browser.post(f"/alarms/{everything['Via 5']}/acknowledge").code == "NOT_FOUND"
    lasts(town)
    town.clock.advance(5 * 3600)
    browser = working(town, elsa)
    lasts(town, *lost)
    (storm,) = [each for each in browser.get("/alarms").json()["items"] if each["code"] == "cameras-lost"]
    assert [member["name"] for member in storm["members"]] == ["Via 0", "Via 1"]
    assert storm["values"]["count"] == storm["values"]["all"] == 2
    assert storm["text"] == "2 of 2 places: Via 0, Via 1"


def test_who_has_some_cameras_is_told_the_state_of_those_alone(town: ApiTown) -> None:
    """AC-02: names, places and gaps of other cameras stand neither in the list nor in the state of the system."""
    mine, _ = (town.office.add(new_camera(new_camera_id(), name, [])) for name in ("Viale Uno", "Viale Due"))
    town.somebody("ines.blu", Role.OPERATOR)
    group = town.staffing.groups.save(CameraGroup("", "Uno", False, frozenset({str(mine.id)})), OWNER).value
    town.staffing.accounts.give(town.staffing.accounts.named("ines.blu").id, {Role.OPERATOR}, {group.id}, OWNER)
    ines, ada = town.signed_in("ines.blu"), town.signed_in("ada.bianchi")
    assert [each["name"] for each in ines.get("/cameras").json()["items"]] == ["Viale Uno"]
    assert [each["name"] for each in ines.get("/system").json()["cameras"]] == ["Viale Uno"]
    assert {"Viale Uno", "Viale Due"} <= {each["name"] for each in ada.get("/system").json()["cameras"]}


def test_open_alarms_are_handed_over(town: ApiTown) -> None:
    """Who closes has seen all, who opens takes them: both stand beside each alarm; what was not shown is refused."""
    olga = working(town, "olga.verdi")
    lasts(town, Finding("disk-away", "/srv/video2", "/srv/video2", 1))
    assert olga.post("/shift/close", {"note": "disco 2 assente", "alarms": []}).code == "ALARMS_CHANGED"
    numbers = [int(each["id"]) for each in olga.get("/alarms").json()["items"]]
    closed = olga.post("/shift/close", {"note": "disco 2 assente", "alarms": numbers})
    assert closed.json()["current"] is None
    piero = town.signed_in("piero.neri")
    assert piero.get("/shift").json()["previous"]["note"] == "disco 2 assente"
    assert piero.post("/shift", {"reason": WHY, "alarms": numbers}).status == 200
    (alarm,) = piero.get("/alarms").json()["items"]
    assert [(note["what"], note["person"]["name"]) for note in alarm["notes"]] == [
        ("left", "Olga Verdi"),
        ("took", "Piero Neri"),
    ]
    assert piero.post("/shift/close", {"note": ""}).status == 200


def test_who_sees_no_alarms_sees_none_in_the_state_of_the_system(town: ApiTown) -> None:
    """AC-02: neither what is wrong nor who has taken notice of it."""
    lasts(town, Finding("books", priority=1, values={"text": "1 fact"}, text="1 fact"))
    town.somebody("aldo.conti", Role.AUDITOR)
    aldo, ada = town.signed_in("aldo.conti"), town.signed_in("ada.bianchi")
    assert aldo.get("/alarms").code == "FORBIDDEN"
    assert aldo.get("/system").json()["alarms"] == []
    assert [alarm["code"] for alarm in ada.get("/system").json()["alarms"]] == ["books"]


def test_a_damaged_file_names_cameras_to_who_has_all_of_them(town: ApiTown) -> None:
    """AC-02: to others it is told without names, in the queue, in the state of the system and when it is over."""
    mine, other = (town.office.add(new_camera(new_camera_id(), name, [])) for name in ("Largo Uno", "Largo Due"))
    town.somebody("lina.viola", Role.OPERATOR)
    group = town.staffing.groups.save(CameraGroup("", "Largo", False, frozenset({str(mine.id)})), OWNER).value
    town.staffing.accounts.give(town.staffing.accounts.named("lina.viola").id, {Role.OPERATOR}, {group.id}, OWNER)

    def found(number: int, *streams: str) -> Finding:
        file = {"log": "rec", "file": f"tile/entries/{number:03}", "first": 3, "last": 4, "streams": ",".join(streams)}
        ledger = {"state": "running", "damaged": {"files": [file], "anchors": []}}
        state = town_state(load_settings(town.home), town.cameras(), None, lambda *_: (), town.clock.utc(), ledger)
        return next(each for each in judge(state).findings if each.code == "ledger-file")

    lasts(town, found(0, f"{mine.id}/main"), found(1, f"{mine.id}/main", f"{other.id}/sub"))
    lina, ada = town.signed_in("lina.viola"), town.signed_in("ada.bianchi")
    for path, items in (("/alarms", "items"), ("/system", "alarms")):
        hers = {alarm["place"]: alarm for alarm in lina.get(path).json()[items]}
        assert ["Largo Uno" in alarm["text"] for alarm in hers.values()] == [True, False]
        assert ["Largo Uno" in str(alarm["values"]["about"]) for alarm in hers.values()] == [True, False]
        assert "entries 3 to 4" in hers["rec/tile/entries/001"]["text"]
        assert "Largo Due" not in str(hers)
        assert str(other.id) not in str(hers)
        assert "Largo Due" in str(ada.get(path).json()[items])
    lasts(town)
    assert "Largo Due" not in str(lina.get("/alarms/past").json()["items"])
