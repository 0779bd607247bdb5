# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""MN-04 over the API: who administers says where a camera may look, by numbers or by where it looks now; no picture."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.api_town import Answered, ApiTown, Browser, api_town
from tests.tools.staffed import OWNER
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.law import Role
from torrazzo.testing.onvif import FakeOnvif, Traits

MIDDLE = {"left": -0.4, "right": 0.4, "bottom": -0.2, "top": 0.2, "zoom": 0.5}


@pytest.fixture(scope="module")
def device() -> Iterator[FakeOnvif]:
    with FakeOnvif().running() as device:
        yield device


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("sectors") / "town") as town:
        every = town.staffing.groups.save(CameraGroup("", "tutte", True, frozenset()), OWNER).value.id
        town.somebody("ada.bianchi", Role.ADMIN)
        town.somebody("olga.verdi", Role.OPERATOR)
        olga = town.staffing.accounts.named("olga.verdi")
        town.people.told(town.staffing.accounts.give(olga.id, {Role.OPERATOR}, {every}, OWNER))
        yield town


@pytest.fixture
def admin(town: ApiTown) -> Browser:
    return town.signed_in("ada.bianchi")


def added(browser: Browser, name: str, device: FakeOnvif | None) -> str:
    said: dict[str, object] = {"name": name, "url": "rtsp://127.0.0.1:9/x", "synthetic": True}
    if device is not None:
        said["device"] = f"http://{device.where}/onvif/device_service"
    return str(browser.post("/cameras", said).json()["id"])


def declare(browser: Browser, id_: str, *sectors: Any, **said: object) -> Answered:
    return browser.ask("PUT", f"/api/v1/cameras/{id_}/sectors", {"sectors": list(sectors), **said})


def test_a_camera_is_turned_once_its_sectors_are_declared(town: ApiTown, admin: Browser, device: FakeOnvif) -> None:
    """Nobody turns it before; the change is a fact; then an operator turns it within what was said, and no further."""
    id_ = added(admin, "Settori Uno", device)
    assert admin.get(f"/cameras/{id_}/sectors").json()["sectors"] == []
    operator = town.signed_in("olga.verdi")
    move = {"wanted": {"kind": "move", "pan": 0.2, "seconds": 0.5}}
    assert operator.post(f"/cameras/{id_}/turning", move).code == "TURNING_UNDECLARED"
    before = len(town.acts("cfg"))
    kept = declare(admin, id_, MIDDLE, full_speed=1.0)
    assert kept.json() == {"sectors": [MIDDLE], "is_endless": False, "full_speed": 1.0, "home": None}
    assert admin.get(f"/cameras/{id_}/sectors").json() == kept.json()
    assert [act.values["what"] for act in town.acts("cfg")[before:]] == ["camera"]
    (listed,) = [each for each in operator.get("/cameras").json()["items"] if each["id"] == id_]
    assert listed["turns"] is True
    device.pose = (0.0, 0.0, 0.0)
    assert operator.post(f"/cameras/{id_}/turning", move).status == 204
    assert operator.post(f"/cameras/{id_}/turning", {"wanted": {**move["wanted"], "pan": 1}}).code == "OUT_OF_SECTOR"
    assert declare(admin, id_).json()["sectors"] == []
    assert operator.post(f"/cameras/{id_}/turning", move).code == "TURNING_UNDECLARED"


def test_where_it_looks_now_is_told_as_numbers(admin: Browser, device: FakeOnvif) -> None:
    """The way to a corner for who sees no picture: pose and presets, from a camera of which nothing is declared yet."""
    id_ = added(admin, "Settori Due", device)
    device.pose, before = (0.25, -0.5, 0.125), len(device.operations)
    found = admin.get(f"/cameras/{id_}/pose").json()
    assert (found["pan"], found["tilt"], found["zoom"]) == (0.25, -0.5, 0.125)
    assert ("Piazza", 0.5) in [(preset["name"], preset["pan"]) for preset in found["presets"]]
    assert not {"GetSnapshotUri", "ContinuousMove", "AbsoluteMove"} & set(device.operations[before:])


def test_home_lies_within_the_sectors(admin: Browser, device: FakeOnvif) -> None:
    """The present pose is kept in the camera as a preset, once, if it may be looked at; a named preset likewise."""
    id_ = added(admin, "Settori Tre", device)
    assert admin.post(f"/cameras/{id_}/home").code == "TURNING_UNDECLARED"
    declare(admin, id_, MIDDLE)
    device.pose, before = (0.9, 0.0, 0.0), len(device.operations)
    assert admin.post(f"/cameras/{id_}/home").code == "HOME_OUTSIDE"
    assert "SetPreset" not in device.operations[before:]
    device.pose = (0.1, 0.1, 0.1)
    home = admin.post(f"/cameras/{id_}/home").json()["home"]
    assert device.presets[home] == ("Torrazzo", (0.1, 0.1, 0.1))
    assert admin.post(f"/cameras/{id_}/home").json()["home"] == home
    for wrong in ("1", "no such"):
        assert declare(admin, id_, MIDDLE, home=wrong).code == "HOME_OUTSIDE"
    assert declare(admin, id_, {**MIDDLE, "left": 0.2}, home=home).code == "HOME_OUTSIDE"
    assert declare(admin, id_, MIDDLE, home=home).json()["home"] == home


def test_what_cannot_be_is_refused_and_changes_nothing(town: ApiTown, admin: Browser, device: FakeOnvif) -> None:
    """Sectors that are turned over, a device that is not named or not there, and people who do not configure."""
    id_, bare = added(admin, "Settori Quattro", device), added(admin, "Settori Cinque", None)
    declare(admin, id_, MIDDLE)
    assert declare(admin, id_, {**MIDDLE, "right": -0.5}).json()["fields"].keys() == {"sectors"}
    assert declare(admin, id_, {**MIDDLE, "zoom": 2}).code == "NOT_VALID"
    assert declare(admin, id_, *[MIDDLE] * 17).code == "NOT_VALID"
    assert admin.get(f"/cameras/{bare}/pose").code == "TURNING_NONE"
    with FakeOnvif(Traits(has_ptz=False)).running() as still:
        stands = added(admin, "Settori Sei", still)
        assert admin.get(f"/cameras/{stands}/pose").code == "CAMERA_AWAY"
    operator = town.signed_in("olga.verdi")
    for method, path in (("PUT", "sectors"), ("GET", "sectors"), ("GET", "pose"), ("POST", "home")):
        answer = operator.ask(method, f"/api/v1/cameras/{id_}/{path}", None if method == "GET" else {})
        assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert admin.get(f"/cameras/{id_}/sectors").json()["sectors"] == [MIDDLE]
