# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People over the API beyond their making: history, the end of a designation, agreements, one's own sessions."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from torrazzo.control_room.api.app import ROOT
from torrazzo.law import Role

WHY = "deciso in riunione di comando"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("people") / "town") as town:
        for name, role in (("ada.bianchi", Role.ADMIN), ("carla.neri", Role.DESIGNATO), ("dora.viola", Role.DPO)):
            town.somebody(name, role)
        yield town


@pytest.fixture(scope="module")
def admin(town: ApiTown) -> Browser:
    return town.signed_in("ada.bianchi")


@pytest.fixture(scope="module")
def commander(town: ApiTown) -> Browser:
    return town.signed_in("carla.neri")


def _by_two(admin: Browser, commander: Browser, wanted: dict[str, object]) -> Any:
    proposed = admin.post("/proposals", {"wanted": wanted, "reason": WHY})
    assert proposed.status == 200, proposed.body
    approved = commander.post(f"/proposals/{proposed.json()['number']}/approve", {"reason": WHY})
    assert approved.status == 200, approved.body
    return approved.json()


def _new(account: str, roles: list[str], **more: object) -> dict[str, object]:
    act = {"number": "31/2026", "date": "2026-11-20", "until": "2099-06-30"}
    person = {"name": account.replace(".", " ").title(), "account": account, "designation": act}
    return {"kind": "person.create", "person": person, "roles": roles, "groups": [], **more}


def _found(admin: Browser, account: str) -> Any:
    return next(each for each in admin.get("/people").json()["items"] if each["account"] == account)


def test_the_history_of_a_person_tells_each_change(town: ApiTown, admin: Browser, commander: Browser) -> None:
    """What changed, when, by whose hand and why, newest first; the DPO reads it too."""
    _by_two(admin, commander, _new("nora.serra", ["operator"]))
    id_ = _found(admin, "nora.serra")["id"]
    _by_two(admin, commander, {"kind": "person.roles", "person": id_, "roles": ["extractor"], "groups": []})
    _by_two(admin, commander, {"kind": "person.link", "person": id_, "is_all": False})
    town.clock.advance(1)
    _by_two(admin, commander, {"kind": "person.certify", "person": id_})
    admin.post(f"/people/{id_}/suspend", {"reason": "ha perso il telefono"})
    items = town.signed_in("dora.viola").get(f"/people/{id_}/history").json()["items"]
    assert [each["what"] for each in items] == [
        ["suspended"], ["certified"], ["link"], ["roles"], ["link"], ["roles"], ["created"],
    ]  # fmt: skip
    assert (items[0]["why"], items[0]["by"]["name"]) == ("ha perso il telefono", "Ada Bianchi")
    assert items[1]["by"]["name"] == "Carla Neri"
    assert admin.get("/people/nobody/history").code == "NOT_FOUND"


def test_an_ended_designation_comes_back_by_a_new_act_alone(admin: Browser, commander: Browser) -> None:
    """At once by one person, of others only; reinstating needs a new act before."""
    _by_two(admin, commander, _new("piero.ossi", ["operator"]))
    id_ = _found(admin, "piero.ossi")["id"]
    mine = admin.get("/me").json()["person"]["id"]
    assert admin.post(f"/people/{mine}/end", {"reason": WHY}).code == "SAME_PERSON"
    assert commander.post(f"/people/{id_}/end", {"reason": WHY}).code == "FORBIDDEN"
    assert admin.post(f"/people/{id_}/end", {"reason": " "}).code == "REASON_REQUIRED"
    ended = admin.post(f"/people/{id_}/end", {"reason": "in pensione da oggi"}).json()
    assert (ended["why"], ended["suspended"] is None) == ("ended", False)
    number = admin.post("/proposals", {"wanted": {"kind": "person.reinstate", "person": id_}, "reason": WHY})
    assert number.code == "DESIGNATION_ENDED"
    act = {"number": "40/2026", "date": "2026-11-25", "until": "2099-12-31"}
    _by_two(admin, commander, {"kind": "person.designate", "person": id_, "designation": act})
    _by_two(admin, commander, {"kind": "person.reinstate", "person": id_})
    assert admin.get(f"/people/{id_}").json()["suspended"] is None


def test_police_come_by_a_protocol(admin: Browser, commander: Browser) -> None:
    """Without one their account is not proposed; with a contract neither; the protocol itself is entered by two."""

    def code(agreement: str | None) -> str:
        wanted = _new("gino.stato", ["police"], agreement=agreement)
        return admin.post("/proposals", {"wanted": wanted, "reason": WHY}).code

    assert (code(None), code("nothing")) == ("AGREEMENT_REQUIRED", "NOT_VALID")
    said = {"kind": "person.agreement", "number": "7/2026", "until": "2099-12-31"}
    live = {"agreement": "protocol", "organisation": "Questura", "operations": ["live"]}
    _by_two(admin, commander, {**said, **live})
    _by_two(admin, commander, {**said, "agreement": "contract", "organisation": "Ditta", "operations": []})
    late = {**said, **live, "until": "2020-01-01"}
    assert admin.post("/proposals", {"wanted": late, "reason": WHY}).code == "NOT_VALID"
    ids = {each["kind"]: each["id"] for each in admin.get("/agreements").json()["items"]}
    assert code(ids["contract"]) == "AGREEMENT_REQUIRED"
    _by_two(admin, commander, _new("gino.stato", ["police"], agreement=ids["protocol"]))
    assert _found(admin, "gino.stato")["agreement"]["operations"] == ["live"]


def test_one_sees_from_where_one_signed_in(town: ApiTown) -> None:
    """One's own alone: the open one marked, those before with how they ended."""
    town.somebody("olga.rossi", Role.OPERATOR)
    first = town.signed_in("olga.rossi")
    first.ask("DELETE", f"{ROOT}/session")
    second = town.signed_in("olga.rossi")
    items = second.get("/me/sessions").json()["items"]
    assert [(each["method"], each["is_this"], each["why"]) for each in items][:2] == [
        ("code", True, None), ("code", False, "out"),
    ]  # fmt: skip
    assert {each["address"] for each in items[:2]} == {"127.0.0.1"}


def test_a_group_grows_by_two_and_shrinks_by_one(town: ApiTown, admin: Browser, commander: Browser) -> None:
    """New, wider or renamed it is proposed; fewer cameras go at once, for everybody who has it; each is a fact."""
    made = [_camera(admin, f"Gruppo {at}") for at in range(2)]
    wanted = {"kind": "person.group", "name": "Parco", "is_all": False, "cameras": made[:1]}
    before = len(town.acts("cfg"))
    _by_two(admin, commander, wanted)
    (group,) = [each for each in admin.get("/camera-groups").json()["items"] if each["name"] == "Parco"]
    assert (group["is_all"], group["cameras"]) == (False, made[:1])
    assert admin.post("/proposals", {"wanted": wanted, "reason": WHY}).code == "CONFLICT"
    path = f"/camera-groups/{group['id']}"
    assert admin.post(f"{path}/fewer", {"cameras": made, "reason": WHY}).code == "GROUP_BY_TWO"
    _by_two(admin, commander, {**wanted, "id": group["id"], "name": "Parchi", "cameras": made})
    assert admin.post(f"{path}/fewer", {"cameras": made[1:], "reason": " "}).code == "REASON_REQUIRED"
    assert commander.post(f"{path}/fewer", {"cameras": [], "reason": WHY}).code == "FORBIDDEN"
    fewer = admin.post(f"{path}/fewer", {"cameras": made[1:], "reason": "la telecamera è stata spostata"}).json()
    assert (fewer["name"], fewer["cameras"]) == ("Parchi", made[1:])
    assert admin.post(f"{path}/remove", {"reason": "il parco non c’è più"}).status == 204
    assert admin.post(f"{path}/remove", {"reason": WHY}).code == "NOT_FOUND"
    assert [act.values["what"] for act in town.acts("cfg")[before:]] == ["camera-group"] * 4
    for wrong in ({"name": " "}, {"cameras": ["0" * 16]}, {"is_all": True}, {"id": "f" * 16}):
        answer = admin.post("/proposals", {"wanted": {**wanted, **wrong}, "reason": WHY})
        assert answer.code in {"NOT_VALID", "NOT_FOUND"}, wrong


def test_an_agreement_is_renewed_by_two_and_ended_by_one(town: ApiTown, admin: Browser, commander: Browser) -> None:
    """Renewed it keeps its people; ended it is over at once, and a firm's people are suspended; each is a fact."""
    said = {"kind": "person.agreement", "agreement": "contract", "organisation": "Ditta Due", "operations": []}
    _by_two(admin, commander, {**said, "number": "8/2026", "until": "2099-12-31"})
    (found,) = [each for each in admin.get("/agreements").json()["items"] if each["organisation"] == "Ditta Due"]
    _by_two(admin, commander, _new("tino.ditta", ["technician"], agreement=found["id"]))
    other = {**said, "id": found["id"], "number": "9/2026", "until": "2098-12-31"}
    _by_two(admin, commander, other)
    assert _found(admin, "tino.ditta")["agreement"]["number"] == "9/2026"
    wrong = {**other, "agreement": "protocol", "operations": ["live"]}
    assert admin.post("/proposals", {"wanted": wrong, "reason": WHY}).code == "NOT_VALID"
    assert admin.post("/proposals", {"wanted": {**other, "id": "f" * 16}, "reason": WHY}).code == "NOT_VALID"
    before = len(town.acts("cfg"))
    path = f"/agreements/{found['id']}/end"
    assert commander.post(path, {"reason": WHY}).code == "FORBIDDEN"
    assert admin.post(path, {"reason": "il contratto è risolto"}).json()["until"] < "2098-12-31"
    assert _found(admin, "tino.ditta")["why"] == "ended"
    assert [act.values["what"] for act in town.acts("cfg")[before:]] == ["agreement", "person"]
    assert admin.post(path, {"reason": WHY}).code == "NOT_NOW"
    assert admin.post("/agreements/nothing/end", {"reason": WHY}).code == "NOT_FOUND"


def _camera(browser: Browser, name: str) -> str:
    body = {"name": name, "url": "rtsp://127.0.0.1:9/x", "synthetic": True}
    return str(browser.post("/cameras", body).json()["id"])
