# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looks at live pictures over the API, and their sockets: for whom, why, and until when. No recorder is there."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from tests.tools.ledger_process import hanging, until
from tests.tools.live_client import look, open_socket, refused
from tests.tools.staffed import OWNER, PASSWORD
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.auditor.act_rules import ActRules
from torrazzo.base.errors import Unavailable
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api.app import SOCKETS
from torrazzo.control_room.api.declared import SOCKET
from torrazzo.control_room.live.looks import PLACES
from torrazzo.law import Operation, Role
from torrazzo.law.roles import TABLE
from torrazzo.ledger.act import Act
from torrazzo.ledger.private import Private
from torrazzo.town.camera import Camera, StreamConfig, new_camera_id
from torrazzo.town.office import new_camera

WHY = {"reason": "presa di servizio al turno serale"}
REASON = {"purpose": "road-accident", "reason": "incidente in corso Garibaldi"}
ROLES = [role for role in Role if role not in {Role.POLICE, Role.TECHNICIAN}]  # those hang on an agreement
PEOPLE = {role: f"{role.value.replace('-', '')}.live" for role in ROLES}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("live") / "town") as town:
        for number in range(20):
            _add(town, f"Via {number}")
        for role in ROLES:
            _somebody(town, PEOPLE[role], role)
        yield town


def _somebody(town: ApiTown, name: str, role: Role) -> None:
    """With all cameras."""
    town.somebody(name, role)
    groups = town.staffing.groups
    everything = next((each for each in groups.all() if each.is_all), None)
    if everything is None:
        everything = groups.save(CameraGroup("", "Tutte", True, frozenset()), OWNER).value
    town.staffing.accounts.give(town.staffing.accounts.named(name).id, {role}, {everything.id}, OWNER)


def _add(town: ApiTown, name: str) -> Camera:
    id_ = new_camera_id()
    streams = [StreamConfig(StreamId(CameraId(id_), stream), "rtsp://127.0.0.1:1/") for stream in ("main", "sub")]
    return town.office.add(new_camera(id_, name, streams, synthetic=True))


@pytest.fixture(scope="module")
def signed_in(town: ApiTown) -> dict[Role, Browser]:
    return {role: town.signed_in(PEOPLE[role]) for role in ROLES}


@pytest.fixture
def browsers(signed_in: dict[Role, Browser]) -> dict[Role, Browser]:
    """Not locked, though a test before has moved the clock."""
    for browser in signed_in.values():
        if browser.get("/me").status != 200:
            assert browser.post("/unlock", {"password": PASSWORD}).status == 200
    return signed_in


@pytest.fixture
def operator(town: ApiTown, browsers: dict[Role, Browser]) -> Iterator[Browser]:
    """In a shift; no look of theirs stays."""
    browser = browsers[Role.OPERATOR]
    if browser.get("/shift").json()["current"] is None:
        assert browser.post("/shift", WHY).status == 200
    yield browser
    town.live.end_at(None, "done")


@pytest.fixture
def cameras(town: ApiTown) -> list[str]:
    return [str(camera.id) for camera in town.cameras()]


def _last(town: ApiTown, kind: str) -> Act:
    return town.acts(kind)[-1]


# -- for whom


def test_every_socket_is_for_whom_the_matrix_says(
    town: ApiTown, browsers: dict[Role, Browser], operator: Browser, cameras: list[str]
) -> None:
    """All declared sockets times all roles: who has no cell is closed by 4403 FORBIDDEN, nobody by 4401."""
    assert [route.method for route in SOCKETS] == [SOCKET]
    key = look(operator, cameras[0])
    for route in SOCKETS:
        assert isinstance(route.permission, Operation)
        path = route.path.removeprefix("/live/").replace("{key}", key).replace("{camera}", cameras[0])
        for role, browser in browsers.items():
            with open_socket(browser, path) as tile:
                if role is Role.OPERATOR:
                    assert tile.take() is not None
                    continue
                code = tile.until_closed()
                may = role in TABLE[route.permission]
                assert (code, tile.why) == (4403, "LOOK_OVER" if may else "FORBIDDEN"), role
                assert not tile.frames
        with open_socket(town.browser(), path) as tile:
            assert (tile.until_closed(), tile.why) == (4401, "SESSION_NONE")


def test_a_page_elsewhere_opens_no_socket(operator: Browser, cameras: list[str]) -> None:
    """With our cookie, from another origin, from none, by another name: it is refused before it is open."""
    path = f"{look(operator, cameras[0])}/{cameras[0]}"
    assert refused(operator, path) == 101
    assert refused(operator, path, origin="http://evil.example") == 403
    assert refused(operator, path, origin="null") == 403
    assert refused(operator, path, origin=None) == 403
    assert refused(operator, path, origin=f"https://localhost:{operator.port}") == 403
    assert refused(operator, path, host=f"127.0.0.1:{operator.port}") == 403
    for name in ("evil.example", "localhost"):
        with socket.create_connection(("127.0.0.1", operator.port)) as sock:
            origin = f"http://{name}:{operator.port}"
            opened = refused(operator, path, host=f"{name}:{operator.port}", origin=origin, sock=sock)
            assert opened == (101 if name == "localhost" else 403)


def test_the_reason_is_each_role_s_own(
    town: ApiTown, browsers: dict[Role, Browser], operator: Browser, cameras: list[str]
) -> None:
    """A shift; purpose and reason; a case. Each stands in the fact, its words in private."""
    one = {"cameras": cameras[:1]}
    look(operator, cameras[0])
    number = operator.get("/shift").json()["current"]["id"]
    assert _last(town, "live").values["purpose"] == f"shift/{number}"
    commander = browsers[Role.DESIGNATO]
    assert commander.post("/live", one).code == "REASON_REQUIRED"
    assert commander.post("/live", {**one, **REASON, "purpose": "curiosity"}).code == "PURPOSE_NOT_ALLOWED"
    look(commander, cameras[0], **REASON)
    assert _last(town, "live").values["purpose"] == "road-accident"
    officer = browsers[Role.PG_OFFICER]
    assert officer.post("/live", one).code == "CASE_REQUIRED"
    look(officer, cameras[0], case="2026/118")
    assert _last(town, "live").values["purpose"] == "case"


def test_a_camera_without_a_stream_shows_nothing(town: ApiTown, operator: Browser) -> None:
    """It is told, and no look of nothing begins."""
    bare = town.office.add(new_camera(new_camera_id(), "Via Senza", [], synthetic=True))
    assert operator.post("/live", {"cameras": [str(bare.id)]}).code == "CAMERA_AWAY"
    town.office.remove(bare.id)


def test_a_look_is_of_cameras_that_are_there_and_one_s_own(town: ApiTown, cameras: list[str]) -> None:
    """Whose scope has one of them gets no look at two; what leaves it ends the look."""
    name = "siro.scope"
    town.somebody(name, Role.OPERATOR)
    account = town.staffing.accounts.named(name)
    group = town.staffing.groups.save(CameraGroup("", "Centro", False, frozenset(cameras[:1])), OWNER).value
    town.staffing.accounts.give(account.id, {Role.OPERATOR}, {group.id}, OWNER)
    browser = town.signed_in(name)
    browser.post("/shift", WHY)
    assert browser.post("/live", {"cameras": ["0000000000000bad"]}).code == "NOT_FOUND"
    assert browser.post("/live", {"cameras": cameras[:2]}).code == "OUT_OF_SCOPE"
    key = look(browser, cameras[0])
    with open_socket(browser, f"{key}/{cameras[1]}") as tile:
        assert tile.until_closed() == 4404
    with open_socket(browser, f"{key}/{cameras[0]}") as tile:
        tile.take()
        town.staffing.groups.save(group._replace(cameras=frozenset(cameras[1:2])), OWNER)
        town.live.tend()
        assert (tile.until_closed(), tile.why) == (4403, "out-of-scope")


def test_who_is_suspended_sees_nothing_more(town: ApiTown, cameras: list[str]) -> None:
    """Within the second in which looks are judged."""
    _somebody(town, "ugo.via", Role.OPERATOR)
    browser = town.signed_in("ugo.via")
    browser.post("/shift", WHY)
    key = look(browser, cameras[0])
    with open_socket(browser, f"{key}/{cameras[0]}") as tile:
        tile.take()
        town.staffing.accounts.suspend(town.staffing.accounts.named("ugo.via").id, OWNER)
        town.live.tend()
        assert (tile.until_closed(), tile.why) == (4401, "account-suspended")
    assert _last(town, "close").values["why"] == "account-suspended"


# -- its facts


def test_many_cameras_are_told_by_several_facts(town: ApiTown, operator: Browser, cameras: list[str]) -> None:
    """32 streams in one, all of them before the answer; each is closed; the auditor finds nothing in it."""
    before = len(town.acts("live"))
    key = look(operator, *cameras)
    told = town.acts("live")[before:]
    streams = [stream for act in told for stream in act.values["streams"]]
    assert [len(act.values["streams"]) for act in told] == [32, 8]
    assert streams == sorted(f"{camera}/{name}" for camera in cameras for name in ("main", "sub"))
    assert operator.ask("DELETE", f"/api/v1/live/{key}").status == 204
    closes = town.acts("close")[-2:]
    assert [act.values["shown"] for act in closes] == [[], []]
    rules = ActRules()
    number = closes[0].values["of"]
    lines = [(number + at, act.line) for at, act in enumerate(told)] + [
        (number + 9 + at, act.line) for at, act in enumerate(closes)
    ]
    found = [each for at, line in lines for each in rules.check(at, line, None, closes[-1].t, lambda *_: b"")]
    assert not found
    assert not rules.windows


def test_a_fact_is_renewed_while_it_is_looked_at(town: ApiTown, operator: Browser, cameras: list[str]) -> None:
    """Shortly before its end by another, and closed: what was shown in each is told by each."""
    key = look(operator, cameras[0])
    first = _last(town, "live")
    with open_socket(operator, f"{key}/{cameras[0]}?stream=sub") as tile:
        tile.take()
        town.clock.advance(14 * 60 - 30)
        operator.post("/active")
        town.live.tend()
        second = _last(town, "live")
        assert second.values["renews"] is not None
        assert second.t > first.t
        renewed = _last(town, "close")
        assert renewed.values["why"] == "renewed"
        assert renewed.values["of"] == second.values["renews"]
        assert [shown["stream"] for shown in renewed.values["shown"]] == [f"{cameras[0]}/sub"]
        assert operator.post(f"/live/{key}/stay").status == 200
    assert operator.ask("DELETE", f"/api/v1/live/{key}").status == 204
    (shown,) = _last(town, "close").values["shown"]
    assert second.t <= shown["spans"][0][0] <= shown["spans"][0][1] <= _last(town, "close").t


def test_a_look_that_nobody_uses_ends(town: ApiTown, operator: Browser, cameras: list[str]) -> None:
    """After a minute without a socket or a word; another one's key is nobody's."""
    key = look(operator, cameras[0])
    town.clock.advance(50)
    assert operator.post(f"/live/{key}/stay").status == 200
    town.clock.advance(50)
    town.live.tend()
    assert operator.post(f"/live/{key}/stay").status == 200
    town.clock.advance(61)
    town.live.tend()
    answer = operator.post(f"/live/{key}/stay")
    assert (answer.status, answer.code) == (410, "LOOK_OVER")
    assert _last(town, "close").values["why"] == "idle"


def test_one_person_has_so_many_looks(
    town: ApiTown, operator: Browser, cameras: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no more, until one of them is left: a page that is loaded anew is not refused for those before it."""
    with monkeypatch.context() as slow:
        slow.setattr("torrazzo.control_room.live.looks.PLACES", PLACES._replace(left_ns=3600 * 10**9))
        for _ in range(PLACES.most_of_one):
            look(operator, cameras[0])
        answer = operator.post("/live", {"cameras": cameras[:1]})
        assert (answer.status, answer.code) == (429, "LOOKS_MANY")
    town.clock.advance(11)
    look(operator, cameras[0])
    assert _last(town, "close").values["why"] == "idle"


def test_one_person_has_so_many_pictures(
    town: ApiTown, operator: Browser, cameras: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all looks together, so that others find a place."""
    monkeypatch.setattr("torrazzo.control_room.live.looks.MOST_VIEWERS_OF_ONE", 2)
    first, second = look(operator, cameras[0]), look(operator, cameras[1])
    with (
        open_socket(operator, f"{first}/{cameras[0]}") as one,
        open_socket(operator, f"{second}/{cameras[1]}") as two,
        open_socket(operator, f"{second}/{cameras[1]}") as three,
    ):
        assert one.take() is not None
        assert two.take() is not None
        assert three.until_closed() == 4429


def test_the_curtain_ends_the_pictures_of_its_station(
    town: ApiTown, browsers: dict[Role, Browser], operator: Browser, cameras: list[str]
) -> None:
    """And lets none begin there; another station's go on."""
    other = browsers[Role.DESIGNATO]
    keys = look(operator, cameras[0]), look(other, cameras[0], **REASON)
    with (
        open_socket(operator, f"{keys[0]}/{cameras[0]}") as here,
        open_socket(other, f"{keys[1]}/{cameras[0]}") as there,
    ):
        here.take()
        there.take()
        assert operator.post("/room/curtain", {"drawn": True, "reason": ""}).status == 200
        town.live.tend()  # as the running room does each second, and its `on_curtain` at once
        assert (here.until_closed(), here.why) == (4409, "curtain")
        assert operator.post("/live", {"cameras": cameras[:1]}).code == "CURTAIN_DRAWN"
        there.say(type="stream", stream="main")
        there.until(lambda each: isinstance(each, dict))
        assert operator.post("/room/curtain", {"drawn": False, "reason": ""}).status == 200
    look(operator, cameras[0])


def test_while_nobody_can_tell_who_may_look_a_look_ends_soon(
    town: ApiTown, operator: Browser, cameras: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`office.db` cannot be read: what was lawful goes on for a moment, then ends; its close and its fact say why."""
    monkeypatch.setattr("torrazzo.control_room.live.looks.UNKNOWN_NS", 300 * 10**9)

    def away() -> None:
        raise Unavailable("office.db: disk I/O error")

    keys = [look(operator, camera) for camera in cameras[:2]]
    with open_socket(operator, f"{keys[0]}/{cameras[0]}") as tile:
        tile.take()
        with monkeypatch.context() as broken:
            broken.setattr(town.staffing.staff, "look", away)
            town.live.tend()
            there = [town.live.are_any]
            town.clock.advance(301)
            town.live.tend()
            assert (tile.until_closed(), tile.why) == (4503, "unknown")
            assert [*there, town.live.are_any] == [True, False]
    assert [act.values["why"] for act in town.acts("close")[-2:]] == ["unknown"] * 2


def test_without_the_ledger_no_look_begins_and_what_runs_ends_with_its_fact(tmp_path: Path) -> None:
    """503 for a new one; a running one goes on for as long as its fact says, and its end is told afterwards."""
    with api_town(tmp_path / "town") as town:
        camera = str(_add(town, "Via Sola").id)
        _somebody(town, "gina.verdi", Role.OPERATOR)
        town.people.tend()
        browser = town.signed_in("gina.verdi")
        browser.post("/shift", WHY)
        key = look(browser, camera)
        town.stop_ledger()
        assert browser.post("/live", {"cameras": [camera]}).code == "LEDGER_AWAY"
        with open_socket(browser, f"{key}/{camera}") as tile:
            tile.take()
            town.clock.advance(9 * 60)
            town.live.tend()
            with open_socket(browser, f"{key}/{camera}") as another:
                assert another.take() is not None
            browser.post("/active")
            town.clock.advance(7 * 60)
            town.live.tend()
            assert (tile.until_closed(), tile.why) == (4503, "expired")
        town.start_ledger()
        assert town.windows.settle() == 0
        close = _last(town, "close")
        assert close.values["why"] == "expired"
        assert [shown["stream"] for shown in close.values["shown"]] == [f"{camera}/sub"]


def test_a_ledger_that_hangs_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look ends at once, and the ledger hears of it later; who begins one hears why not, and since when."""
    monkeypatch.setattr("torrazzo.control_room.behind.MOMENT_S", 0.1)
    monkeypatch.setattr("torrazzo.access.windows.LOOKING_S", 0.2)
    with api_town(tmp_path / "town") as town:
        camera = str(_add(town, "Via Sola").id)
        _somebody(town, "gina.verdi", Role.OPERATOR)
        browser = town.signed_in("gina.verdi")
        browser.post("/shift", WHY)
        key = look(browser, camera)
        town.stop_ledger()
        begun = town.clock.utc()
        with hanging(town.home):
            with open_socket(browser, f"{key}/{camera}") as tile:
                tile.take()
                assert browser.ask("DELETE", f"/api/v1/live/{key}").status == 204
                assert tile.until_closed() == 4403
            answer = browser.post("/live", {"cameras": [camera]})
            assert (answer.status, answer.code, "since" in answer.json()) == (503, "LEDGER_AWAY", False)
            town.ledger_away = begun
            answer = browser.post("/live", {"cameras": [camera]})
            assert (answer.code, answer.json()["since"]) == ("LEDGER_AWAY", iso_from_ticks(begun))
        town.start_ledger()
        until(lambda: town.windows.settle() <= 1 and town.acts("close"))  # of what was not answered nothing is known
        assert [shown["stream"] for shown in _last(town, "close").values["shown"]] == [f"{camera}/sub"]
        assert look(browser, camera)


def test_a_control_room_that_dies_tells_of_more_and_never_of_less(tmp_path: Path) -> None:
    """What was on a screen when it died is told as if it had been there until the fact's end."""
    with api_town(tmp_path / "town") as town:
        camera = str(_add(town, "Via Sola").id)
        streams = frozenset({StreamId.parse(f"{camera}/main"), StreamId.parse(f"{camera}/sub")})
        window = town.windows.open_live(Private("gina.verdi", "turno"), streams, "shift/1")
        window.show(StreamId.parse(f"{camera}/sub"))
        town.windows._live.clear()  # as after a start: nobody here holds it
        assert town.windows.settle() == 0
        close, live = _last(town, "close"), _last(town, "live")
        assert close.values["why"] == "restart"
        ((start, end),) = close.values["shown"][0]["spans"]
        assert (start >= live.t, end) == (True, live.values["until"])
