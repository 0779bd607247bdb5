# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import copy
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tools.tape import BOOT_ID, HOUR_0, START, Tape, boot, camera, clock, close, cut, root_at, volume
from torrazzo.archive import Root, VolumeReader, recover
from torrazzo.archive.check import Finding, Manner, check
from torrazzo.archive.fact import parse_fact, term_fact
from torrazzo.archive.record import Kind
from torrazzo.archive.recovery import finish_recovery
from torrazzo.archive.root import volume_names
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Refused
from torrazzo.base.ids import CameraId
from torrazzo.base.times import HOUR, SECOND
from torrazzo.durable import OsDisk
from torrazzo.seal import piece_salt, seal_piece

DISK = OsDisk()
DEEP = Manner(deep=True)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return root_at(tmp_path / "root")


def town(root: Root) -> list[Tape]:
    """Two streams, two terms, four volumes; every kind of fact; closed in order."""
    tapes = [Tape(camera(number), 1) for number in (1, 2)]
    for serial in range(3):
        made = volume(root, 1, serial, at=tapes[0].cursor)
        for tape in tapes:
            if serial == 0:
                tape.begin(made)
            tape.pieces(made, 5)
            tape.pieces(made, 4, continues=True)
            tape.open_gap(made)
        clock(made, tapes[0].cursor)
        for tape in tapes:
            tape.close_gap(made, 3)
            tape.step(made, -1)
            tape.gap(made, 1, "hole")
        close(made)
    made = volume(root, 2, 0, at=START + 60 * SECOND)
    after = [Tape(tape.stream, 2, START + 60 * SECOND, tape.last) for tape in tapes]
    for tape in after:
        tape.begin(made)
        tape.gap(made, 24, "restart")
        tape.pieces(made, 5)
    close(made)
    return [*tapes, *after]


def findings(root: Root, manner: Manner = DEEP) -> list[Finding]:
    return list(check(DISK, [root], manner))


def paths(root: Root) -> list[Path]:
    return [root.volumes / name for name in volume_names(DISK, root)]


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def records(path: Path) -> Sequence[object]:
    with VolumeReader.open(DISK, path) as reader:
        return reader.records()


@pytest.mark.parametrize("manner", [Manner(), DEEP])
def test_an_untouched_archive_passes(root: Root, manner: Manner) -> None:
    """No finding, with and without reading every byte; progress runs from nothing to all."""
    town(root)
    steps: list[tuple[int, int]] = []
    assert findings(root, manner._replace(progress=lambda done, total: steps.append((done, total)))) == []
    total = sum(path.stat().st_size for path in paths(root))
    assert steps == sorted(steps)
    assert steps[-1] == (total, total)


def test_an_archive_after_crash_and_recovery_passes(root: Root) -> None:
    """Volumes cut off and recovered, with facts in a later volume, are sound; before recovery they are told."""
    made = volume(root, 1)
    tape, gone = Tape(camera(1), 1), Tape(camera(2), 1)
    for each in (tape, gone):
        each.begin(made)
    gone.open_gap(made)
    tape.pieces(made, 5)
    tape.pieces(made, 3, fact=False)
    path = cut(made)
    path.write_bytes(path.read_bytes() + b"TZR1 torn")
    assert [finding.what[:10] for finding in findings(root)] == ["ends withi", "has no end", "4 pieces o"]
    assert findings(root, Manner(deep=True, live_fence=1)) == []
    found = recover(DISK, [root], 2)
    made = volume(root, 2, at=START + 30 * SECOND)
    for owed in found.facts:
        owed.place(made, owed.fact)
    for stream in (camera(1), camera(2)):
        after = Tape(stream, 2, START + 30 * SECOND, found.last[stream])
        after.begin(made)
        after.gap(made, 3, "restart")
    close(made)
    finish_recovery(DISK, found)
    assert findings(root) == []


def test_a_flipped_bit_in_ciphertext(root: Root) -> None:
    """Found by reading every byte; told with camera, time and piece."""
    tapes = town(root)
    flip(paths(root)[1], tapes[0].places[8][2] + 176 + 100)
    assert findings(root, Manner()) == []
    (finding,) = findings(root)
    assert (finding.stream, finding.volume) == (camera(1), paths(root)[1].name)
    assert "n=8 piece 2" in finding.what
    start = parse_fact(tapes[0].lines[8]).t0 + SECOND
    assert (finding.t0, finding.t1) == (start, start + SECOND)
    line = finding.line({CameraId(f"{1:016x}"): "Via degli Orti Romani"})
    assert line.startswith("Via degli Orti Romani (main), 2026-12-13T22:00:18.000Z to 2026-12-13T22:00:19.000Z, 2026")


def test_a_flipped_bit_in_a_record_header(root: Root) -> None:
    """The index remembers what the header was: told with camera, time and piece."""
    tapes = town(root)
    flip(paths(root)[1], tapes[1].places[7][3] + 90)
    (finding,) = findings(root)
    assert (finding.stream, "n=7 piece 3" in finding.what) == (camera(2), True)
    assert finding.t0 == parse_fact(tapes[1].lines[7]).t0 + 2 * SECOND


@pytest.mark.parametrize("at", [-1, -10, -32, -40, -300])
@pytest.mark.parametrize("manner", [Manner(), DEEP])
def test_a_flipped_bit_in_the_footer(root: Root, at: int, manner: Manner) -> None:
    """Index, end, and their CRCs: told for the volume, with its cameras and time; nothing else is affected."""
    town(root)
    path = paths(root)[0]
    flip(path, path.stat().st_size + at)
    found = findings(root, manner)
    assert 1 <= len(found) <= 2
    assert {(finding.stream, finding.t0, finding.volume) for finding in found} <= {
        (camera(1), START, path.name),
        (camera(2), found[0].t0, path.name),
    }


def test_a_flipped_bit_in_the_volume_header(root: Root) -> None:
    """Told, and nothing else is affected."""
    town(root)
    flip(paths(root)[0], 20)
    (finding,) = findings(root)
    assert finding.what.startswith("bad volume header")


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("which", [0, 1, 2, 3])
@pytest.mark.parametrize("manner", [Manner(), DEEP])
def test_a_truncated_volume(root: Root, which: int, keep: float, manner: Manner) -> None:
    """Each camera in it is named, with the time that is missing."""
    town(root)
    path = paths(root)[which]
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    found = findings(root, manner)
    assert path.name in {finding.volume for finding in found}
    assert all(finding.t0 is not None for finding in found if finding.stream)
    if which < 3 and keep < 0.5:
        assert {camera(1), camera(2)} <= {finding.stream for finding in found}


def test_a_removed_record(root: Root) -> None:
    """Bytes cut out of the middle: camera and time of what follows are told."""
    town(root)
    path = paths(root)[1]
    with VolumeReader.open(DISK, path) as reader:
        victim = [record for record in reader.records() if record.kind == Kind.PIECE][3]
    data = path.read_bytes()
    path.write_bytes(data[: victim.offset] + data[victim.end :])
    found = findings(root, Manner())
    assert {finding.stream for finding in found} == {camera(1), camera(2)}
    assert any(finding.volume == path.name and finding.t0 for finding in found)


def test_a_record_removed_with_skill(root: Root) -> None:
    """A volume written again without one piece, all its checksums right: the fact tells of one piece more."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 5, skip=[3])
    tape.pieces(made, 2)
    close(made)
    (finding,) = findings(root, Manner())
    assert (finding.stream, finding.t0, finding.t1) == (camera(1), START, START + 5 * SECOND)
    assert "n=1 tells of 6" in finding.what


def test_volumes_renamed_or_swapped(root: Root) -> None:
    """The header is trusted and the name is told, with a camera and the time that the volume covers."""
    town(root)
    first, second, *_ = paths(root)
    stray = first.with_name(first.name.replace("-00000000.vol", "-00000009.vol"))
    first.rename(stray)
    (finding,) = findings(root)
    assert (finding.volume, finding.stream, finding.t0) == (stray.name, camera(1), START)
    assert first.name in finding.what
    second.rename(first)
    stray.rename(second)
    found = findings(root)
    assert [finding.volume for finding in found] == [second.name, first.name]
    assert all("renamed" in finding.what for finding in found)


def test_a_volume_twice(root: Root) -> None:
    """A copy under another name is told as such."""
    town(root)
    first = paths(root)[0]
    copy = first.with_name(first.name.replace("-00000000.vol", "-00000009.vol"))
    shutil.copy(first, copy)
    assert any("same volume as" in finding.what for finding in findings(root, Manner()))


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_missing_volume(root: Root, which: int) -> None:
    """Each camera that was in it is named, with the time."""
    tapes = town(root)
    lost = paths(root)[which]
    lost.unlink()
    found = findings(root, Manner())
    assert [finding.stream for finding in found] == [camera(1), camera(2)]
    begins = parse_fact(tapes[0].lines[6 * which + bool(which)])
    assert {finding.t0 for finding in found} == {begins.t0}


def test_older_hours_may_be_erased(root: Root) -> None:
    """Whole hours gone at the beginning are no finding: retention removes them."""
    tape = Tape(camera(1), 1)
    for hour in range(3):
        made = volume(root, 1, hour, at=START + hour * HOUR, hour=HOUR_0 + hour)
        if hour == 0:
            tape.begin(made)
        tape.pieces(made, 20)
        tape.gap(made, 3580, "net")
        close(made)
    assert findings(root) == []
    paths(root)[0].unlink()
    assert findings(root) == []
    paths(root)[0].unlink()
    assert findings(root) == []


def test_a_volume_cut_to_nothing(root: Root) -> None:
    """An empty file is told, unless recovery has seen that it never was more."""
    made = volume(root, 1)
    path = cut(made)
    path.write_bytes(b"")
    (finding,) = findings(root)
    assert (finding.volume, finding.what[:13]) == (path.name, "holds nothing")
    assert findings(root, Manner(live_fence=1)) == []
    found = recover(DISK, [root], 2)
    assert [each.path for each in found.volumes] == [path]
    finish_recovery(DISK, found)
    assert findings(root) == []
    assert recover(DISK, [root], 3).volumes == []
    made = volume(root, 1, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    path = cut(made)
    finish_recovery(DISK, recover(DISK, [root], 2))
    assert findings(root) == []
    path.write_bytes(b"")
    assert {finding.volume for finding in findings(root)} == {path.name}


def test_what_is_no_regular_file_is_told_and_not_waited_for(root: Root) -> None:
    """A pipe and a folder among the volumes, also in a side index's place; recovery passes over them as well."""
    (tape, *_) = town(root)
    foreign = {
        root.volumes / paths(root)[0].name.replace("-00000000.vol", f"-0000000{serial}.vol") for serial in (7, 8)
    }
    for path, make in zip(sorted(foreign), (os.mkfifo, os.mkdir), strict=True):
        make(path)
    os.mkfifo(paths(root)[0].with_suffix(".idx"))
    for manner in (Manner(), DEEP):
        told = findings(root, manner)
        assert {(each.volume, each.what) for each in told} == {
            (path.name, f"cannot be read: {path}: not a regular file") for path in foreign
        }
    found = recover(DISK, [root], 3)
    assert (found.facts, len(found.damages), found.away) == ([], 2, {})
    assert tape.stream in found.last


def test_a_missing_last_volume_is_known_to_another_witness(root: Root) -> None:
    """Nothing in the volumes tells of facts behind the last one; the catalogue does."""
    tapes = town(root)
    known = {(tape.stream, tape.term): tape.n - 1 for tape in tapes}
    assert findings(root, Manner(known=known)) == []
    paths(root)[3].unlink()
    found = findings(root, Manner(known=known))
    assert [finding.stream for finding in found] == [camera(1), camera(2)]
    assert all(f"of term {tapes[2].term}" in finding.what or "up to n=2" in finding.what for finding in found)


def test_pieces_that_no_fact_tells_of(root: Root) -> None:
    """In a closed volume every segment has its fact."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 5)
    tape.pieces(made, 3, fact=False)
    made._open.clear()
    close(made)
    (finding,) = findings(root, Manner())
    assert finding.what == "4 pieces of n=2 that no fact tells of"
    assert (finding.t0, finding.t1) == (START + 5 * SECOND, START + 8 * SECOND)


@pytest.mark.parametrize("manner", [Manner(), DEEP])
@pytest.mark.parametrize("index", [6, 9])
@pytest.mark.parametrize("is_behind", [False, True])
def test_pieces_beyond_those_that_their_fact_tells_of(root: Root, manner: Manner, index: int, is_behind: bool) -> None:
    """Before the fact or behind it, with a number that follows or not: no key is needed to know that they were put."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    ghost = copy.deepcopy(tape)

    def put(count: int) -> None:
        if count == 6 and not is_behind:
            ghost._piece(made, index, 300, 0)

    tape.pieces(made, 5, then=put)
    if is_behind:
        ghost._piece(made, index, 300, 0)
    close(made)
    (finding,) = findings(root, manner)
    assert f"n=1 piece {index}: no piece of that segment: its fact tells of 6, the last is 5" in finding.what
    assert (finding.stream, finding.t0) == (tape.stream, START + (index - 1) * SECOND)


def test_a_broken_link(root: Root) -> None:
    """A fact whose `prev` is not the hash of the one before."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 2)
    tape.hash = bytes(32)
    tape.pieces(made, 2)
    close(made)
    (finding,) = findings(root, Manner())
    assert finding.what == "n=2: prev is not the hash of n=1"


def test_a_broken_time_line(root: Root) -> None:
    """A hole, a fold, and a gap that is closed without having been opened."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.pieces(made, 2)
    tape.cursor += 1
    tape.pieces(made, 2)
    tape.cursor -= 2
    tape.gap(made, 2)
    tape._open_gap = 1, tape.cursor, "net"
    tape.close_gap(made, 1)
    tape.gap(made, -1)
    close(made)
    whats = [finding.what for finding in findings(root, Manner())]
    assert [what[:11] for what in whats] == ["n=2 begins ", "n=3 begins ", "n=4 closes ", "n=5 ends be"]


def test_facts_told_differently(root: Root) -> None:
    """Two lines under one number."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    tape.gap(made, 2)
    tape.n, tape.cursor, tape.hash = 1, START, parse_fact(tape.lines[0]).hash
    tape.gap(made, 3)
    tape.n, tape.cursor, tape.hash = 1, START, parse_fact(tape.lines[0]).hash
    tape.gap(made, 3)
    close(made)
    assert [finding.what for finding in findings(root, Manner())] == ["n=1 is told twice, differently"] * 2


def test_terms_that_do_not_follow(root: Root) -> None:
    """A term that names another last fact than is there, a cursor that differs, a gap never closed."""
    made = volume(root, 1)
    tapes = [Tape(camera(number), 1) for number in range(4)]
    for tape in tapes:
        tape.begin(made)
        tape.pieces(made, 2)
    tapes[2].open_gap(made)
    close(made)
    made = volume(root, 2)
    priors = [tapes[0].last._replace(hash=bytes(32)), tapes[1].last._replace(t1=START), tapes[2].last, None]
    for tape, prior in zip(tapes, priors, strict=True):
        Tape(tape.stream, 2, START + 9 * SECOND, prior).begin(made)
    close(made)
    found = findings(root, Manner())
    assert [finding.stream for finding in found] == [tape.stream for tape in tapes]
    for each, words in zip(found, ("follows term", "begins at", "never closed", "follows nothing"), strict=True):
        assert words in each.what


def test_what_a_lost_term_leaves_between_is_told(root: Root) -> None:
    """The accounting begins anew behind it: the time between is named; and the gap that nobody closed."""
    made = volume(root, 1)
    tapes = [Tape(camera(number), 1) for number in (1, 2)]
    for tape in tapes:
        tape.begin(made)
        tape.pieces(made, 2)
    tapes[1].open_gap(made)
    close(made)
    made = volume(root, 2, at=START + 9 * SECOND)
    for number in (1, 2, 3):
        after = Tape(camera(number), 2, START + 9 * SECOND)
        lost = {"lost": str(tapes[0].term)}
        line = term_fact(after.stream, after.term, t0=after.cursor, m0=0, boot=BOOT_ID, software="", prior=lost)
        after.tell(made, line)
    close(made)
    found = findings(root, Manner())
    assert [finding.stream for finding in found] == [camera(1), camera(2), camera(2)]
    assert {(finding.t0, finding.t1) for finding in found[:2]} == {(START + 2 * SECOND, START + 9 * SECOND)}
    for each, words in zip(found, ("not accounted for", "not accounted for", "never closed"), strict=True):
        assert words in each.what


def test_a_gap_must_be_closed_by_what_follows(root: Root) -> None:
    """A segment that begins where a gap was opened, a closing that names another cause: both are told."""
    made = volume(root, 1)
    tapes = [Tape(camera(number), 1) for number in (1, 2)]
    for tape in tapes:
        tape.begin(made)
        tape.open_gap(made)
    tapes[0].pieces(made, 2)
    tapes[1]._open_gap = 1, START, "auth"
    tapes[1].close_gap(made, 3)
    close(made)
    found = findings(root, Manner())
    assert [finding.what for finding in found] == [
        "n=2 does not close the gap n=1, which is open",
        "n=2 closes a gap net as auth",
    ]


def test_terms_are_in_order_whatever_the_clock_said(root: Root) -> None:
    """A boot with its clock behind, and a camera taken up again after the clock was set back, follow all the same."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1, START + 200 * SECOND)
    tape.begin(made)
    tape.pieces(made, 4)
    again = Tape(camera(1), 1, START + 100 * SECOND, tape.last)
    again.begin(made)
    again.step(made, -100)
    close(made)
    made = volume(root, 2, at=START + 50 * SECOND)
    after = Tape(camera(1), 2, START + 50 * SECOND, again.last)
    after.begin(made)
    after.step(made, -50)
    close(made)
    assert findings(root) == []


def test_ghosts_of_the_running_recorder_are_no_finding(tmp_path: Path) -> None:
    """What a flush that failed left behind waits for the next start: no fact of it is held against what was told."""
    roots = [root_at(tmp_path / "a"), root_at(tmp_path / "b")]
    failing, taking = (volume(root, 1) for root in roots)
    tape = Tape(camera(1), 1)
    tape.begin(failing)
    tape.pieces(failing, 4)
    ghost = copy.deepcopy(tape)
    ghost.pieces(failing, 5)
    ghost.gap(failing, 1, "hole")
    ghost.pieces(failing, 2)
    tape.gap(taking, 9, "disk")
    clock(taking, tape.cursor)
    cut(failing)
    for _ in range(2):
        taking.flush()
        assert list(check(DISK, roots, Manner(live_fence=1))) == []
        tape.pieces(taking, 5)
    close(taking)
    assert list(check(DISK, roots, Manner(live_fence=1))) == []


def test_facts_on_two_disks_come_in_any_order(tmp_path: Path) -> None:
    """A stream that moved to another disk and back, and facts filled in by recovery much later, add up."""
    roots = [root_at(tmp_path / "a"), root_at(tmp_path / "b")]
    volumes = [volume(root, 1, serial) for serial, root in enumerate(roots)]
    tape = Tape(camera(1), 1)
    tape.begin(volumes[1])
    for turn in range(9):
        tape.pieces(volumes[turn % 2], 3)
    for made in volumes:
        close(made)
    assert list(check(DISK, roots)) == []


def test_many_damaged_records_are_counted(root: Root) -> None:
    """A volume in ruins gives fifty lines and a number."""
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    for _ in range(5):
        tape.pieces(made, 20)
    path = close(made)
    with VolumeReader.open(DISK, path) as reader:
        for record in [each for each in reader.records() if each.kind == Kind.PIECE]:
            flip(path, record.payload_offset + 3)
    found = findings(root)
    assert len(found) == 51
    assert found[-1].what == "55 more damaged records"


class Keys:
    """The keyring, as far as it matters here."""

    def __init__(self, key: bytes, *, is_gone: bool = False) -> None:
        self.key, self.is_gone = key, is_gone

    def segment_keys(
        self, stream: StreamId, term: TermId, hour: int, class_: str, sealed: bytes, ns: Sequence[int]
    ) -> dict[int, bytes]:
        if self.is_gone:
            raise Refused("shredded")
        return dict.fromkeys(ns, self.key)


def test_with_keys_the_plaintext_is_checked(root: Root) -> None:
    """A piece that opens and has another h, and one that does not open, are told; a key that is gone is not."""
    key = bytes(range(32))
    made = volume(root, 1)
    tape = Tape(camera(1), 1)
    tape.begin(made)
    made.place(Kind.KEY, 0, stream=tape.stream, term=tape.term, t0=START, t1=START, payload=bytes(1168))
    sealed = [seal_piece(key, index, [b"plain" * index]) for index in range(4)]
    for index, piece in enumerate(sealed):
        made.place(
            Kind.PIECE,
            0,
            stream=tape.stream,
            term=tape.term,
            n=1,
            index=index,
            t0=START,
            t1=START,
            m0=boot(START),
            m1=boot(START),
            h=bytes(32) if index == 2 else piece.h,
            c=piece.c,
            plain_length=piece.plain_length,
            payload=piece.ciphertext,
        )
    path = cut(made)
    assert path.exists()
    assert len(piece_salt(key, 1)) == 32

    def whats(keys: Keys) -> list[str]:
        manner = Manner(deep=True, keys=keys, live_fence=1)
        return [finding.what.rpartition(", ")[2] for finding in findings(root, manner)]

    assert whats(Keys(key)) == ["n=1 piece 2: its plaintext differs from h"]
    assert len(whats(Keys(bytes(32)))) == 4
    assert whats(Keys(key, is_gone=True)) == []
