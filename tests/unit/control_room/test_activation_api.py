# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""LB-01 over the API: a real camera records once its file is whole, one has proposed it and another confirmed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.api_town import ApiTown, api_town
from tests.tools.officials import ADMIN, COMMANDER, OFFICER, WHOLE, WHY, officials_town, state, unmasked, waiting
from tests.tools.staffed import OWNER
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.law import Role
from torrazzo.town import load_box, load_plan


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with officials_town(tmp_path_factory.mktemp("activation") / "town") as town:
        yield town


def is_planned(town: ApiTown, id_: str) -> bool:
    entries = load_plan(town.home.plan, load_box(town.home.box_key)).entries
    return any(entry.stream.id.camera == id_ for entry in entries)


def test_a_real_camera_is_activated_by_two(town: ApiTown) -> None:
    """Proposed with a whole file, confirmed by another, and only then in the recorder's plan; each step is a fact."""
    id_ = waiting(town, "Attiva Uno")
    unmasked(town, id_)
    commander = town.signed_in("dino.rossi")
    assert state(commander, id_).json()["missing"] == []
    before = len(town.acts("propose", "second", "cfg"))
    asked = commander.post(f"/cameras/{id_}/activation", {"reason": WHY}).json()
    number = asked["proposal"]["number"]
    assert commander.post(f"/activation-proposals/{number}/approve", {"reason": WHY}).code == "SAME_PERSON"
    assert not is_planned(town, id_)
    officer = town.signed_in("piero.gialli")
    done = officer.post(f"/activation-proposals/{number}/approve", {"reason": "fascicolo letto, è completo"}).json()
    assert (done["is_active"], done["proposal"]) == (True, None)
    assert is_planned(town, id_)
    kinds = [(act.kind, act.values["what"]) for act in town.acts("propose", "second", "cfg")[before:]]
    of = "camera.activation"
    assert kinds == [("propose", of), ("second", of), ("cfg", "camera"), ("second", of)]
    refused = state(town.signed_in("dino.rossi"), id_, dpia="")
    assert (refused.code, refused.json()["missing"]) == ("CAMERA_NOT_LAWFUL", ["dpia"])
    read = town.signed_in("dora.neri").get(f"/cameras/{id_}/file").json()
    assert (read["file"], read["missing"]) == (WHOLE, [])


def test_a_refusal_names_what_is_missing(town: ApiTown) -> None:
    """Each statement by its word, the pact only for urban security, the masks that nobody decided about."""
    id_ = waiting(town, "Attiva Due")
    commander = town.signed_in("dino.rossi")
    refused = commander.post(f"/cameras/{id_}/activation", {"reason": WHY})
    lacks = ["purpose", "regime", "act", "area", "committee", "dpia", "sign", "workers", "view", "masks"]
    assert (refused.status, refused.code, refused.json()["clause"]) == (409, "CAMERA_NOT_LAWFUL", "LB-01")
    assert refused.json()["missing"] == lacks
    for said, missing in (
        ({"pact": ""}, ["pact", "masks"]),
        ({"pact_until": "2026-01-01"}, ["pact_over", "masks"]),
        ({"purpose": "property", "pact": "", "pact_until": ""}, ["masks"]),
        ({"dpia": "  ", "sign": ""}, ["dpia", "sign", "masks"]),
    ):
        assert state(commander, id_, **said).json()["missing"] == missing, said
    assert not is_planned(town, id_)
    assert state(commander, id_, purpose="marketing").code == "NOT_VALID"
    assert state(commander, id_, act="x" * 201).code == "NOT_VALID"


def test_what_changed_since_is_proposed_anew(town: ApiTown) -> None:
    """Another file than the proposed one is not confirmed; a refusal and a withdrawal leave the camera waiting."""
    id_ = waiting(town, "Attiva Tre")
    unmasked(town, id_)
    commander = town.signed_in("dino.rossi")
    state(commander, id_)
    number = commander.post(f"/cameras/{id_}/activation", {"reason": WHY}).json()["proposal"]["number"]
    assert commander.post(f"/cameras/{id_}/activation", {"reason": WHY}).code == "NOT_NOW"
    assert town.signed_in("ada.bianchi").ask("PATCH", f"/api/v1/cameras/{id_}", {"retention_hours": 24}).status == 200
    officer, answer = town.signed_in("piero.gialli"), {"reason": "fascicolo letto con attenzione"}
    assert officer.post(f"/activation-proposals/{number}/approve", answer).code == "NOT_WHAT_WAS_APPROVED"
    assert officer.post(f"/activation-proposals/{number}/refuse", answer).json()["proposal"] is None
    commander = town.signed_in("dino.rossi")
    number = commander.post(f"/cameras/{id_}/activation", {"reason": WHY}).json()["proposal"]["number"]
    assert commander.post(f"/activation-proposals/{number}/withdraw").json()["is_active"] is False
    assert (
        town.signed_in("ada.bianchi").ask("PATCH", f"/api/v1/cameras/{id_}", {"enabled": True}).code
        == "CAMERA_NOT_LAWFUL"
    )
    assert state(town.signed_in("ada.bianchi"), id_).code == "FORBIDDEN"


def test_the_dpo_gives_an_opinion_and_approves_nothing(town: ApiTown) -> None:
    """Recorded with its day by the DPO alone, a fact; it stays when the file changes, and is then told to be older."""
    id_ = waiting(town, "Attiva Quattro")
    unmasked(town, id_)
    commander = town.signed_in("dino.rossi")
    assert state(commander, id_).json()["opinion"] is None
    said = {"text": "favorevole, con il cartello anche  dal lato nord"}
    assert commander.post(f"/cameras/{id_}/file/opinion", said).code == "FORBIDDEN"
    number = commander.post(f"/cameras/{id_}/activation", {"reason": WHY}).json()["proposal"]["number"]
    reader, before = town.signed_in("dora.neri"), len(town.acts("cfg"))
    found = reader.post(f"/cameras/{id_}/file/opinion", said).json()["opinion"]
    assert (found["text"], found["person"]["name"]) == ("favorevole, con il cartello anche dal lato nord", "Dora Neri")
    assert found["is_current"] is True
    assert [act.values["what"] for act in town.acts("cfg")[before:]] == ["camera"]
    assert reader.post(f"/cameras/{id_}/file/opinion", {"text": "  "}).code == "NOT_VALID"
    assert reader.post(f"/activation-proposals/{number}/approve", {"reason": WHY}).code == "FORBIDDEN"
    changed = state(town.signed_in("dino.rossi"), id_, sign="palo 15").json()
    assert (changed["opinion"]["is_current"], changed["file"]["sign"]) == (False, "palo 15")
    state(town.signed_in("dino.rossi"), id_)
    answer = {"reason": "fascicolo e parere letti"}
    done = town.signed_in("piero.gialli").post(f"/activation-proposals/{number}/approve", answer)
    assert done.json()["is_active"] is True  # an opinion is none of what is confirmed


def test_the_first_two_people_are_told_that_a_third_is_needed(tmp_path: Path) -> None:
    """Administrator and commander alone: who confirms is missing, and who mends it is named; then it is not."""
    with api_town(tmp_path / "town") as town:
        for name, role in ((ADMIN, Role.ADMIN), (COMMANDER, Role.DESIGNATO)):
            town.somebody(name, role)
        admin = town.signed_in(ADMIN)
        who = {"roles": ["admin", "designato"]}
        steps = [{"what": "second", **who}, {"what": "group", **who}, {"what": "streams", "roles": ["admin"]}]
        assert admin.get("/first-steps").json() == {"items": steps}
        id_ = waiting(town, "Attiva Cinque")
        todo = town.signed_in(ADMIN).get(f"/cameras/{id_}/file").json()["todo"]
        assert [each["what"] for each in todo][-3:] == ["masks", "group", "second"]
        by_word = {each["what"]: each["roles"] for each in todo}
        assert (by_word["dpia"], by_word["masks"]) == (["designato"], ["designato", "pg-officer"])
        every = town.staffing.groups.save(CameraGroup("", "tutte", True, frozenset()), OWNER).value.id
        town.somebody(OFFICER, Role.PG_OFFICER)
        for name, role in ((COMMANDER, Role.DESIGNATO), (OFFICER, Role.PG_OFFICER)):
            account = town.staffing.accounts.named(name)
            town.people.told(town.staffing.accounts.give(account.id, {role}, {every}, OWNER))
        admin = town.signed_in(ADMIN)
        assert admin.get("/first-steps").json() == {"items": []}
        todo = admin.get(f"/cameras/{id_}/file").json()["todo"]
        assert {"group", "second"}.isdisjoint(each["what"] for each in todo)


def test_footage_is_used_for_what_the_cameras_file_declares(town: ApiTown) -> None:
    """LB-03: declared for urban security, it is not looked at for traffic, nor copied; each refusal is a fact."""
    id_ = waiting(town, "Attiva Sei")
    commander = town.signed_in(COMMANDER)
    assert state(commander, id_).status == 200
    span = {"from": "2026-11-26T10:00:00.000Z", "to": "2026-11-26T10:01:00.000Z"}
    said = {"cameras": [id_], **span, "reason": "incrocio da rivedere insieme"}
    before = len(town.acts("deny"))
    refused = commander.post("/looks", {**said, "purpose": "traffic"})
    assert (refused.code, refused.json()["clause"]) == ("PURPOSE_NOT_ALLOWED", "LB-03")
    told = [(act.values["what"], act.values["why"]) for act in town.acts("deny")[before:]]
    assert told == [("playback", "purpose_not_allowed")]
    for purpose in ("urban-security", "crime"):
        answer = commander.post("/looks", {**said, "purpose": purpose})
        assert answer.status == 200 or answer.code != "PURPOSE_NOT_ALLOWED", answer.body
    officer = town.signed_in(OFFICER)
    to = {"stream": "main", "case": "2026/118", "recipient_class": "judge", "recipient": "", "purpose": "traffic"}
    copy = officer.post("/exports", {**said, **to})
    assert (copy.code, copy.json().get("clause")) == ("PURPOSE_NOT_ALLOWED", "LB-03"), copy.body
