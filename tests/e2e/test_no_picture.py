# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""AC-03, AC-04, AC-05, AC-07: who sees no pictures asks every declared route of a real town, and gets none.

The look, live look, hold, copy, bookmark, wall and technician's session that they ask for are there, and are somebody
else's; the same requests by whose they are do carry pictures, before and after.
"""

import contextlib
import http.client
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.tools import other_user
from tests.tools.api_town import Answered, Browser
from tests.tools.live_client import open_socket
from tests.tools.other_user import open_folder
from tests.tools.picture_hunt import needles, pictures_in
from tests.tools.room_people import CAST
from tests.tools.room_town import ROME, RoomTown, room_town
from torrazzo.base import SystemClock
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks, ticks_from_text
from torrazzo.control_room.api.app import DECLARED, ROOT, SOCKETS
from torrazzo.control_room.api.declared import SOCKET, Declared, Door
from torrazzo.durable import OsDisk
from torrazzo.law import Role
from torrazzo.town.camera import StreamConfig, new_camera_id
from torrazzo.town.office import Office, new_camera
from torrazzo.town.purpose import PurposeFile

BLIND = ("aldo", "diana", "rita", "tina", "sara", "tito")  # who administers, DPO, auditor, technician, desk, mayor
WHY = "furto di bicicletta in piazza, querela 118"
CASE = "2026/118"
TRAFFIC = "Viale del Traffico"  # a real camera whose file declares traffic
OFTEN = 20  # requests: a look that nobody uses for a minute ends
ANOTHER = "games"  # a Unix user whom the town's settings know, and who may nothing

SHOWING = {  # all that ever carries a picture
    ("GET", "/looks/{key}/{camera}/parts/{part}"),
    ("GET", "/looks/{key}/{camera}/thumbnail"),
    ("GET", "/looks/{key}/{camera}/still"),
    ("GET", "/exports/{number}/package"),
    ("POST", "/cameras/{id}/view"),
    (SOCKET, "/live/{key}/{camera}"),
}
LAST = ("/sign-in", "/enrol", "/me/", "/lock", "/unlock", "/session")  # they change the session that asks


@dataclass
class Made:
    """What is there to be asked for, and whose it is."""

    town: RoomTown
    oriana: Browser  # operator: look, live look, hold, bookmark, wall, a technician's session
    paolo: Browser  # officer: the copy
    carla: Browser  # commander
    names: dict[str, str] = field(default_factory=dict)
    known: list[bytes] = field(default_factory=list)  # bytes of the footage
    asked: int = 0

    def path(self, route: Declared) -> str:
        """With the names of what is there; cameras are changed and removed where nobody needs them."""
        names = dict(self.names)
        if route.path.startswith("/cameras/{id}"):
            is_looked_at = route.method == "GET" or route.path.endswith("/view")
            names["id"] = str(self.town.cameras[0 if is_looked_at else 1].id)
        for head, name in (("/bookmarks", "bookmark"), ("/people", "person"), ("/walls", "wall"), ("/live", "live")):
            if route.path.startswith(head):
                names |= {"id": names[name], "key": names[name] if head == "/live" else names["key"]}
        if route.path.startswith("/camera-probes"):
            names["id"] = names["probe"]
        if route.path.startswith("/supervisions"):
            names["number"] = names["supervision"]
        if not route.path.startswith(("/exports", "/supervisions")):
            names["number"] = "999999"
        return route.path.format(**names) + self._query(route)

    def _query(self, route: Declared) -> str:
        at = self.names["at"]
        start, end = (_after(at, seconds) for seconds in (-1, 2))
        span = f"from={start}&to={end}"
        match route.path.rpartition("/")[2]:
            case "video.m3u8" | "frames":
                return f"?{span}"
            case "thumbnail" | "still":
                return f"?at={at}"
            case "timeline" | "bookmarks":
                return f"?cameras={self.names['camera']}&{span}" if route.method == "GET" else ""
        return ""

    def body(self, route: Declared) -> dict[str, Any]:
        """What would do, where that could bring a picture or another's thing; else nothing that does."""
        at = self.names["at"]
        span = {"from": at, "to": _after(at, 2)}
        cameras, said = [self.names["camera"]], {"purpose": "crime", "reason": WHY}
        bodies: Mapping[tuple[str, str], dict[str, Any]] = {
            ("POST", "/looks"): {"cameras": cameras, **span, **said, "case": CASE, "event": "allarme 1"},
            ("POST", "/looks/{key}/move"): {"cameras": cameras, **span},
            ("POST", "/live"): {"cameras": cameras, **said, "case": CASE},
            ("POST", "/cameras/{id}/view"): {"reason": WHY},
            ("POST", "/exports"): {"cameras": cameras, **span, **said, "case": CASE, "recipient_class": "police"},
            ("POST", "/exports/{number}/approve"): {"reason": WHY, "maker": self.town.people["paolo"].id},
            ("POST", "/exports/{number}/refuse"): {"reason": WHY},
            ("POST", "/holds"): {"cameras": cameras, **span, "cause": "police", "reason": WHY, "case": CASE},
            ("POST", "/holds/{name}/confirm"): {"reason": WHY},
            ("POST", "/holds/{name}/release"): {"reason": WHY},
            ("POST", "/bookmarks"): {"camera": cameras[0], "at": at, "note": WHY},
            ("POST", "/supervisions"): {"technician": "x", "cameras": cameras, "hours": 1, "reason": WHY},
            ("POST", "/supervisions/{number}/close"): {"outcome": WHY},
            ("POST", "/camera-probes"): {"camera": cameras[0]},
            ("POST", "/camera-searches"): {"at": "no address"},
            ("POST", "/log"): {"purpose": "lawfulness", "group": "all", "since": at, "until": span["to"]},
            ("POST", "/log/table"): {"purpose": "lawfulness", "group": "all", "since": at, "until": span["to"]},
        }
        return bodies.get((route.method, route.path), {})

    def ask(self, browser: Browser, route: Declared) -> tuple[str, bytes]:
        """How it was answered, and all that came."""
        self.asked += 1
        if self.asked % OFTEN == 0:
            self.stay()
        if route.method == SOCKET:
            return self._socket(browser, self.path(route).removeprefix("/live/"))
        body = None if route.method == "GET" else self.body(route)
        answer = browser.ask(route.method, ROOT + self.path(route), body)
        return _told(answer), answer.body

    @staticmethod
    def _socket(browser: Browser, path: str) -> tuple[str, bytes]:
        with open_socket(browser, path) as socket:
            while not socket.frames and socket.code is None:
                socket.take()
            came = [*socket.inits, *(frame.data for frame in socket.frames)]
            return str(socket.code or 101), b"".join(came)

    def stay(self) -> None:
        """The looks go on, and whose they are do not fall asleep."""
        for browser in (self.oriana, self.paolo, self.carla):
            assert browser.post("/active").status == 204
        for path in (f"/looks/{self.names['key']}/stay", f"/live/{self.names['live']}/stay"):
            answer = self.oriana.post(path)
            assert answer.status == 200, answer.body

    def shown(self) -> set[tuple[str, str]]:
        """Where pictures come for whose these things are."""
        found = set()
        for browser in (self.oriana, self.paolo, self.carla):
            for route in (*DECLARED, *(SOCKETS if browser is self.oriana else ())):
                is_reading = route.method in {"GET", SOCKET} or route.path.endswith("/view")
                if is_reading and pictures_in(self.ask(browser, route)[1], self.known):
                    found.add((route.method, route.path))
        return found


def _after(text: str, seconds: int) -> str:
    return iso_from_ticks(UtcTicks(ticks_from_text(text, ROME) + seconds * SECOND))


def _told(answer: Answered) -> str:
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return f"{answer.status} {answer.code if is_problem else ''}".strip()


@pytest.fixture(scope="module")
def town() -> Iterator[RoomTown]:
    """In a folder that another Unix user may pass through; there is a second technician, who is supervised."""
    folder = open_folder()
    cast = {**CAST, "teo": (Role.TECHNICIAN,), "cora": (Role.DESIGNATO,), "remo": (Role.AUDITOR,)}

    def prepare(town: RoomTown) -> None:
        with town.home.settings_file.open("a") as file:
            file.write(f"\n[people]\n{ANOTHER} = []\n")
        with Office(town.home, OsDisk(), SystemClock()) as office:
            id_ = new_camera_id()
            streams = [StreamConfig(StreamId(CameraId(id_), "main"), "rtsp://127.0.0.1:9/x")]
            real = new_camera(id_, TRAFFIC, streams, place="Cremona", synthetic=False)
            office.add(replace(real, enabled=False, file=PurposeFile(purpose="traffic")))

    try:
        with room_town(folder / "town", 2, sub=True, cast=cast, prepare=prepare) as town:
            yield town
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made(town: RoomTown) -> Made:
    """A look, a live look, a hold, a copy that is ready, a bookmark, a wall, a technician's session, a probe."""
    begins = town.recorded(0, seconds=9.5)
    camera, at = str(town.cameras[0].id), _after(begins.isoformat(), 4)
    oriana, paolo, carla = (town.browser(name) for name in ("oriana", "paolo", "carla"))
    made = Made(town, oriana, paolo, carla)
    made.names |= {"camera": camera, "at": at, "person": town.people["oriana"].id, "monitor": "1"}

    def posted(browser: Browser, path: str, body: object = None) -> Any:
        answer = browser.post(path, body)
        assert answer.status in {200, 204}, (path, answer.body)
        return answer.json() if answer.body else None

    def asked(path: str) -> dict[str, Any]:
        return made.body(next(route for route in DECLARED if (route.method, route.path) == ("POST", path)))

    number = posted(made.oriana, "/exports", asked("/exports"))["number"]
    posted(made.carla, f"/exports/{number}/approve", asked("/exports/{number}/approve"))
    posted(made.paolo, f"/exports/{number}/prepare")
    town.served.until(lambda: made.paolo.get("/exports/to-prepare").json()["items"][0]["state"] == "done")
    arrangement = {"layout": "1", "cells": [{"cameras": [camera]}]}
    technician = {"technician": town.people["teo"].id}
    aldo = town.browser("aldo")
    probe = posted(aldo, "/camera-probes", asked("/camera-probes"))["id"]
    town.served.until(lambda: aldo.get(f"/camera-probes/{probe}").json()["state"] != "running")
    made.names |= {
        "number": str(number),
        "name": posted(made.oriana, "/holds", asked("/holds"))["hold"],
        "bookmark": posted(made.oriana, "/bookmarks", asked("/bookmarks"))["id"],
        "wall": posted(made.oriana, "/walls", {"name": "Piazza", "shared": False, "arrangement": arrangement})["id"],
        "supervision": posted(made.oriana, "/supervisions", asked("/supervisions") | technician)["id"],
        "probe": probe,
        "id": "nobody",
        "key": posted(made.oriana, "/looks", asked("/looks"))["key"],
        "live": posted(made.oriana, "/live", {"cameras": [camera]})["key"],
    }
    playlist = made.oriana.get(f"/looks/{made.names['key']}/{camera}/video.m3u8?{made._query(_route('frames'))[1:]}")
    part = next(line for line in playlist.body.decode().splitlines() if line.startswith("parts/seg_"))
    made.names["part"] = part.removeprefix("parts/")
    footage = made.oriana.get(f"/looks/{made.names['key']}/{camera}/{part}")
    assert footage.status == 200, footage.body
    made.known += needles(footage.body)
    return made


def _route(end: str) -> Declared:
    return next(route for route in DECLARED if route.path.endswith(f"/{end}"))


def _in_turn() -> list[Declared]:
    """Those that change the session that asks come last, and signing out after all."""
    ends = [route for route in DECLARED if isinstance(route.permission, Door) and route.path.startswith(LAST)]
    first = [route for route in (*DECLARED, *SOCKETS) if route not in ends]
    return [*first, *sorted(ends, key=lambda route: LAST.index(next(filter(route.path.startswith, LAST))))]


def test_who_sees_no_pictures_gets_none_by_any_route(made: Made) -> None:
    """Of every declared route, with the names of what is there: no byte of a picture, nor a package, nor footage."""
    assert made.shown() == SHOWING
    for name in (*BLIND, ""):
        browser = made.town.browser(name) if name else Browser(made.town.port)
        for route in _in_turn():
            told, body = made.ask(browser, route)
            found = pictures_in(body, made.known)
            assert not found, (name, route.method, route.path, told, found)
            if (route.method, route.path) in SHOWING:
                assert told[0] == "4", (name, route.method, route.path, told)  # of a socket the code, 4000 and more
    assert made.shown() == SHOWING


def _as_owner(port: int, method: str, path: str, form: str = "") -> tuple[int, str, bytes]:
    """Status, where to, body: of the page that knows Unix users."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, form, {"content-type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.status, answer.getheader("location", ""), answer.read()


def _begun(port: int, watch: str, said: str) -> str:
    """Where the look is; nothing while the ledger has not all of it yet."""
    status, where, body = _as_owner(port, "POST", watch, said)
    assert status in {303, 503}, body
    return where


@pytest.mark.needs_root
def test_another_unix_user_gets_none_by_the_old_page_and_the_people_s_socket(made: Made) -> None:
    """A user whom the settings give nothing: not by a look of their own, nor by the address of the owner's."""
    town, port, camera = made.town, made.town.port, made.names["camera"]
    watch, said = f"/watch/{camera}/main", f"purpose=crime&reason={WHY.replace(' ', '+')}&minutes=5"
    look = town.served.until(lambda: _begun(port, watch, said)).partition("?")[0]
    playlist = _as_owner(port, "GET", f"{look}/video.m3u8")[2].decode()
    part = next(line for line in playlist.splitlines() if line.startswith("seg_"))
    media = [f"{look}/video.mp4", f"{look}/{part}"]
    for path in media:
        assert pictures_in(_as_owner(port, "GET", path)[2]), path
    order = json.dumps({"camera": town.cameras[0].name})
    refused = [*(("GET", path, "") for path in (*media, f"{look}/video.m3u8", look)), ("POST", watch, said)]
    refused += [("POST", f"/asks/{made.names['number']}/copy", order), ("POST", f"{look}/stay", "")]
    asked = [*refused, *(("GET", path, "") for path in ("/", "/overview", "/state.json", watch, "/asks", "/holds"))]
    for where in (str(port), str(town.home.people_socket)):
        answers = other_user.ask(ANOTHER, where, asked)
        for (method, path, form), (status, body) in zip(asked, answers, strict=True):
            assert not pictures_in(body, made.known), (where, method, path)
            assert status >= 400 or (method, path, form) not in refused, (where, method, path, status)
    for path in media:
        assert pictures_in(_as_owner(port, "GET", path)[2]), path


def test_what_a_camera_is_for_binds_whoever_asks(town: RoomTown) -> None:
    """LB-03: on the page, on the old one and by command another purpose is refused; a crime goes on."""
    cora = town.browser("cora")
    (id_,) = [each["id"] for each in cora.get("/cameras").json()["items"] if each["name"] == TRAFFIC]
    start, end = "2026-11-26T10:00:00Z", "2026-11-26T10:01:00Z"
    look = {"cameras": [id_], "from": start, "to": end, "purpose": "environment", "reason": WHY}
    assert cora.post("/looks", look).code == "PURPOSE_NOT_ALLOWED"
    watch, said = f"/watch/{id_}/main", f"reason={WHY.replace(' ', '+')}&from={start}&to={end}&purpose="
    status, _, page = _as_owner(town.port, "POST", f"{watch}?lang=en", f"{said}environment")
    assert (status, b"LB-03" in page) == (409, True), page
    words = ("evidence", "ask", TRAFFIC, start, end, "--to", "police", "--reason", WHY, "--purpose")
    refused = town.served.run(*words, "environment")
    assert (refused.code, "LB-03" in refused.err) == (5, True), refused
    for purpose in ("crime", "traffic"):
        allowed = town.served.run(*words, purpose)
        assert (allowed.code != 0, "LB-03" in allowed.err) == (True, False), allowed  # nothing was recorded there
