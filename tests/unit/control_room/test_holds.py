# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage held past its life, with a ledger and a keyring that run and erase: placed, copied, read, released."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.tools.held_town import CASE, OTHER, OWNER, HeldTown, held_town
from tests.tools.ledger_process import until
from tests.tools.look_town import STRANGER
from tests.tools.recording import STREAM
from torrazzo.archive import VolumeReader
from torrazzo.archive.record import Kind
from torrazzo.base import Span
from torrazzo.base.errors import Damaged, Refused, TorrazzoError
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks, ticks_from_text
from torrazzo.control_room.looks import Reason
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient
from torrazzo.ledger.identity import EntryName
from torrazzo.testing.clock import START

WEEK = 168 * 3_600


@pytest.fixture
def town(tmp_path: Path) -> Iterator[HeldTown]:
    with held_town(tmp_path) as town:
        yield town


def confirmed(town: HeldTown, cause: str = "police") -> str:
    """A hold of all of it, confirmed by another person; its name."""
    hold: str = town.place(cause=cause)["hold"]
    town.follow(hold, "confirm", OTHER)
    return hold


def test_held_nine_minutes_before_its_end_it_survives_whole(town: HeldTown) -> None:
    """What is held nine minutes before it would go is read after the hour is gone, byte for byte, from copies alone."""
    town.pass_time(WEEK - 60 - 9 * 60)
    before = town.pictures()
    placed = town.place()
    assert (placed["segments"], placed["volumes"], placed["lost"]) == (6, 1, [])
    town.pass_time(15 * 60)
    assert [act.values["why"] for _, act in town.acts("shred")][-1] == "age"
    assert len(town.volumes()) == 1, "it waits for the copy"
    assert town.pictures() == before, "keys are the vault's, records still the archive's"
    town.copy(placed["hold"])
    town.look_now()
    town.forget()
    assert town.volumes() == []
    assert town.pictures() == before
    assert town.listed()[0]["volumes"] is None


def test_what_was_put_into_the_vault_is_told(town: HeldTown) -> None:
    """The hold is a fact, its closing fact tells each segment that the vault was given, and no key went elsewhere."""
    hold = town.place()["hold"]
    ((entry, act),) = town.acts("hold")
    assert hold == f"act-{entry}"
    assert (act.values["cause"], CASE.encode() in act.line) == ("police", False)
    ((_, close),) = town.acts("close")
    assert (close.values["of"], close.values["why"]) == (entry, "done")
    assert [shown["count"] for shown in close.values["shown"]] == [6]
    (listed,) = town.listed()
    keys = ("hold", "state", "cause", "case", "by", "segments", "copied", "volumes", "lost")
    assert {key: listed[key] for key in keys} == {
        "hold": hold, "state": "provisional", "cause": "police", "case": CASE, "by": OWNER.name, "segments": 6,
        "copied": 0, "volumes": 1, "lost": 0,
    }  # fmt: skip


def test_it_is_told_what_is_really_kept(town: HeldTown) -> None:
    """Of half a minute whole segments are kept, which is said with their edges: never less than was asked for."""
    start, end = START + 12 * SECOND, START + 28 * SECOND
    placed = town.place(**{"from": iso_from_ticks(start), "to": iso_from_ticks(end)})
    (kept,) = placed["kept"]
    edges = [ticks_from_text(kept[edge], ZoneInfo("UTC")) for edge in ("from", "to")]
    rows = town.index.segments(STREAM, Span(UtcTicks(start), UtcTicks(end)))
    assert edges == [rows[0].t0 // 90 * 90, rows[-1].t1 // 90 * 90]  # told in milliseconds
    assert edges[0] < start < end < edges[1]
    assert (kept["camera"], kept["segments"]) == ("Piazza", placed["segments"])


def test_an_end_is_told_a_week_before(town: HeldTown) -> None:
    """In the list, and, of a hold that was confirmed, as an alarm; of another one its placing told it."""
    hold = confirmed(town, "citizen")
    town.place()
    told: list[tuple[list[bool], int]] = []
    for days in (0, 22, 2):
        town.pass_time(days * 24 * 3_600)
        soon = [each["ends_soon"] for each in town.listed()]
        told.append((soon, sum(hold in alarm for alarm in KeyClient(town.home.path).status().alarms)))
    assert told == [([False, True], 0), ([False], 0), ([True], 1)]


def test_copies_are_volumes_with_the_same_pieces(town: HeldTown) -> None:
    """A copy is a volume closed in order, of its own id, whose pieces, facts and gaps are those that were recorded."""
    hold = town.place()["hold"]
    town.copy(hold)
    root = town.folder(hold)
    (path,) = (root / "volumes").iterdir()
    with VolumeReader.open(OsDisk(), path) as copy:
        assert copy.is_closed
        records = [(h.kind, h.segment, h.piece, h.c) for h in copy.records() if h.kind in {Kind.PIECE, Kind.FACT}]
        kinds = [copy.payload(h) for h in copy.records() if h.kind == Kind.FACT]
    (source,) = town.made.root.volumes.iterdir()
    with VolumeReader.open(OsDisk(), source) as reader:
        known = {(h.kind, h.segment, h.piece, h.c) for h in reader.records()}
    assert set(records) <= known
    assert sum(b'"kind":"seg"' in line for line in kinds) == 6
    assert sum(b'"kind":"gap"' in line for line in kinds) == 1


def test_it_is_confirmed_once(town: HeldTown) -> None:
    """A second confirmation is refused and enters no fact."""
    hold = confirmed(town)
    with pytest.raises(AssertionError, match="confirmed already"):
        town.follow(hold, "confirm", OTHER)
    assert len(town.acts("confirm")) == 1


def test_released_it_is_gone(town: HeldTown) -> None:
    """After its release nothing that the hold alone kept is read, and its copies are away within a look."""
    hold = confirmed(town)
    town.copy(hold)
    town.pass_time(WEEK)
    town.forget()
    assert town.pictures()
    town.follow(hold, "release")
    town.look_now()
    until(lambda: town.acts("end"))
    assert [act.values["why"] for _, act in town.acts("end")] == ["release"]
    assert not [path for path in town.folder(hold).rglob("*") if path.is_file()]
    with pytest.raises(TorrazzoError):
        town.pictures()
    assert town.listed() == []


def test_a_hold_that_nobody_confirms_is_over(town: HeldTown) -> None:
    """Three days later its key and its copies are gone; a confirmed one is still there after a month."""
    first = town.place()["hold"]
    second = confirmed(town)
    town.copy(first)
    town.pass_time(3 * 24 * 3_600)
    assert [each["hold"] for each in town.listed()] == [second]
    town.look_now()
    assert not any(path.is_file() for path in town.folder(first).rglob("*"))
    town.pass_time(30 * 24 * 3_600)
    assert [each["state"] for each in town.listed()] == ["confirmed"]


def test_a_hold_is_prolonged_by_another(town: HeldTown) -> None:
    """A new one takes keys and records from the vault; the old one's copies wait for that although it is released."""
    first = confirmed(town)
    town.copy(first)
    town.pass_time(WEEK)
    town.forget()
    before = town.pictures()
    placed = town.place()
    assert (placed["segments"], placed["lost"]) == (6, [])
    town.follow(first, "release")
    town.look_now()
    assert town.copy(placed["hold"]) == {"volumes": 1, "lost": 0}
    town.look_now()
    assert not any(path.is_file() for path in town.folder(first).rglob("*"))
    assert town.pictures() == before


def test_it_is_looked_at_for_its_case_alone(town: HeldTown) -> None:
    """Who names another case, or none, is shown nothing that only the hold keeps, and gets no copy of it."""
    hold = confirmed(town)
    town.copy(hold)
    town.pass_time(WEEK)
    town.forget()
    for case in (None, "2026/119"):
        with pytest.raises(Refused):
            town.looks.view(OWNER, STREAM, town.span, Reason("crime", "curiosità", case))
    said = {"cameras": ["Piazza"], "stream": "main", "purpose": "crime", "recipient_class": "police", "reason": "x"}
    said |= {"from": town.listed()[0]["from"], "to": town.listed()[0]["to"]}
    assert town.socket().ask("POST", "/asks", said).status == 409
    ask = town.said(town.socket().ask("POST", "/asks", {**said, "case": CASE}))["number"]
    town.said(town.socket(OTHER).ask("POST", f"/asks/{ask}/approve", {"reason": "visto"}))
    copy = town.said(town.socket().ask("POST", f"/asks/{ask}/copy", {}))
    assert copy["losses"] == []
    video = town.socket().get(f"/look/{copy['key']}/video.mp4")
    assert (video.status, len(video.body)) == (200, copy["bytes"])


def test_who_may(town: HeldTown) -> None:
    """Placing and releasing need the right, confirming another person with another right."""
    assert town.socket(STRANGER).get("/holds").status == 409
    assert town.socket(OTHER).ask("POST", "/holds", {}).status == 409
    hold = town.place()["hold"]
    for peer, what in ((OWNER, "confirm"), (OTHER, "release"), (STRANGER, "confirm")):
        answer = town.socket(peer).ask("POST", f"/holds/{hold}/{what}", {"reason": "x"})
        assert answer.status == 409, (peer, what)
    assert town.socket().ask("POST", "/holds/act-999/release", {"reason": "x"}).status == 400


def test_what_cannot_be_held_is_refused(town: HeldTown) -> None:
    """No hold of what is not over, of what was never recorded, for no cause that has a term; no fact either."""
    for changes, why in (
        ({"from": "2026-01-01T00:00Z", "to": "2026-03-01T00:00Z"}, "at most 20 cameras"),
        ({"to": "2030-01-01T00:00"}, "to 2030-01-01T00:00: that is not over yet"),
        ({"from": "2026-01-01T00:00Z", "to": "2026-01-02T00:00Z"}, "nothing was recorded"),
        ({"cause": "curiosity"}, "cause 'curiosity'"),
    ):
        with pytest.raises(AssertionError, match=why):
            town.place(**changes)
    assert town.acts("hold") == []


def test_no_hold_is_of_more_than_twenty_cameras_for_a_day(town: HeldTown) -> None:
    """Footage that is there is held if the span is 480 hours of one camera, and not if it is a moment more."""
    end = town.span.end // 90 * 90
    start = end - 20 * 24 * 3_600 * SECOND
    span = {"to": iso_from_ticks(end)}
    with pytest.raises(AssertionError, match="at most 20 cameras for 24 hours"):
        town.place(**span, **{"from": iso_from_ticks(start - 90)})
    assert town.acts("hold") == []
    assert town.place(**span, **{"from": iso_from_ticks(start)})["segments"] == 6


def test_what_is_gone_from_the_disk_is_not_said_to_be_held(town: HeldTown) -> None:
    """Where no volume has what the index tells of, nothing is placed, and it is said what is missing."""
    (volume,) = town.made.root.volumes.iterdir()
    volume.unlink()
    with pytest.raises(AssertionError, match="nothing of it can be held: 6 segments"):
        town.place()
    assert town.listed() == []


def test_what_was_recorded_before_its_ring_was_lost_is_said_to_be_gone(town: HeldTown) -> None:
    """A ring that began in the same hour has another key for it: no hold is placed again and again, no copy made."""
    town.stop_keyring()
    for path in town.home.keyring.iterdir():
        if path.name.startswith(("ring-", "sealer", "attempt")):
            path.unlink()
    town.start_keyring()
    with pytest.raises(AssertionError, match=r"can be held: 6 segments: .* the ring of that time was lost"):
        town.place()
    look = town.look()
    with pytest.raises(Damaged, match=r"pictures were recorded in .* the ring of that time was lost"):
        look.file()
    look.end("done")


def test_a_copy_goes_on_where_it_was(town: HeldTown) -> None:
    """A volume that was cut off is copied anew; one that is whole is left; twice is once."""
    hold = town.place()["hold"]
    town.copy(hold)
    folder = town.folder(hold)
    assert not (folder / "wanted.json").exists()
    assert not (folder / "source.db").exists()
    assert town.copy(hold) == {"volumes": 0, "lost": 0}


def test_the_keyring_says_what_it_holds(town: HeldTown) -> None:
    """Its status lists holds with the number of their segments; a keyring that starts anew still has them."""
    hold = town.place()["hold"]
    town.stop_keyring()
    town.start_keyring()
    held = town.held.hold(EntryName.parse(hold))
    assert held is not None
    assert KeyClient(town.home.path).status().values["holds"] == [
        {"hold": hold, "from": town.span.start, "confirmed": None, "ends": held.ends, "segments": 6}
    ]


def test_no_deleted_catalogue_is_kept_open(town: HeldTown) -> None:
    """Once all is copied, and once it is released, the control room has no file open that is not there any more."""

    def deleted() -> list[str]:
        links = []
        for path in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed by another thread meanwhile
                links.append(str(path.readlink()))
        return [link for link in links if link.startswith(f"{town.home.path}/vault/") and link.endswith("(deleted)")]

    hold = confirmed(town)
    assert town.pictures()
    assert town.index.everything.only_held(STREAM, town.span) == []
    town.copy(hold)
    town.index.everything.only_held(STREAM, town.span)
    assert deleted() == []
    town.follow(hold, "release")
    town.look_now()
    town.index.everything.only_held(STREAM, town.span)
    assert deleted() == []
