# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""MN-04 over the API: a camera turns within its sectors, each move a fact before it is sent, and back by itself."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from tests.tools.page_seen import until
from tests.tools.staffed import OWNER
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.base.ids import StreamId
from torrazzo.law import Role
from torrazzo.testing.onvif import FakeOnvif
from torrazzo.town.bounds import Bounds, Sector
from torrazzo.town.camera import Camera, StreamConfig, new_camera_id
from torrazzo.town.office import new_camera

MIDDLE = Bounds((Sector(-0.4, 0.4, -0.2, 0.2, 0.5),), full_speed=1.0, home="9")


@pytest.fixture(scope="module")
def device() -> Iterator[FakeOnvif]:
    with FakeOnvif().running() as device:
        device.presets["9"] = ("Casa", (0.1, 0.0, 0.0))
        yield device


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("turning") / "town") as town:
        every = town.staffing.groups.save(CameraGroup("", "tutte", True, frozenset()), OWNER).value.id
        for name, role in (("olga.verdi", Role.OPERATOR), ("ada.bianchi", Role.ADMIN), ("ida.neri", Role.OPERATOR)):
            town.somebody(name, role)
        olga = town.staffing.accounts.named("olga.verdi")
        town.people.told(town.staffing.accounts.give(olga.id, {Role.OPERATOR}, {every}, OWNER))
        yield town


def turning(town: ApiTown, device: FakeOnvif, name: str, bounds: Bounds | None = MIDDLE) -> Camera:
    id_ = new_camera_id()
    stream = StreamConfig(StreamId(id_, "main"), "rtsp://127.0.0.1:9/x")
    made = new_camera(id_, name, [stream], synthetic=True)
    return town.office.add(replace(made, device=f"http://{device.where}/onvif/device_service", bounds=bounds))


def ask(browser: Browser, camera: Camera, **wanted: object) -> Any:
    return browser.post(f"/cameras/{camera.id}/turning", {"wanted": wanted})


def test_a_move_within_the_sectors_is_told_and_done(town: ApiTown, device: FakeOnvif) -> None:
    """The fact names the camera, and stands in the ledger before the camera is asked to move; presets likewise."""
    camera, browser = turning(town, device, "Gira Uno"), town.signed_in("olga.verdi")
    device.pose = (0.0, 0.0, 0.0)
    state = browser.get(f"/cameras/{camera.id}/turning").json()
    assert (state["pan"], state["sectors"][0]["zoom"], state["home"]) == (0.0, 0.5, "9")
    assert [preset["name"] for preset in state["presets"]] == ["Piazza", "Via Roma", "Casa"]
    before = len(town.acts("turn"))
    assert ask(browser, camera, kind="move", pan=0.2, seconds=1).status == 204
    assert device.pose[0] == pytest.approx(0.2)
    assert ask(browser, camera, kind="stop").status == 204
    assert ask(browser, camera, kind="preset", preset="9").status == 204
    told = town.acts("turn")[before:]
    assert [act.values["what"] for act in told] == ["move", "stop", "preset"]
    assert {tuple(act.values["streams"]) for act in told} == {(f"{camera.id}/main",)}


def test_what_lies_outside_is_refused_and_nothing_is_sent(town: ApiTown, device: FakeOnvif) -> None:
    """Too far, too close, a preset outside: 403 with its clause, a fact of it, and the camera hears nothing."""
    camera, browser = turning(town, device, "Gira Due"), town.signed_in("olga.verdi")
    device.pose = (0.0, 0.0, 0.0)
    before, moves = len(town.acts("deny")), len(town.acts("turn"))
    for wanted in (
        {"kind": "move", "pan": 1.0, "seconds": 1.0},
        {"kind": "move", "zoom": 1.0, "seconds": 0.9},
        {"kind": "preset", "preset": "1"},
        {"kind": "preset", "preset": "no such"},
    ):
        answer = ask(browser, camera, **wanted)
        assert (answer.status, answer.code, answer.json()["clause"]) == (403, "OUT_OF_SECTOR", "MN-04"), wanted
    assert device.pose == (0.0, 0.0, 0.0)
    assert not {"GotoPreset", "ContinuousMove"} & set(device.operations[-4:])
    assert [act.values["why"] for act in town.acts("deny")[before:]] == ["out_of_sector"] * 4
    assert len(town.acts("turn")) == moves


def test_nobody_turns_what_is_not_theirs(town: ApiTown, device: FakeOnvif) -> None:
    """An administrator, an operator without that camera, and a camera of which nobody said where it may look."""
    camera, bare = turning(town, device, "Gira Tre"), turning(town, device, "Gira Quattro", None)
    assert ask(town.signed_in("ada.bianchi"), camera, kind="stop").code == "FORBIDDEN"
    assert ask(town.signed_in("ida.neri"), camera, kind="stop").code == "OUT_OF_SCOPE"
    browser = town.signed_in("olga.verdi")
    assert ask(browser, bare, kind="stop").code == "TURNING_UNDECLARED"
    assert ask(browser, camera, kind="move", seconds=9).code == "NOT_VALID"


def test_it_goes_back_by_itself(tmp_path: Path, device: FakeOnvif) -> None:
    """Some time after the last move it looks where it is at home again, which is a fact of the program's."""
    with api_town(tmp_path / "town") as town:
        camera = turning(town, device, "Gira Cinque")
        device.pose = (0.0, 0.0, 0.0)
        town.turning._home_s = 0.3
        town.turning.do(camera, OWNER, lambda found: found.turn(pose(0.2), 1.0), is_move=True)
        until(lambda: device.pose[0] == pytest.approx(0.1), "it does not go back")
        until(lambda: len(town.acts("turn")) == 2, "it is not told")


def pose(pan: float) -> Any:
    from torrazzo.camera.onvif.sectors import Pose

    return Pose(pan, 0.0, 0.0)
