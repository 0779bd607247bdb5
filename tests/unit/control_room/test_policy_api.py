# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Over the API: how long a camera keeps (RT-01) and where else it may look (MN-04) are decided by two."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.tools.api_town import ApiTown
from tests.tools.officials import ADMIN, COMMANDER, DPO, OFFICER, activated, officials_town, waiting
from torrazzo.access.camera_hand import CameraHand
from torrazzo.access.staff import Denial
from torrazzo.town.masks import Masks

WHY = "il regolamento nuovo dice 72 ore"
ANSWER = {"reason": "così dice il regolamento, letto"}
MIDDLE = {"left": -0.4, "right": 0.4, "bottom": -0.2, "top": 0.2, "zoom": 0.5}
LEFT = {**MIDDLE, "right": 0.0}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with officials_town(tmp_path_factory.mktemp("policy") / "town") as town:
        yield town


def kinds(town: ApiTown, since: int) -> list[tuple[str, object]]:
    return [(act.kind, act.values["what"]) for act in town.acts("propose", "second", "cfg")[since:]]


def test_how_long_a_camera_keeps_is_decided_by_two(town: ApiTown) -> None:
    """One administrator alone changes it not, longer or shorter; proposed and confirmed it holds, by five facts."""
    id_ = activated(town, "Politica Uno")
    refused = town.signed_in(ADMIN).ask("PATCH", f"/api/v1/cameras/{id_}", {"retention_hours": 72})
    assert (refused.status, refused.code, refused.json()["clause"]) == (409, "RETENTION_BY_TWO", "RT-01")
    commander, before = town.signed_in(COMMANDER), len(town.acts("propose", "second", "cfg"))
    asked = commander.post(f"/cameras/{id_}/retention", {"hours": 72, "reason": WHY}).json()
    assert (asked["hours"], asked["hours_proposal"]["hours"], asked["bounds_proposal"]) == (168, 72, None)
    number = asked["hours_proposal"]["number"]
    assert commander.post(f"/policy-proposals/{number}/approve", ANSWER).code == "SAME_PERSON"
    assert commander.post(f"/cameras/{id_}/retention", {"hours": 48, "reason": WHY}).code == "NOT_NOW"
    done = town.signed_in(OFFICER).post(f"/policy-proposals/{number}/approve", ANSWER).json()
    assert (done["hours"], done["hours_proposal"]) == (72, None)
    of = "camera.retention"
    assert kinds(town, before) == [("propose", of), ("second", of), ("cfg", "camera"), ("second", of)]
    assert town.signed_in(DPO).get(f"/cameras/{id_}/policy").json()["hours"] == 72
    commander = town.signed_in(COMMANDER)
    assert commander.post(f"/cameras/{id_}/retention", {"hours": 72, "reason": WHY}).code == "NOT_NOW"
    assert commander.post(f"/cameras/{id_}/retention", {"hours": 169, "reason": WHY}).code == "NOT_VALID"
    number = commander.post(f"/cameras/{id_}/retention", {"hours": 168, "reason": WHY}).json()["hours_proposal"][
        "number"
    ]
    refused = town.signed_in(OFFICER).post(f"/policy-proposals/{number}/refuse", ANSWER)
    assert (refused.json()["hours"], refused.json()["hours_proposal"]) == (72, None)


def test_where_it_may_look_is_widened_by_two(town: ApiTown) -> None:
    """Who administers proposes the numbers, an official confirms; narrower goes at once; one's own is taken back."""
    id_ = activated(town, "Politica Due")
    admin, path = town.signed_in(ADMIN), f"/cameras/{id_}/sectors"
    refused = admin.ask("PUT", f"/api/v1{path}", {"sectors": [MIDDLE]})
    assert (refused.status, refused.code, refused.json()["clause"]) == (409, "SECTORS_BY_TWO", "MN-04")
    wanted = {"bounds": {"sectors": [MIDDLE], "full_speed": 1.0}, "reason": "lo chiede il comandante per la piazza"}
    number = admin.post(f"{path}/proposal", wanted).json()["bounds_proposal"]["number"]
    assert admin.post(f"/policy-proposals/{number}/approve", ANSWER).code == "FORBIDDEN"
    assert town.signed_in(COMMANDER).post(f"/policy-proposals/{number}/withdraw").code == "FORBIDDEN"
    before = len(town.acts("propose", "second", "cfg"))
    done = town.signed_in(OFFICER).post(f"/policy-proposals/{number}/approve", ANSWER).json()
    assert (done["bounds"]["sectors"], done["bounds_proposal"]) == ([MIDDLE], None)
    of = "camera.sectors"
    assert kinds(town, before) == [("second", of), ("cfg", "camera"), ("second", of)]
    admin = town.signed_in(ADMIN)
    number = admin.post(f"{path}/proposal", wanted).json()["bounds_proposal"]["number"]
    assert admin.ask("PUT", f"/api/v1{path}", {"sectors": [LEFT], "full_speed": 1.0}).json()["sectors"] == [LEFT]
    changed = town.signed_in(OFFICER).post(f"/policy-proposals/{number}/approve", ANSWER)
    assert changed.code == "NOT_WHAT_WAS_APPROVED"
    assert town.signed_in(ADMIN).post(f"/policy-proposals/{number}/withdraw").json()["bounds_proposal"] is None


def test_a_command_comes_through_the_same_door(town: ApiTown) -> None:
    """By command as on the page: the same refusals, a fact of the Unix user, and masks that nobody overwrites."""
    hand = CameraHand(town.cameras_of_town, "gino", town.people.told)
    id_ = waiting(town, "Politica Tre", retention_hours=100)
    camera = town.cameras_of_town.one(id_)
    assert camera.retention_hours == 100
    for wrong in (replace(camera, enabled=True), replace(camera, enabled=True, synthetic=True)):
        with pytest.raises(Denial, match="another confirms") as refused:
            hand.change(wrong)
        assert (refused.value.code, refused.value.clause) == ("CAMERA_NOT_LAWFUL", "LB-01")
    id_ = activated(town, "Politica Quattro")
    camera = town.cameras_of_town.one(id_)
    with pytest.raises(Denial) as refused:
        hand.change(replace(camera, retention_hours=24))
    assert refused.value.code == "RETENTION_BY_TWO"
    before = len(town.acts("cfg"))
    changed = hand.change(replace(camera, place="angolo", masks=Masks(9), file=None))
    assert (changed.place, changed.masks, changed.file) == ("angolo", camera.masks, camera.file)
    assert hand.remove(changed.id).id == id_
    assert [act.values["what"] for act in town.acts("cfg")[before:]] == ["camera", "camera"]
    assert town.staffing.staff.owed() == []
