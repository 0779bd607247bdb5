# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""AC-07 and MN-02 over the API: technicians under an operator's eyes, and one picture of a camera as it is now."""

import base64
import io
from collections.abc import Iterator

import av
import pytest

from tests.tools.api_town import Answered, ApiTown, Browser
from tests.tools.officials import ADMIN, COMMANDER, OFFICER, OPERATOR, officials_town, state, waiting
from tests.tools.onvif_camera import PASSWORD, USER, filming
from tests.tools.staffed import OWNER
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.control_room.api.app import DECLARED, ROOT
from torrazzo.control_room.picture_desk import REST_NS, TEST
from torrazzo.law import Operation, Role
from torrazzo.law.roles import TABLE

WORK = "si pulisce la cupola e si rimette a fuoco"
LEFT = "pulita, inquadratura come prima"
DRAW = "si disegnano le maschere prima di registrare"
TECHNICIAN = "carlo.ferri"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    """The operator and the technician have all cameras, the operator is on shift."""
    with officials_town(tmp_path_factory.mktemp("supervisions") / "town") as town:
        every = town.staffing.groups.save(CameraGroup("", "ditta", True, frozenset()), OWNER).value.id
        town.somebody(TECHNICIAN, Role.TECHNICIAN, agreement=town.agreement("contract").id)
        for name, role in ((OPERATOR, Role.OPERATOR), (TECHNICIAN, Role.TECHNICIAN)):
            account = town.staffing.accounts.named(name)
            town.people.told(town.staffing.accounts.give(account.id, {role}, {every}, OWNER))
        assert town.signed_in(OPERATOR).post("/shift", {"reason": "servizio di sala del mattino"}).status == 200
        yield town


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with filming() as camera:
        yield camera.url


def filmed(town: ApiTown, name: str, url: str, dpia: str = "DPIA 3/2026") -> str:
    """A real camera that waits, and answers."""
    id_ = waiting(town, name, url=url, user=USER, password=PASSWORD)
    assert state(town.signed_in(COMMANDER), id_, dpia=dpia).status == 200
    return id_


def viewed(town: ApiTown, browser: Browser, id_: str, reason: str = DRAW) -> Answered:
    town.clock.advance(REST_NS // 10**9)
    return browser.post(f"/cameras/{id_}/view", {"reason": reason})


def opened(town: ApiTown, id_: str, hours: int = 1) -> Answered:
    technician = town.staffing.accounts.named(TECHNICIAN).id
    said = {"technician": technician, "cameras": [id_], "hours": hours, "reason": WORK}
    return town.signed_in(OPERATOR).post("/supervisions", said)


def closed(town: ApiTown, number: str) -> None:
    answer = town.signed_in(OPERATOR).post(f"/supervisions/{number}/close", {"outcome": LEFT})
    assert answer.json()["items"] == [], answer.body


def size(view: Answered) -> tuple[int, int]:
    with av.open(io.BytesIO(base64.b64decode(view.json()["jpeg"]))) as found:
        return found.streams.video[0].width, found.streams.video[0].height


def test_who_decides_what_is_hidden_sees_the_camera_before_it_records(town: ApiTown, url: str) -> None:
    """A picture of a camera that waits, in its size, for who commands and who confirms; its facts are in the ledger."""
    id_ = filmed(town, "Vista Uno", url)
    for name in (COMMANDER, OFFICER):
        before = len(town.acts("live", "close"))
        found = viewed(town, town.signed_in(name), id_)
        assert (found.status, found.json().get("is_test")) == (200, False), found.body
        assert size(found) == (320, 192)
        live, close = town.acts("live", "close")[before:]
        assert (live.values["purpose"], live.values["streams"]) == ("check", [f"{id_}/main"])
        assert [each["stream"] for each in close.values["shown"]] == [f"{id_}/main"]
        assert close.values["why"] == "done"


def test_no_picture_without_reason_assessment_or_right(town: ApiTown, url: str) -> None:
    """GV-01, LG-02, AC-03: refused, and the camera is not asked; who administers or operates has no such right."""
    id_ = filmed(town, "Vista Due", url, dpia="")
    commander, before = town.signed_in(COMMANDER), len(town.acts("live"))
    refused = viewed(town, commander, id_)
    assert (refused.status, refused.code, refused.json()["clause"]) == (409, "CAMERA_NOT_LAWFUL", "GV-01")
    assert refused.json()["missing"] == ["dpia"]
    state(commander, id_)
    assert viewed(town, commander, id_, "boh").code == "REASON_REQUIRED"
    for name in (ADMIN, OPERATOR):
        assert viewed(town, town.signed_in(name), id_).code == "FORBIDDEN"
    commander = town.signed_in(COMMANDER)
    assert viewed(town, commander, "0" * 16).code == "NOT_FOUND"
    commander.post("/room/curtain", {"drawn": True})
    assert viewed(town, commander, id_).code == "CURTAIN_DRAWN"
    commander.post("/room/curtain", {"drawn": False})
    assert len(town.acts("live")) == before


def test_a_camera_that_is_away_is_told_without_its_password(town: ApiTown) -> None:
    """What it says is told without its password, and the closing fact says that nothing was shown."""
    id_ = filmed(town, "Vista Tre", "rtsp://127.0.0.1:9/x")
    refused = viewed(town, town.signed_in(COMMANDER), id_)
    assert (refused.status, refused.code) == (409, "CAMERA_AWAY")
    assert PASSWORD not in refused.body.decode()
    assert town.acts("close")[-1].values["shown"] == []


def test_a_technician_sees_a_coarse_picture_under_eyes_and_nothing_else(town: ApiTown, url: str) -> None:
    """AC-07: nothing without a session; in it 64 pixels wide, one in five seconds; playback and live are 403."""
    id_ = filmed(town, "Vista Quattro", url)
    technician = town.signed_in(TECHNICIAN)
    assert viewed(town, technician, id_).code == "SUPERVISION_REQUIRED"
    assert technician.get("/me/supervision").json() == {"supervision": None}
    number = opened(town, id_).json()["id"]
    technician = town.signed_in(TECHNICIAN)
    assert technician.get("/me/supervision").json()["supervision"]["operator"]["name"] == "Olga Verdi"
    found = viewed(town, technician, id_, "")
    assert (found.status, found.json().get("is_test")) == (200, True), found.body
    assert size(found)[0] == TEST
    assert technician.post(f"/cameras/{id_}/view", {}).code == "TOO_BUSY"
    now = "2026-11-26T10:00:00.000Z"
    look = {"cameras": [id_], "from": now, "to": now, "purpose": "check", "reason": WORK}
    for path, said in (("/live", {"cameras": [id_]}), ("/looks", look)):
        refused = technician.post(path, said)
        assert (refused.status, refused.code, refused.json()["clause"]) == (403, "FORBIDDEN", "AC-07")
    town.signed_in(OPERATOR).post("/shift/close", {"note": ""})
    assert viewed(town, technician, id_, "").code == "SUPERVISION_REQUIRED"
    operator = town.signed_in(OPERATOR)
    (alone,) = operator.get("/supervisions").json()["items"]
    assert alone["state"] == "alone"
    assert operator.post(f"/supervisions/{number}/take").code == "SHIFT_REQUIRED"
    operator.post("/shift", {"reason": "servizio di sala del pomeriggio"})
    assert operator.post(f"/supervisions/{number}/take").json()["state"] == "open"
    assert viewed(town, technician, id_, "").status == 200
    closed(town, number)
    assert viewed(town, technician, id_, "").code == "SUPERVISION_REQUIRED"


def test_settings_are_a_technicians_for_the_cameras_of_the_session(town: ApiTown, url: str) -> None:
    """AC-07: one camera is set and probed; another one is not, nor is one added, removed or searched for."""
    id_, other = filmed(town, "Vista Cinque", url), filmed(town, "Vista Sei", url)
    technician, place = town.signed_in(TECHNICIAN), {"place": "palo 12"}
    change = f"/api/v1/cameras/{id_}"
    assert technician.ask("PATCH", change, place).code == "SUPERVISION_REQUIRED"
    number = opened(town, id_).json()["id"]
    technician = town.signed_in(TECHNICIAN)
    assert technician.ask("PATCH", change, place).json()["place"] == "palo 12"
    assert technician.post("/camera-probes", {"camera": id_}).status == 200
    for path in (f"/cameras/{other}", f"/cameras/{other}/sectors"):
        assert technician.get(path).code == "SUPERVISION_REQUIRED"
    assert technician.post("/camera-probes", {"camera": other}).code == "SUPERVISION_REQUIRED"
    new = {"name": "Nuova", "url": url, "synthetic": True}
    for path, said in (("/cameras", new), ("/camera-searches", {"at": ""}), ("/camera-probes", {"url": url})):
        assert technician.post(path, said).code == "OUT_OF_SCOPE", path
    assert technician.ask("DELETE", change).code == "OUT_OF_SCOPE"
    assert technician.post("/me/supervision/end").json() == {"supervision": None}
    assert technician.ask("PATCH", change, place).code == "SUPERVISION_REQUIRED"
    register = town.signed_in(COMMANDER).get("/room/register").json()["items"]
    entry = next(each for each in register if each["kind"] == "supervision" and each["id"] == number)
    assert (entry["person"]["name"], entry["why"]) == ("Olga Verdi", "left")
    assert entry["text"] == f"Carlo Ferri: {WORK}"


def test_states_are_a_technicians_for_the_cameras_of_the_session(town: ApiTown, url: str) -> None:
    """AC-07: outside of it no name, place, mask nor state of any camera; in it those of its cameras; no alarms."""
    id_, other = filmed(town, "Vista Otto", url), filmed(town, "Vista Nove", url)
    lists = ("/cameras", "/masks", "/system", "/map", "/walls")
    ones = ("masks", "file", "policy", "sectors", "turning")
    shown = {"layout": "1", "cells": [{"cameras": [other], "every_s": 10}], "every_s": None}
    shared = {"name": "Vista di tutti", "shared": True, "arrangement": shown}
    assert town.signed_in(COMMANDER).post("/walls", shared).status == 200
    technician = town.signed_in(TECHNICIAN)
    for path in (*lists, *(f"/cameras/{id_}/{end}" for end in ones)):
        assert technician.get(path).code == "SUPERVISION_REQUIRED", path
    number = opened(town, id_).json()["id"]
    technician = town.signed_in(TECHNICIAN)
    assert [each["id"] for each in technician.get("/cameras").json()["items"]] == [id_]
    assert [each["camera"] for each in technician.get("/masks").json()["items"]] == [id_]
    state = technician.get("/system").json()
    assert ([each["id"] for each in state["cameras"]], state["alarms"]) == ([id_], [])
    assert technician.get("/walls").json()["items"] == []
    for end in ("masks", "file", "policy"):
        assert technician.get(f"/cameras/{id_}/{end}").status == 200, end
    for end in ones:
        assert technician.get(f"/cameras/{other}/{end}").code == "SUPERVISION_REQUIRED", end
    for path in ("/alarms", "/alarms/past"):
        assert technician.get(path).code == "FORBIDDEN", path
    town.signed_in(OPERATOR).post("/shift/close", {"note": ""})
    assert technician.get("/cameras").code == "SUPERVISION_REQUIRED"
    town.signed_in(OPERATOR).post("/shift", {"reason": "servizio di sala della sera"})
    closed(town, number)
    assert technician.get("/system").code == "SUPERVISION_REQUIRED"


def test_only_an_operator_on_shift_opens_one(town: ApiTown, url: str) -> None:
    """Who commands, who administers and the technician do not; nor for more than four hours, or for nobody."""
    id_ = filmed(town, "Vista Sette", url)
    technician = town.staffing.accounts.named(TECHNICIAN).id
    said = {"technician": technician, "cameras": [id_], "hours": 1, "reason": WORK}
    for name in (COMMANDER, ADMIN, TECHNICIAN, OFFICER):
        assert town.signed_in(name).post("/supervisions", said).code == "FORBIDDEN"
    assert opened(town, id_, 5).code == "NOT_VALID"
    assert opened(town, "0" * 16).code == "NOT_FOUND"
    operator = town.signed_in(OPERATOR)
    (offered,) = operator.get("/supervisions").json()["technicians"]
    assert (offered["id"], offered["firm"], id_ in offered["cameras"]) == (technician, "Questura", True)
    olga = town.staffing.accounts.named(OPERATOR).id
    assert operator.post("/supervisions", {**said, "technician": olga}).code == "NO_TECHNICIAN"
    assert operator.post("/supervisions/999999/take").code == "NOT_FOUND"
    assert operator.post("/supervisions/999999/close", {"outcome": LEFT}).code == "NOT_NOW"


def test_a_technician_comes_where_the_matrix_lets_one(town: ApiTown) -> None:
    """AC-02, AC-07: all routes that are an operation: who has a cell gets another answer than 403 FORBIDDEN."""
    browser = town.signed_in(TECHNICIAN)
    for route in DECLARED:
        if isinstance(route.permission, Operation):
            path = route.path.replace("{id}", "nobody").replace("{number}", "999999")
            answer = browser.ask(route.method, ROOT + path, None if route.method == "GET" else {})
            is_problem = answer.headers.get("content-type") == "application/problem+json"
            is_refused = is_problem and answer.code == "FORBIDDEN"
            assert is_refused is (Role.TECHNICIAN not in TABLE[route.permission]), (route.method, route.path)
