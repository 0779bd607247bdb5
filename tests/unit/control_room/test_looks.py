# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looking at recorded pictures, with the ledger and the keyring that run: no picture without an entry."""

import hashlib
import re
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyrage
import pytest
from starlette.applications import Starlette

from tests.tools.asgi import Answer, Client
from tests.tools.exported import export_mp4
from tests.tools.ledger_process import until
from tests.tools.look_town import FORM, OTHER, OWNER, STRANGER, WHY, LookTown, look_town, opened
from tests.tools.recording import STREAM
from torrazzo.access import Ask, Windows, gate
from torrazzo.access.asks import MOST_HOURS, Step
from torrazzo.access.book import Book, book_path
from torrazzo.access.months import Months
from torrazzo.base import Span
from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.control_room.index import open_footage
from torrazzo.control_room.looks import MOST_OF_ONE, NoLedger, NoLook
from torrazzo.control_room.told import NotNow, tell
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient, follower
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.gate_refusal import Reason
from torrazzo.keyring.heads import MOST_EARLIER
from torrazzo.ledger.act import Wanted, pack_act
from torrazzo.ledger.private import open_private
from torrazzo.ledger.text import parse_hash
from torrazzo.playback import media_playlist
from torrazzo.testing.clips import Clip
from torrazzo.testing.clock import START


@pytest.fixture
def town(tmp_path: Path) -> Iterator[LookTown]:
    with look_town(tmp_path) as town:
        yield town


def is_picture(answer: Answer) -> bool:
    return any(box in answer.body for box in (b"ftyp", b"moov", b"moof", b"mdat", b"#EXTM3U"))


def key_of(answer: Answer) -> str:
    assert answer.status == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def test_the_fact_stands_in_the_ledger_before_the_first_byte(town: LookTown) -> None:
    """Purpose and reason open a window that is in `act` before a picture is given; its end tells exactly what was."""
    key = key_of(town.begin())
    ((number, view),) = town.acts("view")
    assert view.values["purpose"] == "crime"
    assert view.values["streams"] == [str(STREAM)]
    assert (view.values["t0"], view.values["t1"]) == (START, town.made.now)
    assert town.acts("close") == []
    page = town.page()
    assert "video.mp4" in page.get(key).text
    assert is_picture(page.get(f"{key}/video.mp4"))
    playlist = page.get(f"{key}/video.m3u8")
    assert is_picture(playlist)
    for part in re.findall(r'^seg_\S+|(?<=URI=")init_[^"]+', playlist.text, re.MULTILINE):
        assert is_picture(page.get(f"{key}/{part}"))
    assert page.ask("POST", f"{key}/close").status == 303
    ((_, close),) = town.acts("close")
    assert (close.values["of"], close.values["why"]) == (number, "done")
    gap = START + 35 * SECOND, START + 45 * SECOND
    assert close.values["shown"] == [
        {"stream": str(STREAM), "count": 6, "spans": [[START, gap[0]], [gap[1], town.made.now]]}
    ]
    assert page.get(f"{key}/video.mp4").status == 410


class LateTown(LookTown):
    """With a second of pictures that take no time: a burst of late ones."""

    def _record(self, clip: Clip) -> None:
        self.made.shoot(clip, 12)
        self.made.shoot_at_once(clip, 1)
        self.made.shoot(clip, 12)


def test_a_segment_that_takes_no_time_does_not_stand_in_the_way(tmp_path: Path) -> None:
    """A fact with t0 = t1 is looked at and told with the others, and nothing is refused for it."""
    town = LateTown(tmp_path)
    with opened(town):
        look = town.look()
        file = look.file()
        assert [row.t0 == row.t1 for row in file.clip.segments] == [False, False, True, False, False]
        assert sum(map(len, file.read(0, file.size))) == file.size
        assert media_playlist(look.footage, STREAM, look.span).count(".m4s") == 4
        look.end("done")
        ((_, close),) = town.acts("close")
        whole = [town.span.start, town.span.end]
        assert close.values["shown"] == [{"stream": str(STREAM), "count": 5, "spans": [whole]}]
        town.clock.advance(90)
        assert town.acts("refuse") == []


def test_less_is_told_where_less_was_given(town: LookTown) -> None:
    """A window as wide as the segments that are needed, and a closing fact of those alone whose keys were given."""
    start = UtcTicks(START + 12 * SECOND)
    look = town.look(span=Span(start, UtcTicks(start + 3 * SECOND)))
    look.file()
    look.end("done")
    ((_, view),) = town.acts("view")
    assert (view.values["t0"], view.values["t1"]) == (START + 10 * SECOND, START + 20 * SECOND)
    ((_, close),) = town.acts("close")
    assert close.values["shown"] == [
        {"stream": str(STREAM), "count": 1, "spans": [[START + 10 * SECOND, START + 20 * SECOND]]}
    ]


def test_who_looked_and_why_opens_with_the_month_s_secret(town: LookTown) -> None:
    """The private part beside the ledger hashes to the fact's p, and names the Unix user, the reason and the case."""
    look = town.look()
    ((_, view),) = town.acts("view")
    month, p = view.values["month"], parse_hash(view.values["p"], "p")
    book = Book.read(book_path(town.home, "control-room"))
    (deed,) = book.of_kind("view")
    book.close()
    assert deed.line == view.line
    secret = Months(town.home, OsDisk(), town.clock).secret(month)
    private = open_private(deed.private, p, secret, month)
    assert private == WHY.private(OWNER)
    assert b"anna" not in view.line + deed.private
    look.end("done")
    path = town.home.box_key.with_name(f"month-{month}.key")
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_route_gives_a_picture_without_a_look(town: LookTown) -> None:
    """Each route of page and people's socket, with no look, a closed one, or another person's, gives none."""
    look = town.look()
    name = next(iter(re.findall(r"seg_\S+", town.page().get(f"/look/{look.key}/video.m3u8").text)))
    closed = town.look()
    closed.end("done")
    for client in (town.page(OTHER), town.page(STRANGER), town.page(None), town.desk(OTHER), town.desk(None)):
        for path in routes(client):
            for key in ("x" * 43, closed.key, look.key):
                target = path.replace("{key}", key).replace("{part}", name).replace("{number:int}", "1")
                target = target.replace("{camera}", STREAM.camera).replace("{stream}", STREAM.name)
                for method in ("GET", "HEAD", "POST"):
                    answer = client.ask(method, target, range="bytes=0-")
                    assert not is_picture(answer), (method, target)
                    assert answer.headers.get("content-type") not in {"video/mp4", "application/vnd.apple.mpegurl"}
    assert is_picture(town.page().get(f"/look/{look.key}/{name}"))


def routes(client: Client) -> list[str]:
    app = client._app
    app = app if isinstance(app, Starlette) else app._app  # type: ignore[attr-defined]  # behind the guard
    assert isinstance(app, Starlette)
    paths = [route.path for route in app.routes]  # type: ignore[attr-defined]
    assert "/look/{key}/video.mp4" in paths
    return paths


def test_without_a_reason_nobody_looks(town: LookTown) -> None:
    """An empty reason, an unknown purpose, a person without the right: told, and nothing is entered."""
    for changed in ({"reason": "  "}, {"purpose": "curiosity"}, {"purpose": ""}):
        assert town.begin(changed=changed).status == 400
    refused = town.begin(STRANGER)
    assert refused.status == 409
    assert "carla = [&quot;view&quot;]" in refused.text
    assert town.begin(None).status == 409
    assert town.acts("view") == []


def test_what_is_wrong_is_told_in_the_page_s_language(town: LookTown) -> None:
    """Each error of the form, and each refusal, in Italian on the Italian page and in English on the other."""
    far = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-20T00:01:00Z"}
    wrong = [
        (OWNER, {"reason": ""}, "scrivi perché guardi", "why you look"),
        (OWNER, {"purpose": "curiosity"}, "sicurezza urbana", "purpose: one of crime"),
        (OWNER, {"from": "ieri", "to": "oggi"}, "Non è un orario", "not a time"),
        (OWNER, {"from": "2026-10-25T02:30", "to": "2026-10-25T03:30"}, "cambio dell’ora", "clock change"),
        (OWNER, {**far, "to": "2026-11-20T04:00:00Z"}, "al massimo due ore", "no span of at most two hours"),
        (OWNER, {"minutes": "7"}, "uno tra 1, 5", "minutes: one of"),
        (OWNER, far, "non è stato registrato nulla", "nothing was recorded in"),
        (STRANGER, {}, "non ha il diritto “view”", "has no right"),
        (None, {}, "chi sta guardando", "cannot be told"),
    ]
    for peer, changed, italian, english in wrong:
        form = {**FORM, **changed}
        assert italian in town.page(peer).form(f"/watch/{STREAM}", form).text, changed
        assert english in town.page(peer).form(f"/watch/{STREAM}?lang=en", form).text, changed
    assert town.acts("view") == []


def test_each_refusal_of_the_keyring_has_italian_words() -> None:
    """Whatever the gate has against a look, the Italian page says it in Italian; the English one as it came."""
    for reason in Reason:
        error = Denied(reason, "no key")
        assert (tell(error, "en"), "no key" in tell(error, "it")) == ("no key", False)
        assert "{" not in tell(error, "it")


def test_a_page_elsewhere_opens_nothing(town: LookTown) -> None:
    """A form that another site sends is refused, whether the browser says so the old way or the new."""
    target = f"/watch/{STREAM}"
    for headers in ({"sec_fetch_site": "cross-site"}, {"origin": "http://evil.example"}, {"origin": "null"}):
        assert town.page().form(target, {"purpose": "crime", "reason": "x"}, **headers).status == 403
    assert town.acts("view") == []
    ours = {"sec_fetch_site": "same-origin", "origin": "null"}  # as Chromium sends it under our referrer policy
    assert town.page().form(target, {"purpose": "crime", "reason": "x"}, **ours).status == 303


def test_whoever_goes_on_looking_has_a_window_for_it(town: LookTown) -> None:
    """Before it ends it is renewed by a fact of its own; the one before is closed; idle for a minute, it is over."""
    look = town.look()
    for _ in range(14):
        town.clock.advance(59)
        town.looks.find(look.key, OWNER)
        town.looks.tend()
    (_, first), (second, renewed) = town.acts("view")
    assert renewed.values["renews"] == town.acts("view")[0][0]
    assert first.values["bind"] != renewed.values["bind"]
    assert [close.values["why"] for _, close in town.acts("close")] == ["renewed"]
    look.file()
    town.clock.advance(61)
    town.looks.tend()
    last = town.acts("close")[-1][1]
    assert (last.values["of"], last.values["why"]) == (second, "idle")
    assert last.values["shown"][0]["count"] == 6  # asked for again: what the first one gave it told itself
    with pytest.raises(NoLook):
        town.looks.find(look.key, OWNER)


def test_an_expired_window_shows_nothing_more(town: LookTown) -> None:
    """When its time is over before anybody renewed it, it is closed as expired, and keys that were given are gone."""
    look = town.look()
    look.file()
    town.clock.advance(16 * 60)
    with pytest.raises(Refused, match="expired"):
        town.looks.find(look.key, OWNER)
    assert town.acts("close")[0][1].values["why"] == "expired"
    assert town.page().get(f"/look/{look.key}/video.mp4").status == 410


def test_after_a_crash_windows_are_closed_from_what_was_noted(town: LookTown) -> None:
    """Another control room closes what the one before left open, and tells what was given through it."""
    look = town.look()
    look.file()
    town.crash()
    town.looks.tend()
    ((_, close),) = town.acts("close")
    assert close.values["why"] == "restart"
    assert close.values["shown"][0]["count"] == 6
    town.looks.tend()
    assert len(town.acts("close")) == 1
    with pytest.raises(NoLook):
        town.looks.find(look.key, OWNER)


def test_without_the_ledger_nobody_looks_and_then_they_do_again(town: LookTown) -> None:
    """Refused with a page that says why; what was open is closed when the ledger is back; and looking goes on."""
    look = town.look()
    town.stop_ledger()
    refused = town.begin()
    assert refused.status == 503
    assert "senza registro non si guarda" in refused.text
    with pytest.raises(NoLedger):
        town.look()
    look.end("done")
    town.start_ledger()
    assert town.acts("close") == []
    town.looks.tend()
    assert [close.values["why"] for _, close in town.acts("close")] == ["restart"]
    assert is_picture(town.page().get(f"{key_of(town.begin())}/video.mp4"))


def test_without_the_keyring_the_page_says_so_in_its_language(town: LookTown) -> None:
    """Nobody is there to open a picture: told, and the window is closed with nothing shown."""
    town.stop_keyring()
    refused = town.begin()
    assert (refused.status, "quelle immagini non si aprono" in refused.text) == (503, True)
    ((_, close),) = town.acts("close")
    assert close.values["shown"] == []


def test_a_ledger_that_hangs_keeps_nobody_waiting(town: LookTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the question and never answers: within five seconds the page says that nobody looks now, and why."""
    assert gate.PATIENCE_S <= 5
    monkeypatch.setattr(gate, "PATIENCE_S", 0.5)
    town.stop_ledger()
    town.home.ledger_socket.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(town.home.ledger_socket))
        hanging.listen()
        began = time.monotonic()
        refused = town.begin()
        assert time.monotonic() - began < 60
    assert (refused.status, "senza registro non si guarda" in refused.text) == (503, True)
    assert "no ledger answers" not in refused.text


def test_the_keyring_s_restart_costs_a_viewer_nothing(town: LookTown) -> None:
    """It knows no window from before: the look renews its own, and goes on."""
    look = town.look()
    town.stop_keyring()
    town.start_keyring()
    look.footage.forget()
    assert look.file().size > 100_000
    assert len(town.acts("view")) == 2
    assert town.acts("close")[0][1].values["why"] == "renewed"


def test_readers_do_not_stand_in_each_other_s_way(town: LookTown) -> None:
    """Another process shows the keyring newer heads; who asks next goes on from those, and is given keys as well."""
    look = town.look()
    with Windows(town.home, OsDisk(), town.clock, "worker") as others:
        window = others.open_view(WHY.private(OTHER), town.looks.whole([STREAM], town.span), "crime")
        footage = open_footage(town.home, town.index, window)
        assert footage.samples(footage.segments(STREAM, town.span)[0]).pieces
        others.open_view(WHY.private(OTHER), town.looks.whole([STREAM], town.span), "crime")
        look.footage.forget()
        assert look.file().size > 100_000
        footage.close()
    assert [act.values["why"] for _, act in town.acts("close")] == ["restart"] * 2  # of a process that just ends


def test_who_comes_back_later_is_not_accused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks the keyring sees more heads than it keeps: the second one goes on from its newest at once."""
    monkeypatch.setattr(follower, "FOLLOW_S", 0.02)
    with look_town(tmp_path) as town:
        town.look().end("done")
        _let_it_see(town, MOST_EARLIER + 2)
        town.clock.advance(60)
        look = town.look()
        look.file()
        look.end("done")
        town.clock.advance(70)
        KeyClient(town.home.path).look()
        _let_it_see(town, 2)  # by then it has told what it owes
        assert town.acts("refuse") == []


def _let_it_see(town: LookTown, count: int) -> None:
    """So many heads of `act`, one after the other."""
    boot = {"part": "worker", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}
    for _ in range(count):
        entered = town.ledger.enter(pack_act("boot", town.clock.utc(), boot)).entry_index
        until(partial(_has_seen, town, entered))


def _has_seen(town: LookTown, entry: int) -> bool:
    head = KeyClient(town.home.path).status().heads.act.head
    return head is not None and head.size > entry


def test_a_lost_answer_leaves_no_open_window(town: LookTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the ledger entered a fact and its answer was lost, the window is found in the ledger, and closed."""
    enter = type(town.ledger).enter

    def lose(self: object, line: bytes, patience_s: float = 0.0) -> None:
        enter(self, line)  # type: ignore[arg-type]
        raise Unavailable("the answer was lost")

    with monkeypatch.context() as patch:
        patch.setattr(type(town.ledger), "enter", lose)
        with pytest.raises(NoLedger):
            town.look()
    town.looks.tend()
    ((number, _),) = town.acts("view")
    ((_, close),) = town.acts("close")
    assert (close.values["of"], close.values["shown"]) == (number, [])


def test_a_copy_needs_two_people(town: LookTown, tmp_path: Path) -> None:
    """One asks, another approves, the first one gets it: the bytes of an export, and each step in the ledger."""
    anna, bruno, carla = town.desk(OWNER), town.desk(OTHER), town.desk(STRANGER)
    span = {"from": "2026-11-24T22:00:12Z", "to": "2026-11-24T22:00:15Z"}
    wish = {"cameras": ["Piazza"], "stream": "main", **span, "purpose": "crime", "recipient_class": "police"}
    assert carla.ask("POST", "/asks", {**wish, "reason": "x"}).status == 409
    odd = anna.ask("POST", "/asks", {**wish, "purpose": "Big Crime", "reason": "x"})
    assert (odd.status, "purpose: 'Big Crime' is not a word such as" in odd.text) == (400, True)
    assert "ValueError" not in odd.text
    asked = anna.ask("POST", "/asks", {**wish, "reason": "furto", "case": "7", "recipient": "Questura"})
    assert asked.status == 200, asked.text
    number = asked.json()["number"]
    assert "is not approved" in anna.ask("POST", f"/asks/{number}/copy", {}).text
    assert "your own" in anna.ask("POST", f"/asks/{number}/approve", {"reason": "sì"}).text
    assert carla.ask("POST", f"/asks/{number}/approve", {"reason": "sì"}).status == 409
    assert bruno.ask("POST", f"/asks/{number}/approve", {"reason": "sì"}).status == 200
    again = bruno.ask("POST", f"/asks/{number}/approve", {"reason": "sì"})
    assert (again.status, "you approved it already" in again.text) == (409, True)
    assert "another person's" in bruno.ask("POST", f"/asks/{number}/copy", {}).text
    copy = anna.ask("POST", f"/asks/{number}/copy", {}).json()
    assert not is_picture(bruno.get(f"/look/{copy['key']}/video.mp4"))
    data = anna.get(f"/look/{copy['key']}/video.mp4").body
    asked_span = Span(UtcTicks(START + 10 * SECOND), UtcTicks(START + 20 * SECOND))
    export_mp4(town.made.footage(), STREAM, asked_span, tmp_path / "same.mp4")
    assert hashlib.sha256(data).digest() == hashlib.sha256((tmp_path / "same.mp4").read_bytes()).digest()
    assert anna.ask("POST", f"/look/{copy['key']}/close").status == 303
    kinds = [(act.kind, act.values.get("of")) for _, act in town.acts("ask", "approve", "export", "close")]
    approve = town.acts("approve")[0][0]
    assert kinds == [("ask", None), ("approve", number), ("export", approve), ("close", town.acts("export")[0][0])]
    (told,) = bruno.get("/asks").json()["asks"]
    assert (told["state"], told["by"], told["case"]) == ("opened", "anna", "7")
    assert [step["by"] for step in told["approvals"]] == ["bruno"]
    assert carla.get("/asks").status == 409


def test_a_copy_for_a_key_leaves_for_nobody_else(town: LookTown) -> None:
    """Where the ask names a public key, whoever approves is told it, and no file in the clear is made of it."""
    anna, bruno = town.desk(OWNER), town.desk(OTHER)
    key = str(pyrage.x25519.Identity.generate().to_public())
    span = {"from": "2026-11-24T22:00:12Z", "to": "2026-11-24T22:00:15Z"}
    wish = {
        "cameras": ["Piazza"],
        "stream": "main",
        **span,
        "purpose": "crime",
        "recipient_class": "police",
        "reason": "x",
    }
    assert anna.ask("POST", "/asks", {**wish, "recipient": key[:-1]}).status == 400
    number = anna.ask("POST", "/asks", {**wish, "recipient": key}).json()["number"]
    told = bruno.ask("POST", f"/asks/{number}/approve", {"reason": "sì"}).json()
    assert (told["recipient_class"], told["recipient"]) == ("police", key)
    refused = anna.ask("POST", f"/asks/{number}/copy", {})
    assert (refused.status, "encrypted to it" in refused.text) == (409, True)
    assert town.acts("export") == []


def test_nobody_takes_all_places(town: LookTown) -> None:
    """One person may have so many looks open; the next one is refused before a window is, and others still look."""
    looks = [town.look() for _ in range(MOST_OF_ONE)]
    with pytest.raises(NotNow, match="close one") as error:
        town.look()
    assert f"Hai già {MOST_OF_ONE} visioni aperte" in tell(error.value, "it")
    assert len(town.acts("view")) == MOST_OF_ONE
    town.look(OTHER)
    town.looks.close(looks[0].key, OWNER)
    town.look()


def test_no_copy_is_longer_than_a_package(town: LookTown) -> None:
    """What a copy holds in memory grows with its hours: a longer one is refused, and no window is opened."""
    step = Step(1, START, WHY.private(OWNER))
    end = UtcTicks(START + (MOST_HOURS + 1) * HOUR)
    ask = Ask(step, Wanted(frozenset({STREAM}), Span(START, end)), "crime", "police", (step,), ())
    with pytest.raises(Invalid, match="101 hours in one copy, at most 100"):
        town.looks.export(OWNER, ask, STREAM)
    assert town.acts("export") == []
