# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras over the API: added, changed, removed, found and looked at by who administers, who gets no picture of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.api_town import Answered, ApiTown, Browser, api_town
from tests.tools.onvif_camera import PASSWORD, USER, onvif_camera
from tests.tools.page_seen import until
from torrazzo.base.secret import Secret
from torrazzo.control_room.camera_jobs import MOST_RUNNING
from torrazzo.law import Role
from torrazzo.testing.onvif import FakeOnvif, Traits
from torrazzo.town import load_box, load_plan

URL = "rtsp://10.1.0.20/main"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("cameras") / "town") as town:
        town.somebody("ada.bianchi", Role.ADMIN)
        yield town


@pytest.fixture
def admin(town: ApiTown) -> Browser:
    return town.signed_in("ada.bianchi")


def change(browser: Browser, id_: str, **said: object) -> Answered:
    return browser.ask("PATCH", f"/api/v1/cameras/{id_}", said)


def added(browser: Browser, name: str, **said: object) -> Any:
    answer = browser.post("/cameras", {"name": name, "url": URL, "synthetic": True, **said})
    assert answer.status == 200, answer.body
    return answer.json()


def finished(browser: Browser, path: str, body: object) -> Any:
    begun = browser.post(path, body)
    assert begun.status == 200, begun.body

    def job() -> Any:
        found = browser.get(f"{path}/{begun.json()['id']}").json()
        return found if found["state"] != "running" else None

    until(job, "the job does not end")
    return job()


def test_a_camera_is_added_and_recorded_and_told(town: ApiTown, admin: Browser) -> None:
    """It is in the recorder's plan at once, with its password; the ledger has the fact before the answer."""
    before = len(town.acts("cfg"))
    position = {"latitude": 45.1333, "longitude": 10.0245, "direction": 90, "angle": 60, "reach": 40}
    made = added(admin, "Piazza Uno", sub="rtsp://10.1.0.20/sub", user=USER, password=PASSWORD, position=position)
    assert (made["enabled"], made["waits"], made["position"]) == (True, False, position)
    assert [stream["has_password"] for stream in made["streams"]] == [True, True]
    entries = load_plan(town.home.plan, load_box(town.home.box_key)).entries
    ours = [entry.stream for entry in entries if entry.stream.id.camera == made["id"]]
    assert [(stream.username, stream.password) for stream in ours] == [(USER, Secret(PASSWORD))] * 2
    (fact,) = town.acts("cfg")[before:]
    assert (fact.values["what"], fact.values["was"]) == ("camera", None)
    assert town.staffing.staff.owed() == []
    (listed,) = [each for each in admin.get("/cameras").json()["items"] if each["id"] == made["id"]]
    assert (listed["position"], listed["waits"], len(listed["streams"])) == (position, False, 2)


def test_a_real_camera_waits_until_it_is_activated(town: ApiTown, admin: Browser) -> None:
    """LB-01: one that shows a real place is not in the plan, and an administrator alone does not put it there."""
    made = added(admin, "Piazza Vera", synthetic=False)
    assert (made["enabled"], made["waits"]) == (False, True)
    refused = change(admin, made["id"], enabled=True)
    assert (refused.status, refused.code) == (409, "CAMERA_NOT_LAWFUL")
    assert refused.json()["clause"] == "LB-01"
    entries = load_plan(town.home.plan, load_box(town.home.box_key)).entries
    assert made["id"] not in {entry.stream.id.camera for entry in entries}


def test_what_is_said_is_changed_and_nothing_else(town: ApiTown, admin: Browser) -> None:
    """Each change is one fact; saying the same again is none; null takes away."""
    made = added(admin, "Piazza Due", sub="rtsp://10.1.0.20/sub")
    before = len(town.acts("cfg"))
    changed = change(admin, made["id"], place="angolo nord").json()
    assert changed == {**made, "place": "angolo nord"}
    assert change(admin, made["id"], place="angolo nord").json() == changed
    assert len(town.acts("cfg")) == before + 1
    moved = change(admin, made["id"], position={"latitude": 45.1, "longitude": 10.0}).json()
    assert moved["position"] == {"latitude": 45.1, "longitude": 10.0, "direction": None, "angle": None, "reach": None}
    bare = change(admin, made["id"], position=None, sub=None).json()
    assert (bare["position"], [stream["name"] for stream in bare["streams"]]) == (None, ["main"])
    assert change(admin, made["id"], enabled=False).json()["enabled"] is False
    assert change(admin, made["id"], enabled=True).json()["enabled"] is True  # its pictures show no real place


def test_a_password_is_written_and_never_read_back(town: ApiTown, admin: Browser) -> None:
    """No answer has it, no file has it in clear, and it goes to no other host and by no other way than it was for."""
    made = added(admin, "Piazza Tre", url=f"rtsp://{USER}:{PASSWORD}@10.1.0.30/a?token=Gehe1m")
    assert admin.post(f"/cameras/{made['id']}/credentials", {"user": "due", "password": "Second0"}).status == 204
    detail = admin.get(f"/cameras/{made['id']}")
    for secret in (PASSWORD, "Second0", "Gehe1m"):
        assert secret.encode() not in detail.body
        assert secret.encode() not in b"".join(f.read_bytes() for f in town.home.path.rglob("*") if f.is_file())
    (stream,) = detail.json()["streams"]
    assert (stream["user"], stream["url"]) == ("due", "rtsp://10.1.0.30/a?token=•••")
    for said in (
        {"url": "rtsp://10.1.0.31/a"},
        {"sub": "rtsp://10.1.0.31/b"},
        {"url": "rtsps://10.1.0.30/a"},
        {"device": "10.1.0.31"},
    ):
        assert change(admin, made["id"], **said).code == "PASSWORD_AGAIN", said
        assert admin.post("/camera-probes", {"camera": made["id"], **said}).code == "PASSWORD_AGAIN", said
    assert change(admin, made["id"], url=stream["url"], place="qui").json()["streams"] == [stream]
    assert change(admin, made["id"], url="rtsp://10.1.0.31/a", password="Th1rd").status == 200
    kept = town.office.registry.cameras()
    assert next(each for each in kept if each.id == made["id"]).streams[0].password == Secret("Th1rd")


def test_another_stream_s_host_gets_no_password_of_the_device(admin: Browser) -> None:
    """A sub stream elsewhere, with a password of its own, does not open the way there for the one that is stored."""
    made = added(admin, "Piazza Altrove", user=USER, password=PASSWORD)
    assert change(admin, made["id"], sub="rtsp://me:mine@10.9.9.9/sub").status == 200
    assert change(admin, made["id"], device="10.9.9.9").code == "PASSWORD_AGAIN"
    assert admin.post("/camera-probes", {"camera": made["id"], "device": "10.9.9.9"}).code == "PASSWORD_AGAIN"
    assert change(admin, made["id"], device="10.1.0.20").status == 200


def test_what_cannot_be_is_told_by_field(admin: Browser) -> None:
    """A name that is taken or none, an address that leads into this machine's files, a place that is nowhere."""
    made = added(admin, "Piazza Quattro")
    assert admin.post("/cameras", {"name": " piazza QUATTRO ", "url": URL}).code == "CAMERA_NAME_TAKEN"
    for said, field in (
        ({"name": "0123456789abcdef", "url": URL}, "name"),
        ({"name": "Nuova", "url": "file:///etc/passwd"}, "url"),
        ({"name": "Nuova", "url": "udp://239.0.0.1:5000"}, "url"),
        ({"name": "Nuova", "url": "10.1.0.20"}, "url"),
        ({"name": "Nuova", "url": URL, "device": "http://a b/"}, "device"),
        ({"name": "Nuova", "url": URL, "pin_sha256": "abc"}, "pin_sha256"),
        ({"name": "Nuova", "url": URL, "ca_pem": "abc"}, "ca_pem"),
        ({"name": "Nuova"}, "url"),
        ({"name": "Nuova", "url": URL, "position": {"latitude": 91, "longitude": 0}}, "position.latitude"),
    ):
        answer = admin.post("/cameras", said)
        assert (answer.status, answer.code, list(answer.json()["fields"])) == (422, "NOT_VALID", [field]), said
    assert change(admin, "nobody", place="x").code == "NOT_FOUND"
    assert admin.get("/cameras/nobody").code == "NOT_FOUND"
    assert change(admin, made["id"], name="Piazza Quattro").status == 200


def test_a_removed_camera_is_recorded_no_more(town: ApiTown, admin: Browser) -> None:
    """Its addresses and passwords are forgotten, its name is free, its footage has its id until its time is over."""
    made = added(admin, "Piazza Cinque", user=USER, password=PASSWORD)
    assert admin.ask("DELETE", f"/api/v1/cameras/{made['id']}").status == 204
    assert admin.ask("DELETE", f"/api/v1/cameras/{made['id']}").code == "NOT_FOUND"
    left = next(each for each in town.office.registry.cameras(has_removed=True) if each.id == made["id"])
    assert (left.streams, left.enabled) == ((), False)
    assert added(admin, "Piazza Cinque")["id"] != made["id"]


def test_a_device_is_found_looked_at_and_added(town: ApiTown, admin: Browser) -> None:
    """Found by a question, looked at with its password: what it is, sends, what to change, no picture; each a fact."""
    with onvif_camera(Traits(clock_seconds=3_600, model="Cam 9")) as device:
        found = finished(admin, "/camera-searches", {"at": f"127.0.0.1:{device.discovery_port}"})
        (one,) = found["found"]
        assert (found["state"], found["progress"]) == ("done", 1.0)
        assert (one["name"], one["location"], one["known"]) == ("Cam 9", "Piazza Stradivari", None)
        assert [act.values["what"] for act in town.acts("cfg")][-1] == "search"
        said = {"device": one["address"], "user": USER, "password": PASSWORD}
        job = finished(admin, "/camera-probes", said)
        assert job["state"] == "done", job
        assert [act.values["what"] for act in town.acts("cfg")][-1] == "probe"
        (probed,) = job["found"]
        assert (probed["device"]["model"], probed["device"]["turns"]) == ("Cam 9", True)
        assert {"clock", "about_people"} <= set(probed["advice"])
        main = probed["streams"][0]
        assert (main["why"], main["codec"], main["width"], main["height"]) == (None, "h264", 320, 192)
        assert PASSWORD not in json.dumps(job)
        made = added(admin, "Trovata", **said, url=main["url"])
        again = finished(admin, "/camera-searches", {"at": f"127.0.0.1:{device.discovery_port}"})
        assert again["found"][0]["known"] == "Trovata"
        stored = finished(admin, "/camera-probes", {"camera": made["id"]})
        assert stored["found"][0]["streams"][0]["why"] is None
        wrong = finished(admin, "/camera-probes", {**said, "password": "no-Such1"})
        assert (wrong["state"], wrong["why"]) == ("failed", "auth")
        assert "no-Such1" not in json.dumps(wrong)
    assert "GetSnapshotUri" not in device.operations


def test_a_probe_is_ended_by_its_person_alone(town: ApiTown, admin: Browser) -> None:
    """It stops where it is; another administrator does not see it; so many run at once and no more."""
    town.somebody("aldo.bruni", Role.ADMIN)
    with FakeOnvif(Traits(slow={"GetSystemDateAndTime": 30})).running() as device:
        jobs = [admin.post("/camera-probes", {"device": device.where}).json()["id"] for _ in range(MOST_RUNNING)]
        assert admin.post("/camera-probes", {"device": device.where}).code == "CAMERA_JOBS_MANY"
        other = town.signed_in("aldo.bruni")
        assert other.get(f"/camera-probes/{jobs[0]}").code == "NOT_FOUND"
        assert other.ask("DELETE", f"/api/v1/camera-probes/{jobs[0]}").code == "NOT_FOUND"
        for id_ in jobs:
            assert admin.ask("DELETE", f"/api/v1/camera-probes/{id_}").status == 204
            assert admin.get(f"/camera-probes/{id_}").json()["state"] == "cancelled"
    assert admin.post("/camera-probes", {}).code == "NOT_VALID"
    assert admin.post("/camera-searches", {"at": "www.example.org"}).code == "NOT_VALID"
    nowhere = finished(admin, "/camera-searches", {"interface": "203.0.113.1"})
    assert (nowhere["state"], nowhere["why"]) == ("failed", "net")
