# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""MN-02 over the API: masks are decided by two, set in the camera, told, and known to be missing where they are."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.api_town import Answered, ApiTown, Browser
from tests.tools.officials import officials_town
from torrazzo.testing.onvif import FakeOnvif, Traits

WINDOW = {"corners": [[-0.5, -0.5], [-0.2, -0.5], [-0.2, 0.1], [-0.5, 0.1]], "kind": "Color"}
GABLE = {"corners": [[0.1, 0.1], [0.5, 0.1], [0.3, 0.6]], "kind": "Color"}
WHY = "finestre private al primo piano"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with officials_town(tmp_path_factory.mktemp("masks") / "town") as town:
        yield town


def added(browser: Browser, name: str, device: FakeOnvif | None) -> str:
    said: dict[str, object] = {"name": name, "url": "rtsp://127.0.0.1:9/x", "synthetic": True}
    if device is not None:
        said["device"] = f"http://{device.where}/onvif/device_service"
    return str(browser.post("/cameras", said).json()["id"])


def wanted(browser: Browser, id_: str, *areas: Any, reason: str = WHY) -> Answered:
    return browser.post(f"/cameras/{id_}/masks", {"areas": list(areas), "reason": reason})


def decided(browser: Browser, proposed: Answered) -> Answered:
    number = proposed.json()["proposal"]["number"]
    return browser.post(f"/mask-proposals/{number}/approve", {"reason": "visto sul posto con il tecnico"})


def test_masks_are_decided_by_two_and_set_in_the_camera(town: ApiTown) -> None:
    """Nothing changes before another confirms; then the camera has them, each step is a fact, the DPO reads when."""
    with FakeOnvif().running() as device:
        id_ = added(town.signed_in("ada.bianchi"), "Maschera Uno", device)
        commander, officer = town.signed_in("dino.rossi"), town.signed_in("piero.gialli")
        before = len(town.acts("propose", "second", "cfg"))
        proposed = wanted(commander, id_, WINDOW, GABLE)
        assert (proposed.json()["version"], proposed.json()["proposal"]["areas"]) == (0, [WINDOW, GABLE])
        assert device.masks == {}
        assert decided(commander, proposed).code == "SAME_PERSON"
        assert wanted(commander, id_, WINDOW).code == "NOT_NOW"
        done = decided(officer, proposed).json()
        assert (done["version"], done["is_set"], done["why"], done["proposal"]) == (1, True, "", None)
        assert len(device.masks) == 2
        kinds = [(act.kind, act.values["what"]) for act in town.acts("propose", "second", "cfg")[before:]]
        masks = [("propose", "camera.masks"), ("second", "camera.masks")]
        assert kinds == [*masks, ("cfg", "camera"), ("second", "camera.masks"), ("cfg", "camera")]
        reader = town.signed_in("dora.neri")
        (listed,) = [each for each in reader.get("/masks").json()["items"] if each["camera"] == id_]
        assert (listed["count"], listed["is_set"], listed["checked"]) == (2, True, None)
        assert listed["decided"].startswith("20")
        assert reader.get(f"/cameras/{id_}/masks").json()["areas"] == [WINDOW, GABLE]
        commander = town.signed_in("dino.rossi")
        assert commander.post(f"/cameras/{id_}/masks/check", {"is_right": True}).json()["checked"] is not None
        fewer = decided(town.signed_in("piero.gialli"), wanted(commander, id_, GABLE)).json()
        assert (fewer["version"], fewer["checked"], len(device.masks)) == (2, None, 1)


def test_what_the_camera_cannot_stays_wanted(town: ApiTown) -> None:
    """No device, none that can: what was decided is kept with the reason; who administers tries again when it can."""
    id_ = ""
    with FakeOnvif(Traits(has_masks=False)).running() as device:
        for name, there, why in (("Maschera Due", None, "no address"), ("Maschera Tre", device, "no masks")):
            id_ = added(town.signed_in("ada.bianchi"), name, there)
            proposed = wanted(town.signed_in("dino.rossi"), id_, WINDOW)
            found = decided(town.signed_in("piero.gialli"), proposed).json()
            assert (found["version"], found["count"], found["is_set"]) == (1, 1, False), found
            assert why in found["why"]
    with FakeOnvif().running() as device:
        admin = town.signed_in("ada.bianchi")
        where = f"http://{device.where}/onvif/device_service"
        assert admin.ask("PATCH", f"/api/v1/cameras/{id_}", {"device": where}).status == 200
        assert "another one" in admin.get(f"/cameras/{id_}/masks").json()["why"]
        again = admin.post(f"/cameras/{id_}/masks/set").json()
        assert (again["is_set"], again["why"], len(device.masks)) == (True, "", 1)


def test_who_may_not_is_refused(town: ApiTown) -> None:
    """Who administers decides nothing and sees no picture; who confirms is another; a refusal leaves all as it was."""
    admin = town.signed_in("ada.bianchi")
    id_ = added(admin, "Maschera Quattro", None)
    assert wanted(admin, id_, WINDOW).code == "FORBIDDEN"
    assert admin.post(f"/cameras/{id_}/masks/set").code == "NOT_NOW"
    assert wanted(town.signed_in("piero.gialli"), id_, WINDOW).code == "FORBIDDEN"
    commander = town.signed_in("dino.rossi")
    assert wanted(commander, id_, WINDOW, reason="boh").code == "REASON_REQUIRED"
    assert wanted(commander, id_, {**WINDOW, "corners": [[0, 0], [1, 1]]}).code == "NOT_VALID"
    assert wanted(commander, id_, *[WINDOW] * 33).code == "NOT_VALID"
    proposed = wanted(commander, id_, WINDOW).json()["proposal"]["number"]
    refused = town.signed_in("piero.gialli").post(
        f"/mask-proposals/{proposed}/refuse", {"reason": "la finestra è murata da anni"}
    )
    assert (refused.json()["version"], refused.json()["proposal"]) == (0, None)
    number = wanted(commander, id_, WINDOW).json()["proposal"]["number"]
    assert commander.post(f"/mask-proposals/{number}/withdraw").json()["proposal"] is None
    assert commander.post("/mask-proposals/999999/withdraw").code == "NOT_FOUND"
    operator = town.signed_in("olga.verdi")
    assert operator.get(f"/cameras/{id_}/masks").code == "OUT_OF_SCOPE"
    assert id_ not in {each["camera"] for each in operator.get("/masks").json()["items"]}
