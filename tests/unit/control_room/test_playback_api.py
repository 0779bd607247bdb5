# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Playback over the API: a real server, ledger, keyring and archive."""

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from av.video.frame import VideoFrame

from tests.tools.api_town import Answered, Browser
from tests.tools.playback_town import (
    ADMIN,
    BRIDGE,
    CLIP,
    COMMANDER,
    OFFICER,
    OPERATOR,
    SQUARE,
    PlaybackTown,
    playback_town,
)
from tests.tools.staffed import OWNER
from torrazzo.access.staff import By
from torrazzo.base import Span
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import HOUR, SECOND, UtcTicks, iso_from_ticks, ticks_from_text
from torrazzo.control_room import person_looks
from torrazzo.control_room.api import looks as looks_api
from torrazzo.control_room.person_looks import PLACES, Said, Seat, Shown
from torrazzo.law import Role
from torrazzo.ledger.act import Act
from torrazzo.ledger.text import to_base64
from torrazzo.playback.pictures import Busy, Pictures
from torrazzo.testing import make_clip
from torrazzo.testing.clock import START

MEDIA = ("video.m3u8?from={0}&to={1}", "frames?from={0}&to={1}", "still?at={0}", "thumbnail?at={0}", "parts/{part}")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaybackTown]:
    with playback_town(tmp_path_factory.mktemp("playback") / "town") as town:
        yield town


@pytest.fixture
def browser(town: PlaybackTown) -> Iterator[Browser]:
    """The operator's; its looks are closed afterwards."""
    yield town.signed_in(OPERATOR)
    town.playback.looks.end_all("stopped")


def _path(look: Any, camera: str, rest: str) -> str:
    return f"/looks/{look['key']}/{camera}/{rest}"


def _parts(text: str) -> list[str]:
    return re.findall(r"^(parts/seg_\S+)$", text, re.MULTILINE)


def _playlist(town: PlaybackTown, browser: Browser, look: Any, start: float = 0, end: float = 60) -> Answered:
    return browser.get(_path(look, SQUARE.camera, f"video.m3u8?from={town.at(start)}&to={town.at(end)}"))


def _news(town: PlaybackTown, before: int, *kinds: str) -> list[Act]:
    return town.acts(*kinds)[before:]


# -- looks


def test_each_camera_has_its_fact_before_the_look_is_there(town: PlaybackTown, browser: Browser) -> None:
    """One `view` a camera, with stream, span and purpose, is in the ledger when the look is answered, and no name."""
    before = len(town.acts("view"))
    look = town.look(browser, 5, 25, at=town.at(6))
    found = _news(town, before, "view")
    assert sorted(act.values["streams"][0] for act in found) == sorted(map(str, (SQUARE, BRIDGE)))
    assert {act.values["purpose"] for act in found} == {"crime"}
    assert all(b"bicicletta" not in act.line and b"olga" not in act.line for act in found)
    for camera in look["cameras"]:
        assert (camera["state"], camera["code"]) == ("open", None)
        assert ticks_from_text(camera["from"], town.room().settings.zone) <= START + 5 * SECOND
    assert look["person"]["name"] == "Olga Neri"


@pytest.mark.parametrize(
    ("name", "changed", "code"),
    [
        (OPERATOR, {"reason": "aaaaaaaaaaaaaaaa"}, "REASON_REQUIRED"),
        (OPERATOR, {"reason": ""}, "REASON_REQUIRED"),
        (OPERATOR, {"purpose": "press"}, "PURPOSE_NOT_ALLOWED"),
        (OPERATOR, {"event": None}, "EVENT_REQUIRED"),
        (OFFICER, {}, "CASE_REQUIRED"),
        ("elio.conti", {}, "CASE_REQUIRED"),
        (ADMIN, {}, "FORBIDDEN"),
        ("dora.sala", {}, "FORBIDDEN"),
        ("tito.riva", {}, "FORBIDDEN"),
        (OPERATOR, {"cameras": ["00000000000000bb"]}, "NOT_FOUND"),
        (OPERATOR, {"cameras": [SQUARE.camera, SQUARE.camera]}, "NOT_VALID"),
        (OPERATOR, {"to": "2026-11-26T22:00:00Z"}, "NOT_VALID"),
        (OPERATOR, {"to": "2026-11-24T21:00:00Z"}, "NOT_VALID"),
        (OPERATOR, {"from": "yesterday"}, "NOT_VALID"),
    ],
)
def test_who_may_not_look_gets_no_window(town: PlaybackTown, name: str, changed: dict[str, Any], code: str) -> None:
    """Without what the law wants to hear from a role there is a refusal by its code, and no fact of a window."""
    before, denied = len(town.acts("view")), len(town.acts("deny"))
    browser = town.signed_in(name)
    answer = browser.post("/looks", town.ask(**changed))
    assert answer.code == code
    assert not _news(town, before, "view")
    if code not in {"NOT_FOUND", "NOT_VALID"}:
        assert len(_news(town, denied, "deny")) <= 1  # the same refusal again is told once in ten minutes


def test_every_role_that_may_looks_with_what_it_says(town: PlaybackTown) -> None:
    """The commander by purpose and reason, the officer by a case, the operator by an event or a case."""
    for name, changed in (
        (COMMANDER, {"event": None}),
        (OFFICER, {"event": None, "case": "2026/118"}),
        ("elio.conti", {"event": None, "case": "2026/118"}),
        (OPERATOR, {"event": None, "case": "2026/118"}),
    ):
        browser = town.signed_in(name)
        look = town.look(browser, 0, 10, **changed)
        assert browser.ask("DELETE", f"/api/v1/looks/{look['key']}").status == 204


def test_a_look_is_one_sessions(town: PlaybackTown, browser: Browser) -> None:
    """Another person with the same key, and the same person in another session, get nothing: 410, by every address."""
    look = town.look(browser)
    part = _parts(_playlist(town, browser, look).body.decode())[0].removeprefix("parts/")
    commander = town.signed_in(COMMANDER)
    for rest in MEDIA:
        path = _path(look, SQUARE.camera, rest.format(town.at(1), town.at(9), part=part))
        assert browser.get(path).status == 200, path
        assert commander.get(path).code == "LOOK_OVER", path
    assert browser.post(f"/looks/{look['key']}/stay").status == 200
    again = town.signed_in(OPERATOR)
    assert again.get(_path(look, SQUARE.camera, f"still?at={town.at(1)}")).code == "LOOK_OVER"


def test_a_closed_look_gives_nothing_and_tells_what_it_showed(town: PlaybackTown, browser: Browser) -> None:
    """After DELETE every address is 410, and each window's closing fact lists the segments whose keys were given."""
    before = len(town.acts("close"))
    look = town.look(browser)
    part = _parts(_playlist(town, browser, look).body.decode())[1]
    assert browser.get(_path(look, SQUARE.camera, part)).status == 200
    assert browser.ask("DELETE", f"/api/v1/looks/{look['key']}").status == 204
    assert browser.get(_path(look, SQUARE.camera, part)).code == "LOOK_OVER"
    closed = [act for act in _news(town, before, "close") if act.values["why"] == "done"]
    assert len(closed) == 2
    shown = [each for act in closed for each in act.values["shown"]]
    assert [each["stream"] for each in shown] == [str(SQUARE)]
    assert any(a <= START + 10 * SECOND < b for a, b in shown[0]["spans"])


def test_a_look_that_moves_asks_no_reason_again(town: PlaybackTown, browser: Browser) -> None:
    """Each span has its own facts, which name the window before; that one goes on for a while, and is closed then."""
    views, closes = len(town.acts("view")), len(town.acts("close"))
    look = town.look(browser, 0, 20)
    first = _parts(_playlist(town, browser, look, 0, 20).body.decode())[0]
    moved = browser.post(f"/looks/{look['key']}/move", {"from": town.at(45), "to": town.at(60)})
    assert moved.status == 200
    found = _news(town, views, "view")
    assert len(found) == 4
    assert {act.values["renews"] for act in found[:2]} == {None}
    assert None not in {act.values["renews"] for act in found[2:]}
    assert browser.get(_path(look, SQUARE.camera, first)).status == 200, "it still plays"
    assert browser.get(_path(look, SQUARE.camera, f"still?at={town.at(50)}")).status == 200
    assert browser.get(_path(look, SQUARE.camera, f"still?at={town.at(41)}")).code == "NOTHING_RECORDED"
    town.clock.advance(31)
    assert browser.post(f"/looks/{look['key']}/stay").status == 200
    town.playback.looks.tend()
    assert [act.values["why"] for act in _news(town, closes, "close")] == ["moved", "moved"]
    assert browser.get(_path(look, SQUARE.camera, first)).code == "NOTHING_RECORDED"


def test_a_span_that_a_window_has_needs_no_new_one(town: PlaybackTown, browser: Browser) -> None:
    """Moving within what was asked for enters no fact; another camera gets one of its own."""
    look = town.look(browser, 0, 60, cameras=[SQUARE.camera])
    views = len(town.acts("view"))
    inside = {"from": town.at(12), "to": town.at(20), "at": town.at(13)}
    assert browser.post(f"/looks/{look['key']}/move", inside).status == 200
    assert not _news(town, views, "view")
    more = {**inside, "cameras": [SQUARE.camera, BRIDGE.camera]}
    assert len(browser.post(f"/looks/{look['key']}/move", more).json()["cameras"]) == 2
    assert [act.values["streams"] for act in _news(town, views, "view")] == [[str(BRIDGE)]]


def test_a_camera_without_the_stream_that_is_wanted_shows_what_it_has(town: PlaybackTown, browser: Browser) -> None:
    """And no fact tells of another; a stream that no camera can have is refused."""
    look = town.look(browser, 0, 60, streams={SQUARE.camera: "sub"})
    assert [each["stream"] for each in look["cameras"]] == ["main", "main"]
    views = len(town.acts("view"))
    moved = {"from": town.at(0), "to": town.at(60), "streams": {BRIDGE.camera: "sub"}}
    answer = browser.post(f"/looks/{look['key']}/move", moved)
    assert [each["stream"] for each in answer.json()["cameras"]] == ["main", "main"]
    assert not _news(town, views, "view")
    for streams in ({SQUARE.camera: "third"}, {"nothing": "sub"}):
        assert browser.post(f"/looks/{look['key']}/move", {**moved, "streams": streams}).status == 422


def test_a_look_that_nobody_uses_ends(town: PlaybackTown, browser: Browser) -> None:
    """A minute after the last request its windows are closed, `idle`; `stay` keeps it until then."""
    closes = len(town.acts("close"))
    look = town.look(browser)
    for _ in range(3):
        town.clock.advance(40)
        assert browser.post(f"/looks/{look['key']}/stay").status == 200
        town.playback.looks.tend()
    town.clock.advance(61)
    town.playback.looks.tend()
    assert browser.get(f"/looks/{look['key']}").code == "LOOK_OVER"
    assert [act.values["why"] for act in _news(town, closes, "close")] == ["idle", "idle"]


def test_a_window_is_renewed_while_its_look_lasts(town: PlaybackTown, browser: Browser) -> None:
    """Before its quarter of an hour is over a fact renews it, and what is shown after that is told by the new one."""
    views = len(town.acts("view"))
    look = town.look(browser, cameras=[SQUARE.camera])
    for _ in range(16):
        town.clock.advance(55)
        assert browser.post("/active").status == 204
        assert browser.post(f"/looks/{look['key']}/stay").status == 200
    assert len(_news(town, views, "view")) == 2
    assert browser.get(_path(look, SQUARE.camera, f"thumbnail?at={town.at(3)}")).status == 200


def test_nobody_has_too_many_looks(town: PlaybackTown, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fifth of one person is refused; a closed one makes room, and so does one that its page has left."""
    monkeypatch.setattr(person_looks, "PLACES", PLACES._replace(left_ns=600 * 10**9))
    monkeypatch.setattr(person_looks, "IDLE_NS", 3600 * 10**9)
    looks = [town.look(browser, 0, 10) for _ in range(PLACES.most_of_one)]
    refused = browser.post("/looks", town.ask(0, 10))
    assert (refused.status, refused.code) == (429, "LOOKS_MANY")
    browser.ask("DELETE", f"/api/v1/looks/{looks[0]['key']}")
    stays = town.look(browser, 0, 10)
    for _ in range(2):
        town.clock.advance(301)
        assert browser.post("/active").status == 204
        assert browser.post(f"/looks/{stays['key']}/stay").status == 200
    town.look(browser, 0, 10)
    assert town.acts("close")[-1].values["why"] == "idle"
    assert browser.post(f"/looks/{looks[1]['key']}/stay").code == "LOOK_OVER"
    assert browser.post(f"/looks/{stays['key']}/stay").status == 200


def test_nothing_recorded_opens_no_window(town: PlaybackTown, browser: Browser) -> None:
    """A look at a gap stands, so that it can move, and says that there is nothing; no fact is entered for it."""
    before = len(town.acts("view"))
    look = town.look(browser, 36, 44)
    assert [(each["state"], each["code"]) for each in look["cameras"]] == [("none", "NOTHING_RECORDED")] * 2
    assert not _news(town, before, "view")
    assert _playlist(town, browser, look, 36, 44).code == "NOTHING_RECORDED"


def test_who_is_taken_out_of_a_group_sees_nothing_more(town: PlaybackTown, browser: Browser) -> None:
    """The law is asked anew each second: a look that is open gives nothing of a camera that is no more its person's."""
    look = town.look(browser)
    account = town.staffing.accounts.named(OPERATOR)
    town.staffing.accounts.give(account.id, set(account.roles), set(), OWNER)
    town.clock.advance(1.1)
    try:
        answer = browser.get(_path(look, SQUARE.camera, f"still?at={town.at(1)}"))
        assert (answer.status, answer.code) == (403, "OUT_OF_SCOPE")
        assert browser.post("/looks", town.ask()).code == "OUT_OF_SCOPE"
        query = f"cameras={SQUARE.camera}&from={town.at(0)}&to={town.at(60)}"
        assert browser.get(f"/timeline?{query}").code == "OUT_OF_SCOPE"
    finally:
        town.staffing.accounts.give(account.id, set(account.roles), set(account.groups), OWNER)


def test_a_drawn_curtain_shows_nothing(town: PlaybackTown, browser: Browser) -> None:
    """AC-08: no picture leaves for a station whose curtain is drawn, and the look goes on when it is opened."""
    look = town.look(browser)
    path = _path(look, SQUARE.camera, f"thumbnail?at={town.at(1)}")
    station = browser.cookies["torrazzo-station"]
    by = By(OPERATOR, "visita in sala", None, town.staffing.accounts.named(OPERATOR).id)
    town.people.told(town.staffing.curtains.draw(by, station))
    try:
        assert browser.get(path).code == "CURTAIN_DRAWN"
        assert browser.post("/looks", town.ask()).code == "CURTAIN_DRAWN"
        assert browser.post(f"/looks/{look['key']}/stay").status == 200
    finally:
        town.people.told(town.staffing.curtains.open(by, station))
    assert browser.get(path).status == 200


# -- pictures


def test_parts_play_as_the_playlist_says(town: PlaybackTown, browser: Browser) -> None:
    """Each part with the init it names decodes, its first time is where the playlist puts it, and a gap has no part."""
    look = town.look(browser)
    text = _playlist(town, browser, look).body.decode()
    assert text.count("#EXT-X-GAP") == 1
    pairs = re.findall(r'MAP:URI="(\S+)"(?:\n#EXT-X-PROGRAM[^\n]*)?\n#EXTINF:([\d.]+),\n(parts/seg_\S+)', text)
    assert [float(seconds) for _, seconds, _ in pairs] == [10, 10, 10, 5, 10, 5]
    first = None
    for init, seconds, part in pairs:
        data = b"".join(browser.get(_path(look, SQUARE.camera, name)).body for name in (init, part))
        with av.open(io.BytesIO(data), "r") as container:
            shown = sorted(frame.time for frame in container.decode(video=0))
        base = int(part.rpartition("_")[2].removesuffix(".m4s"))
        first = shown[0] if first is None else first  # where this reader of MP4 puts what is shown at once
        assert shown[0] - first == pytest.approx(base / SECOND)
        assert len(shown) == float(seconds) * 25
    assert browser.get(_path(look, SQUARE.camera, "parts/gap_3150000.m4s")).code == "NOT_VALID"


def test_frames_are_told_where_they_are_shown(town: PlaybackTown, browser: Browser) -> None:
    """A minute's frames have the times at which they were recorded, in order, with key frames marked."""
    look = town.look(browser)
    answer = browser.get(_path(look, SQUARE.camera, f"frames?from={town.at(0)}&to={town.at(60)}"))
    segments = answer.json()["segments"]
    assert [tick for each in segments for tick in each["ticks"]] == sorted(told.shown for told in town.square.told)
    assert all(0 in each["keys"] for each in segments)
    names = {
        part.removeprefix("parts/seg_").rpartition("_")[0]
        for part in _parts(_playlist(town, browser, look).body.decode())
    }
    assert {each["segment"] for each in segments} == names


def _decoded(data: bytes) -> VideoFrame:
    with av.open(io.BytesIO(data), "r", format="mjpeg") as container:
        return next(container.decode(video=0))


def _light(frame: VideoFrame) -> bytes:
    return bytes(frame.reformat(format="gray").planes[0])


def _difference(a: bytes, b: bytes) -> float:
    return sum(abs(x - y) for x, y in zip(a[::7], b[::7], strict=True)) / len(a[::7])


@pytest.fixture(scope="module")
def source() -> list[bytes]:
    """The light of each picture of the clip, as a decoder gives it, by number."""
    clip = make_clip(CLIP)
    data = b"".join(b"\x00\x00\x00\x01" + nal for unit in clip.units for nal in unit.nals)
    with av.open(io.BytesIO(data), "r", format="h264") as container:
        return [_light(frame) for frame in container.decode(video=0)]


@pytest.mark.parametrize("seconds", [0.0, 3.37, 9.999, 10.0, 34.99, 45.02, 59.99])
def test_a_still_is_the_frame_that_is_shown(
    town: PlaybackTown, browser: Browser, source: list[bytes], seconds: float
) -> None:
    """Its pixels are those of the source's frame at that moment, its own size, and of none of the frames beside it."""
    look = town.look(browser)
    at = START + round(seconds * SECOND)
    told = max((each for each in town.square.told if each.shown <= at), key=lambda each: each.shown)
    answer = browser.get(_path(look, SQUARE.camera, f"still?at={at}"))
    assert int(answer.headers["x-torrazzo-ticks"]) == told.shown
    found = _decoded(answer.body)
    assert (found.width, found.height) == (CLIP.width, CLIP.height)
    light, number = _light(found), told.number
    assert _difference(light, source[number]) < 1.5
    for other in (number - 1, number + 1):
        if 0 <= other < len(source):
            assert _difference(light, source[other]) > _difference(light, source[number])


def test_a_still_is_a_fact_with_the_hash_of_its_file(town: PlaybackTown, browser: Browser) -> None:
    """Before a still leaves, the ledger has of which window, stream and frame it is, and the file's SHA-256."""
    before, look = len(town.acts("still")), town.look(browser)
    answer = browser.get(_path(look, SQUARE.camera, f"still?at={town.at(7.5)}"))
    digest = hashlib.sha256(answer.body)
    (fact,) = _news(town, before, "still")
    assert fact.values["d"] == to_base64(digest.digest())
    assert (fact.values["streams"], fact.values["at"]) == ([str(SQUARE)], int(answer.headers["x-torrazzo-ticks"]))
    assert answer.headers["x-torrazzo-sha256"] == digest.hexdigest()
    name = f'attachment; filename="Piazza-dArmi_20261124T220007.480Z_{digest.hexdigest()[:12]}.jpg"'
    assert answer.headers["content-disposition"] == name
    assert browser.get(_path(look, SQUARE.camera, f"still?at={town.at(40)}")).code == "NOTHING_RECORDED"


def test_no_still_leaves_without_the_ledger(
    town: PlaybackTown, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its fact can't be entered there is no picture: 503, with since when that is so, where it is known."""
    look = town.look(browser)

    def away(*_: object) -> int:
        raise Unavailable("no ledger answers")

    monkeypatch.setattr(town.windows, "tell", away)
    monkeypatch.setattr(town, "ledger_away", START)
    answer = browser.get(_path(look, SQUARE.camera, f"still?at={town.at(7.5)}"))
    assert (answer.status, answer.code, answer.json()["since"]) == (503, "LEDGER_AWAY", iso_from_ticks(START))


@pytest.mark.parametrize("what", ["still", "thumbnail", "part"])
@pytest.mark.parametrize(("meanwhile", "code"), [
    ("signed out", "SESSION_OVER"), ("taken out of the group", "OUT_OF_SCOPE"), ("closed", "LOOK_OVER"),
    ("curtain", "CURTAIN_DRAWN"), ("erased", "NOTHING_RECORDED"),
])  # fmt: skip
def test_what_is_made_slowly_is_judged_again_before_it_leaves(
    town: PlaybackTown, browser: Browser, monkeypatch: pytest.MonkeyPatch, what: str, meanwhile: str, code: str
) -> None:
    """Who is signed out, out of scope or done by then gets no picture, nor of what was erased; nothing is told."""
    monkeypatch.setattr("torrazzo.control_room.api.looks.LAW_NS", 0)
    account, look = town.staffing.accounts.named(OPERATOR), town.look(browser)
    (group,) = (each for each in town.staffing.groups.all() if each.is_all)
    playlist = browser.get(_path(look, SQUARE.camera, f"video.m3u8?from={town.at(0)}&to={town.at(20)}&at={town.at(2)}"))
    paths = {
        "still": f"still?at={town.at(7.5)}",
        "thumbnail": f"thumbnail?at={town.at(7.5)}",
        "part": next(name for name in _parts(playlist.body.decode()) if name.endswith("_1-2.m4s")),
    }
    station, before = browser.cookies["torrazzo-station"], len(town.acts("still"))

    def happen() -> None:
        match meanwhile:
            case "signed out":
                town.people.told(town.staffing.sessions.close(browser.cookies["torrazzo"]))
            case "taken out of the group":
                town.people.told(town.staffing.accounts.give(account.id, {Role.OPERATOR}, frozenset(), OWNER))
            case "closed":
                town.playback.looks.end_all("done")
            case "curtain":
                by = By(account.name, "visita", None, account.id)
                town.people.told(town.staffing.curtains.draw(by, station))
            case "erased":
                monkeypatch.setattr(town.index, "segments", lambda *_: [])
                monkeypatch.setattr(town.index, "segment", lambda *_: None)

    where: Any = {"still": town.playback.pictures, "thumbnail": town.playback.pictures, "part": looks_api}[what]
    name = {"still": "still", "thumbnail": "thumbnail", "part": "part_of"}[what]
    make = getattr(where, name)

    def slowly(*asked: Any) -> Any:
        made = make(*asked)
        happen()
        return made

    monkeypatch.setattr(where, name, slowly)
    try:
        answer = browser.get(_path(look, SQUARE.camera, paths[what]))
        assert (answer.headers["content-type"], answer.code) == ("application/problem+json", code)
        assert len(town.acts("still")) == before
    finally:
        town.people.told(town.staffing.accounts.give(account.id, {Role.OPERATOR}, {group.id}, OWNER))
        if meanwhile == "curtain":
            town.people.told(town.staffing.curtains.open(By(account.name, "finita", None, account.id), station))


def test_a_thumbnail_is_a_key_frame_scaled(town: PlaybackTown, browser: Browser, source: list[bytes]) -> None:
    """As wide as asked for, of the last key frame at or before; kept by no browser; none where nothing was recorded."""
    look = town.look(browser)
    answer = browser.get(_path(look, SQUARE.camera, f"thumbnail?at={town.at(3.3)}&width=160"))
    found = _decoded(answer.body)
    assert (found.width, found.height, answer.headers["cache-control"]) == (160, 120, "no-store")
    assert browser.get(_path(look, SQUARE.camera, f"thumbnail?at={town.at(40)}")).code == "NOTHING_RECORDED"
    assert browser.get(_path(look, SQUARE.camera, f"thumbnail?at={town.at(3)}&width=4000")).code == "NOT_VALID"


def test_pictures_that_are_too_many_are_refused(
    town: PlaybackTown, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that has too much to do says 429, and nothing waits without end."""

    def busy(*_: object) -> None:
        raise Busy("too many")

    look = town.look(browser)
    monkeypatch.setattr(Pictures, "_picture", busy)
    answer = browser.get(_path(look, SQUARE.camera, f"still?at={town.at(7.5)}"))
    assert (answer.status, answer.code) == (429, "TOO_BUSY")


# -- what is too old


def test_what_is_too_old_is_refused(tmp_path: Path) -> None:
    """RT-01: at 168 h a look at it gets no window, by its code, and one that is open shows nothing of it any more."""
    with playback_town(tmp_path / "town") as town:
        looks, clock = town.playback.looks, town.clock
        shown = [Shown(SQUARE.camera, "Piazza", SQUARE)]
        seat = Seat("token", "account", OPERATOR, "sala-1")
        said = Said("crime", "furto di una bicicletta in piazza", event="118")
        span = Span(START, UtcTicks(START + 20 * SECOND))
        clock.advance((START + 168 * HOUR - clock.utc()) / SECOND - 10)
        look = looks.open(seat, said, shown, span, None)
        view = looks.use(look, SQUARE.camera)[0]
        assert len(view.footage.segments(SQUARE, span)) == 2
        clock.advance(15)
        assert [row.t0 for row in view.footage.segments(SQUARE, span)] == [START + 10 * SECOND]
        clock.advance(20)
        assert view.footage.segments(SQUARE, span) == []
        before = len(town.acts("view"))
        answer = town.signed_in(OPERATOR).post("/looks", town.ask(0, 20)).json()
        assert [(each["state"], each["code"]) for each in answer["cameras"]] == [("refused", "FOOTAGE_EXPIRED")] * 2
        assert not _news(town, before, "view")


# -- recorded time


def _timeline(town: PlaybackTown, browser: Browser, start: float, end: float, step: int = 0) -> Answered:
    query = f"cameras={SQUARE.camera},{BRIDGE.camera}&from={town.at(start)}&to={town.at(end)}&step={step}"
    return browser.get(f"/timeline?{query}")


def test_the_timeline_tells_exactly_what_was_recorded(town: PlaybackTown, browser: Browser) -> None:
    """Spans and gaps to the millisecond with their causes, without look and fact; what nobody knows is `none`."""
    before = len(town.acts("view", "deny"))
    for each in _timeline(town, browser, -10, 70).json()["cameras"]:
        assert each["recorded"] == [[10_000, 45_000], [55_000, 70_000]]
        assert each["gaps"] == [[0, 10_000, ["none"], 1], [45_000, 55_000, ["net"], 1], [70_000, 80_000, ["none"], 1]]
    assert len(town.acts("view", "deny")) == before
    assert town.signed_in(ADMIN).get(f"/timeline?cameras={SQUARE.camera}&from=0&to=9").code == "FORBIDDEN"


def test_many_streams_are_asked_as_each_by_itself(town: PlaybackTown) -> None:
    """Spans and gaps of all streams in one question are those that the catalogue has of each."""
    index = town.playback.index
    for start, end in ((-10, 70), (0, 60), (3, 4), (34, 46), (36, 44), (45, 45.01), (60, 61)):
        span = Span(UtcTicks(START + round(start * SECOND)), UtcTicks(START + round(end * SECOND)))
        times = index.times([SQUARE, BRIDGE], span)
        for stream in (SQUARE, BRIDGE):
            found = times[str(stream)]
            cut = [(max(a, span.start), min(b, span.end)) for a, b, _ in found.recorded]
            assert cut == [(each.start, each.end) for each in index.spans(stream, span)]
            gaps = [(max(a, span.start), None if b is None else min(b, span.end), why) for a, b, why in found.gaps]
            assert gaps == [(gap.start, gap.end, gap.why) for gap in index.gaps(stream, span)]


def test_a_week_tells_the_gap_of_ten_seconds(town: PlaybackTown, browser: Browser) -> None:
    """At a step of an hour the gap is told all the same, with its cause."""
    week = 7 * 24 * 3600
    each = _timeline(town, browser, 60 - week, 60, 3_600_000).json()["cameras"][0]
    ((start, end, why, count),) = each["gaps"]
    assert (start, end, why, count) == (0, (week - 15) * 1000, ["none", "net"], 2)


def test_the_timeline_is_not_sent_twice(town: PlaybackTown, browser: Browser) -> None:
    """With its ETag the same answer is 304, without a body."""
    path = f"/api/v1/timeline?cameras={SQUARE.camera}&from={town.at(0)}&to={town.at(60)}"
    first = browser.ask("GET", path)
    again = browser.ask("GET", path, changed={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25),
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23),
    ],
)
def test_a_day_of_a_clock_change_has_its_own_length(
    town: PlaybackTown, browser: Browser, start: str, end: str, hours: int
) -> None:
    """Days are the page's affair: 23 or 25 hours are told as such, in UTC."""
    query = f"cameras={SQUARE.camera}&from={start.replace('+', '%2B')}&to={end.replace('+', '%2B')}"
    told = browser.get(f"/timeline?{query}").json()
    assert told["cameras"][0]["gaps"] == [[0, hours * 3_600_000, ["none"], 1]]
    zone = town.room().settings.zone
    assert ticks_from_text(told["to"], zone) - ticks_from_text(told["from"], zone) == hours * HOUR


# -- bookmarks


def test_a_bookmark_is_seen_by_who_may_play_back_and_goes_with_its_footage(
    town: PlaybackTown, browser: Browser
) -> None:
    """Making and removing one are facts; its own person and who commands remove it, nobody else."""
    before = len(town.acts("cfg"))
    made = browser.post("/bookmarks", {"camera": SQUARE.camera, "at": town.at(12.5), "note": "lascia la bici"}).json()
    other = browser.post("/bookmarks", {"camera": SQUARE.camera, "at": town.at(13), "note": "torna indietro"}).json()
    assert [act.values["what"] for act in _news(town, before, "cfg")] == ["bookmark"] * 2
    officer = town.signed_in(OFFICER)
    query = f"cameras={SQUARE.camera}&from={town.at(0)}&to={town.at(60)}"
    seen = officer.get(f"/bookmarks?{query}").json()["items"]
    assert [(each["note"], each["person"]["name"], each["own"]) for each in seen] == [
        ("lascia la bici", "Olga Neri", False),
        ("torna indietro", "Olga Neri", False),
    ]
    timeline = officer.get(f"/timeline?{query}").json()
    assert [each["id"] for each in timeline["cameras"][0]["bookmarks"]] == [made["id"], other["id"]]
    assert officer.ask("DELETE", f"/api/v1/bookmarks/{made['id']}").code == "NOT_YOURS"
    assert town.signed_in(ADMIN).get(f"/bookmarks?{query}").code == "FORBIDDEN"
    commander = town.signed_in(COMMANDER)
    assert commander.ask("DELETE", f"/api/v1/bookmarks/{made['id']}").status == 204
    assert commander.ask("DELETE", f"/api/v1/bookmarks/{made['id']}").code == "NOT_FOUND"
    assert (
        browser.post("/bookmarks", {"camera": SQUARE.camera, "at": "2026-01-01T00:00:00Z", "note": "x"}).status == 410
    )
    assert browser.ask("DELETE", f"/api/v1/bookmarks/{other['id']}").status == 204
