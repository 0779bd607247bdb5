# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Live pictures in a town of real processes: a camera's frames on a WebSocket, and who sees none."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest

from tests.tools.api_town import Browser
from tests.tools.live_client import CATCHING_UP, Frame, look, nal_units, open_socket
from tests.tools.patience import PATIENCE_S
from tests.tools.room_town import REASON, RoomTown, room_town
from torrazzo.law import Role
from torrazzo.ledger.act import Act, parse_act
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.tail import act_head, acts_since
from torrazzo.testing import ClipSpec
from torrazzo.testing.camera import Habits
from torrazzo.testing.clips import is_parameter_set

GOP_S = 4
SLACK = 4  # a busy machine; a second is what the bench holds it to
BEGUN: list[tuple[Browser, str]] = []
MAIN = ClipSpec(width=320, height=192, fps="25", frames=200, gop=25 * GOP_S, bitrate=150_000)
SUB = ClipSpec(width=160, height=96, fps="25/2", frames=100, gop=50, bitrate=60_000)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    """Two cameras with two streams, a key frame each four seconds; what they send is logged."""
    habits = Habits(aggregate=True, join="forced")
    folder = tmp_path_factory.mktemp("live") / "town"
    with room_town(folder, 2, sub=True, main=MAIN, small=SUB, habits=habits) as found:
        yield found


@pytest.fixture(autouse=True)
def ended(town: RoomTown) -> Iterator[None]:
    """No look stays behind a test: a person may have eight."""
    yield
    for browser, key in BEGUN:
        browser.ask("DELETE", f"/api/v1/live/{key}")
    BEGUN.clear()


@pytest.fixture(scope="module")
def people(town: RoomTown) -> "People":
    return People(town)


class People:
    """Each signed in once, as long as that lasts: a code signs in one time."""

    def __init__(self, town: RoomTown) -> None:
        self._town, self._there = town, dict[str, Browser]()

    def __getitem__(self, name: str) -> Browser:
        there = self._there.get(name)
        if there is None or there.get("/me").status != 200:
            self._there[name] = self._town.browser(name)
        found = self._there[name]
        if Role.OPERATOR in self._town.people[name].roles and found.get("/shift").json()["current"] is None:
            assert found.post("/shift", {"reason": REASON}).status == 200
        return found


def begin(browser: Browser, camera: str) -> str:
    """The key of a new look, which ends with the test."""
    key = look(browser, camera)
    BEGUN.append((browser, key))
    return key


def _acts(town: RoomTown, kind: str) -> list[tuple[int, Act]]:
    ledger = LedgerClient(town.home.ledger_socket)
    found = ((number, parse_act(line)) for number, line in acts_since(ledger, act_head(ledger), 0))
    return [(number, act) for number, act in found if act.kind == kind]


def _pictures(nals: Iterator[bytes]) -> list[bytes]:
    """Without parameter sets, which the recorder puts before each key frame."""
    return [nal for nal in nals if not is_parameter_set("h264", nal)]


def _is_live(found: object) -> bool:
    return isinstance(found, Frame) and not found.is_again


def test_frames_are_those_of_the_camera_from_the_first_one_on(town: RoomTown, people: People) -> None:
    """The running group comes at once, then what comes; each frame byte for byte, in order, none left out."""
    browser, camera = people["oriana"], str(town.cameras[0].id)
    device = town.device(0)
    key = begin(browser, camera)
    with open_socket(browser, f"{key}/{camera}?stream=main") as tile:
        first = tile.some(1)[0]
        assert first.is_key
        tile.until(_is_live)
        tile.some(60)
    (init,) = [said for said in tile.said if said["type"] == "init"]
    assert init | {"width": 320, "height": 192, "stream": "main"} == init
    assert tile.said[0]["type"] == "state"
    assert tile.inits[0][4:8] == b"ftyp"
    sent = [_pictures(iter(each.unit.nals)) for each in list(device.log)]
    got = [_pictures(nal_units(frame.data)) for frame in tile.frames]
    starts = [at for at in range(len(sent) - len(got) + 1) if sent[at : at + len(got)] == got]
    assert starts, "what came is no stretch of what was sent"
    assert [frame.sequence for frame in tile.frames] == list(range(1, len(got) + 1))
    assert tile.frames[0].media == 0
    assert all(one.media < other.media for one, other in pairwise(tile.frames))


def test_the_first_picture_does_not_wait_for_a_key_frame(town: RoomTown, people: People) -> None:
    """In the middle of a group of four seconds: its beginning comes back from the disk, and all of it is there."""
    browser, camera = people["oriana"], str(town.cameras[1].id)
    end, frames = time.monotonic() + PATIENCE_S, list[Frame]()
    while len(_again(frames)) <= 50:  # busy, the next group may have begun
        assert time.monotonic() < end, "the group was longer than what memory holds"
        frames = _frames_in_mid_group(browser, camera)
    again = _again(frames)
    assert [frame.is_key for frame in again].count(True) == 1
    assert abs(frames[-1].utc_ms - again[0].utc_ms) >= 2_000


def _frames_in_mid_group(browser: Browser, camera: str) -> list[Frame]:
    """All until the first one of now, for somebody who comes when nobody has the group but the recorder."""
    key = begin(browser, camera)
    with open_socket(browser, f"{key}/{camera}?stream=main") as tile:
        tile.until(lambda each: _is_live(each) and each.is_key)
        tile.some(60)  # 2.4 s into the next group
    browser.ask("DELETE", f"/api/v1/live/{key}")
    time.sleep(0.2)
    key = begin(browser, camera)
    with open_socket(browser, f"{key}/{camera}?stream=main") as tile:
        tile.until(_is_live)
    browser.ask("DELETE", f"/api/v1/live/{key}")
    return tile.frames


def _again(frames: Sequence[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame.flags & CATCHING_UP]


def test_who_comes_second_sees_the_same(town: RoomTown, people: People) -> None:
    """Two people, one stream, two looks of their own; the recorder is asked once."""
    camera = str(town.cameras[0].id)
    one, other = people["oriana"], people["osvaldo"]
    keys = begin(one, camera), begin(other, camera)
    assert keys[0] != keys[1]
    with (
        open_socket(one, f"{keys[0]}/{camera}") as first,
        open_socket(other, f"{keys[1]}/{camera}") as second,
    ):
        first.until(_is_live)
        second.until(_is_live)
        seen = {frame.data for frame in second.some(10)}
        first.until(lambda _: len(seen & {frame.data for frame in first.frames}) >= 8)
        assert [said["stream"] for said in first.said if said["type"] == "init"] == ["sub"]
        with open_socket(other, f"{keys[0]}/{camera}") as stolen:
            assert (stolen.until_closed(), stolen.why) == (4403, "LOOK_OVER")


def test_a_tile_goes_on_with_the_other_stream(town: RoomTown, people: People) -> None:
    """Without a new socket: another beginning, its running group, and media time that goes on."""
    browser, camera = people["oriana"], str(town.cameras[0].id)
    key = begin(browser, camera)
    with open_socket(browser, f"{key}/{camera}?stream=sub") as tile:
        tile.until(_is_live)
        before = len(tile.frames)
        tile.say(type="stream", stream="main")
        tile.until(lambda each: isinstance(each, dict) and each["type"] == "init" and each["stream"] == "main")
        after = tile.some(30)
    assert len(tile.inits) == 2
    assert after[0].is_key
    assert after[0].media > tile.frames[before - 1].media
    assert all(one.media < other.media for one, other in pairwise(tile.frames))


def test_a_look_is_told_before_and_after(town: RoomTown, people: People) -> None:
    """Which streams, in which shift; then when each was on a screen. The auditor has nothing to say against it."""
    browser, camera = people["oriana"], town.cameras[0]
    key = begin(browser, str(camera.id))
    number, act = _acts(town, "live")[-1]
    assert act.values["streams"] == sorted(str(stream.id) for stream in camera.streams)
    assert act.values["purpose"].startswith("shift/")
    with open_socket(browser, f"{key}/{camera.id}?stream=sub") as tile:
        tile.until(_is_live)
    assert browser.ask("DELETE", f"/api/v1/live/{key}").status == 204
    close = town.served.until(lambda: [act for _, act in _acts(town, "close") if act.values["of"] == number])[0]
    assert close.values["why"] == "done"
    (shown,) = close.values["shown"]
    assert (shown["stream"], shown["count"]) == (f"{camera.id}/sub", 1)
    ((start, end),) = shown["spans"]
    assert act.t <= start < end <= close.t
    assert browser.ask("DELETE", f"/api/v1/live/{key}").code == "LOOK_OVER"


def test_the_end_of_the_shift_ends_the_pictures(town: RoomTown, people: People) -> None:
    """And the look with them; a new one needs a new shift."""
    browser, camera = people["osvaldo"], str(town.cameras[0].id)
    key = begin(browser, camera)
    with open_socket(browser, f"{key}/{camera}") as tile:
        tile.until(_is_live)
        assert browser.post("/shift/close", {"note": ""}).status == 200
        assert (tile.until_closed(), tile.why) == (4409, "shift-required")
    assert browser.post("/live", {"cameras": [camera]}).code == "SHIFT_REQUIRED"
    town.served.until(lambda: any(act.values["why"] == "shift-required" for _, act in _acts(town, "close")))


def test_signing_out_ends_the_pictures(town: RoomTown, people: People) -> None:
    """No cookie, no picture; a locked session goes on showing what it showed, and begins nothing."""
    browser, camera = people["oriana"], str(town.cameras[0].id)
    key = begin(browser, camera)
    with open_socket(browser, f"{key}/{camera}") as tile:
        tile.until(_is_live)
        assert browser.post("/lock").status == 204
        tile.some(30)
        with open_socket(browser, f"{key}/{camera}") as another:
            another.until(_is_live)
        assert browser.post("/live", {"cameras": [camera]}).code == "SESSION_LOCKED"
        assert browser.post(f"/live/{key}/stay").status == 200
        assert browser.ask("DELETE", "/api/v1/session").status == 204
        assert tile.until_closed() == 4401
    with open_socket(browser, f"{key}/{camera}") as tile:
        assert (tile.until_closed(), tile.why) == (4401, "SESSION_NONE")


def test_a_camera_that_freezes_is_said_to_be_late(town: RoomTown, people: People) -> None:
    """Soon after its last frame; and that it is there again, with a picture."""
    browser, camera = people["oriana"], str(town.cameras[1].id)
    key = begin(browser, camera)
    with open_socket(browser, f"{key}/{camera}?stream=main") as tile:
        tile.until(_is_live)
        town.freeze(1)
        try:
            said = tile.until_state("late", "lost")
            assert said["at"] - tile.frames[-1].utc_ms <= 1_000 * SLACK
        finally:
            town.back(1)
        tile.until_state("recording")
        tile.some(20)


def test_a_recorder_that_died_comes_back_by_itself(town: RoomTown, people: People) -> None:
    """On the same socket: it is told, and then there are pictures again."""
    browser, camera = people["oriana"], str(town.cameras[0].id)
    key = begin(browser, camera)
    with open_socket(browser, f"{key}/{camera}?stream=sub") as tile:
        tile.until(_is_live)
        os.kill(town.served.children()["recorder"], signal.SIGKILL)
        assert tile.until_state("lost")["why"] == "recorder"
        before = len(tile.frames)
        first = tile.until(lambda each: isinstance(each, Frame))
        assert first.is_key
        tile.until(_is_live)
        tile.some(10)
    assert len(tile.inits) == 2
    assert all(one.media < other.media for one, other in pairwise(tile.frames[before - 1 :]))


@pytest.mark.parametrize("name", ["aldo", "diana", "rita", "sara", "tina", "tito", "elena"])
def test_who_sees_no_pictures_sees_none(town: RoomTown, people: People, name: str) -> None:
    """By no route: no look begins, and another one's key opens nothing."""
    browser = people[name]
    camera = str(town.cameras[0].id)
    answer = browser.post("/live", {"cameras": [camera]})
    assert answer.status == 403
    key = begin(people["oriana"], camera)
    with open_socket(browser, f"{key}/{camera}") as tile:
        assert tile.until_closed() == 4403
        assert not tile.frames
