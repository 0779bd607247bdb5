# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Packages gathered from a small archive and its ledger, and what the court's verifier says of them."""

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from tests.tools.archived import POLICY, Archived, archived
from tests.tools.dossier import files_of
from tests.tools.recording import Recording, shoot_two_sizes
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.evidence.anchors import Stamps
from torrazzo.ledger import Policy, Unproven
from torrazzo.ledger.checkpoint import cosign
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clock import START
from torrazzo_verify.verify import Finding, parse_policy, verify

DUOMO, PO = "3f9a1c0e5b7d2264/main", "00c0ffee00c0ffee/main"


def _duomo(made: Recording) -> None:
    """A gap of 20 s and a change of size."""
    shoot_two_sizes(made, 34, 20, 16, 22)


def _po(made: Recording) -> None:
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 92)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Archived]:
    """Two cameras."""
    with archived(tmp_path, [("duomo", DUOMO, _duomo), ("po", PO, _po)], START) as made:
        yield made


def check(path: Path) -> tuple[int, list[Finding]]:
    """As a court does, with the published keys."""
    found: list[Finding] = []
    return verify(str(path), parse_policy(POLICY.pack()), found.append), found


def failures(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.level == "failed"]


def test_a_package_of_two_cameras_verifies(town: Archived, tmp_path: Path) -> None:
    """Cut at both ends, across a gap and a change of size: all of it is proven, and what people did is told."""
    town.enter()
    t = town.start + 100 * SECOND
    seen = town.deed("view", t, streams=[DUOMO], t0=town.start, t1=t)
    town.deed("view", t, streams=[DUOMO], t0=t, t1=t + SECOND)  # other pictures
    town.deed("view", t, streams=["00000000000000aa/main"], t0=town.start, t1=t)
    town.deed("close", t, of=seen, why="done", shown=[])
    ask = town.deed("ask", t, streams=sorted([DUOMO, PO]), t0=town.start, t1=t)
    town.deed("export", t, of=town.deed("approve", t, of=ask))
    path = town.package(town.asked(5.4, 80), tmp_path / "out.asice")
    code, found = check(path)
    assert (code, failures(found)) == (0, [])
    files = files_of(path)
    kinds = [json.loads(line)["kind"] for line in files["history.jsonl"].splitlines()]
    assert kinds == ["view", "close", "ask", "approve", "export"]
    assert {"clips/duomo.mp4", "clips/po.mp4"} <= files.keys()


def _changing(made: Recording) -> None:
    """H.264, then H.265 at once, then H.264 of another size behind a gap."""
    made.shoot(make_clip(ClipSpec(width=160, height=120, b_frames=2, frames=100)), 14)
    made.shoot(make_clip(ClipSpec(codec="h265", width=160, height=120, frames=100)), 18)
    made.gap(5)
    made.shoot(make_clip(ClipSpec(width=320, height=240, frames=100)), 15)


def test_a_camera_that_changes_its_codec_is_all_there(tmp_path: Path) -> None:
    """A clip for each run of one codec, in order, each ending where the next begins, and all its pictures proven."""
    with archived(tmp_path, [("duomo", DUOMO, _changing), ("po", PO, _po)], START) as made:
        made.enter()
        path = made.package(made.asked(5.4, 45), tmp_path / "out.asice")
        code, found = check(path)
        assert (code, failures(found)) == (0, [])
        assert "hole" not in {finding.code for finding in found}
        files = files_of(path)
        clips = json.loads(files["manifest.json"])["clips"]
        assert [clip["name"] for clip in clips] == ["duomo-part-1", "duomo-part-2", "duomo-part-3", "po"]
        ends = [START + round(at * SECOND) for at in (5.4, 14, 37, 45)]
        assert [(clip["from"], clip["to"]) for clip in clips[:3]] == list(itertools.pairwise(ends))
        assert [b"hvc1" in files[f"clips/{clip['name']}.mp4"][:40] for clip in clips] == [False, True, False, False]
        assert b"-part-1, -part-2" in files["README.txt"]
        recorded = sum(1 for told in made.filmed[0].made.told if START + 5.4 * SECOND <= told.shown < ends[3])
        assert sum(_shown(files[f"clips/duomo-part-{number}.mp4"]) for number in (1, 2, 3)) == recorded


def _shown(clip: bytes) -> int:
    """Pictures that a player shows."""
    with av.open(io.BytesIO(clip), "r") as container:
        return len([*container.decode(video=0)])


def test_where_the_clock_was_set_back_two_codecs_claim_one_time(tmp_path: Path) -> None:
    """Both clips are whole."""

    def film(made: Recording) -> None:
        made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 14)
        made.step(-7)
        made.shoot(make_clip(ClipSpec(codec="h265", width=160, height=120, frames=100)), 18)

    with archived(tmp_path, [("duomo", DUOMO, film)], START) as made:
        made.enter()
        path = made.package(made.asked(2, 20), tmp_path / "out.asice")
        code, found = check(path)
        assert (code, failures(found)) == (0, [])
        clips = json.loads(files_of(path)["manifest.json"])["clips"]
        spans = [((clip["from"] - START) / SECOND, (clip["to"] - START) / SECOND) for clip in clips]
        assert spans == [(2, 14), (7, 20)]


def test_a_run_of_which_no_picture_is_left_is_a_loss(tmp_path: Path) -> None:
    """Of the other codec nothing can be read: what lies around it is handed over, and the verifier tells the hole."""

    def film(made: Recording) -> None:
        made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 10)
        made.shoot(make_clip(ClipSpec(codec="h265", width=160, height=120, frames=100)), 4)
        made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 10)

    with archived(tmp_path, [("duomo", DUOMO, film)], START) as made:
        made.enter()
        with made.footage() as footage:
            span = made.asked(2, 20).span
            (row,) = (row for row in footage.segments(made.filmed[0].stream, span) if row.t0 == START + 10 * SECOND)
        for piece in range(1, len(row.places)):
            made.filmed[0].made.spoil(row, piece)
        path = made.package(made.asked(2, 20), tmp_path / "out.asice")
        code, found = check(path)
        assert (code, failures(found)) == (0, [])
        assert [finding.time for finding in found if finding.code == "hole"] == [START + 10 * SECOND]


def test_the_same_export_twice_gives_the_same_media(town: Archived, tmp_path: Path) -> None:
    """Whatever was entered meanwhile: clips have the same digests."""
    town.enter()
    asked = town.asked(5.4, 80)
    first = files_of(town.package(asked, tmp_path / "1.asice"))
    town.deed("view", town.start + 100 * SECOND, streams=[DUOMO], t0=town.start, t1=town.start + SECOND)
    second = files_of(town.package(asked, tmp_path / "2.asice"))
    for name in ("clips/duomo.mp4", "clips/po.mp4", "pieces/po.txt", "facts/po.jsonl"):
        assert first[name] == second[name]
    assert first["act.checkpoint"] != second["act.checkpoint"]


def test_a_window_shows_whole_segments_only(town: Archived, tmp_path: Path) -> None:
    """Where the span cuts a camera's segment, of which the keyring gives nothing then, its clip begins behind it."""
    town.enter()
    asked = town.asked(5.4, 77)
    path = town.package(asked, tmp_path / "out.asice", within=asked.span)
    code, found = check(path)
    assert (code, failures(found)) == (0, [])
    for clip in json.loads(files_of(path)["manifest.json"])["clips"]:
        facts = [json.loads(line) for line in files_of(path)[f"facts/{clip['name']}.jsonl"].splitlines()]
        segments = [fact for fact in facts if fact["kind"] == "seg"]
        assert asked.span.start < clip["from"] == segments[0]["t0"]
        assert segments[-1]["t1"] == clip["to"] < asked.span.end


def test_stamps_on_earlier_heads_come_along(town: Archived, tmp_path: Path) -> None:
    """The newest of each authority that the package's head goes on from, with the proof that it does."""
    town.enter(lambda line: b'"kind":"term"' in line)
    stamped = town.store.rec.head
    town.enter(lambda line: b'"kind":"term"' not in line)
    town.files = {
        f"anchors/rec-{stamped.size}.txt": str(stamped).encode(),
        f"anchors/rec-{stamped.size}.aruba.tst": b"t",
    }
    sizes = (1, stamped.size, town.store.rec.head.size + 5)
    town.stamps = Stamps([{"log": "rec", "size": size, "authority": "aruba"} for size in sizes], {"aruba": "PEM"})
    path = town.package(town.asked(5.4, 80), tmp_path / "out.asice")
    code, found = check(path)
    assert (code, failures(found)) == (0, [])
    anchors = [name for name in files_of(path) if name.startswith("anchors/")]
    of_head = [f"anchors/rec-{stamped.size}{end}" for end in (".txt", ".aruba.tst", ".consistency")]
    assert sorted(anchors) == sorted([*of_head, "anchors/aruba.pem"])


WITNESS = SigningKey("witness.example.it", Kind.COSIGNATURE, bytes(range(32)))


def policy_with_witness(quorum: str) -> Policy:
    lines = POLICY.pack().replace(b"quorum none\n", f"witness w {WITNESS.verifier}\nquorum {quorum}\n".encode())
    return Policy.parse(lines)


def cosigned(town: Archived) -> None:
    """A witness signs the heads as they are now."""
    for kind, reader in (("rec", town.store.rec), ("act", town.store.act)):
        note = reader.note
        signed = note._replace(signatures=(*note.signatures, cosign(note, WITNESS, town.start // SECOND)))
        town.files[f"{kind}/cosigned"] = signed.pack()


def test_a_head_that_witnesses_cosigned_is_preferred(town: Archived, tmp_path: Path) -> None:
    """Proofs lead to it if it has all facts, though the log has grown since; the verifier sees the witness."""
    town.enter()
    cosigned(town)
    size = town.store.rec.head.size
    town.store.append(act=[b'{"v":1,"kind":"x"}'])
    path = town.package(town.asked(5.4, 80), tmp_path / "out.asice", policy_with_witness("w"))
    found: list[Finding] = []
    assert verify(str(path), parse_policy(policy_with_witness("w").pack()), found.append) == 0
    assert files_of(path)["rec.checkpoint"].splitlines()[1] == str(size).encode()


def test_a_witness_that_is_needed_and_away_is_waited_for(town: Archived, tmp_path: Path) -> None:
    """Without its signature, or with one on a head before these facts: no package; not needed, the newest will do."""
    town.enter(lambda line: b'"kind":"term"' in line)
    with pytest.raises(Unproven):
        town.package(town.asked(5.4, 80), tmp_path / "out.asice", policy_with_witness("w"))
    cosigned(town)
    town.enter(lambda line: b'"kind":"term"' not in line)
    with pytest.raises(Unavailable):
        town.package(town.asked(5.4, 80), tmp_path / "out.asice", policy_with_witness("w"))
    path = town.package(town.asked(5.4, 80), tmp_path / "out.asice", policy_with_witness("none"))
    assert files_of(path)["rec.checkpoint"].splitlines()[1] == str(town.store.rec.head.size).encode()


def test_late_facts_are_told(town: Archived, tmp_path: Path) -> None:
    """What the ledger noted of facts that came late stands behind them, and the verifier tells it."""
    town.enter(received=town.start + 600 * SECOND)
    code, found = check(town.package(town.asked(30, 60), tmp_path / "out.asice"))
    assert code == 0
    assert "late" in {finding.code for finding in found}


def test_a_damaged_piece_is_a_loss_that_verifies(town: Archived, tmp_path: Path) -> None:
    """A bit in a ciphertext costs its piece, one in a record's header its segment: told, and the rest is proven."""
    town.enter()
    asked = town.asked(0, 80)
    with town.footage() as footage:
        rows = footage.segments(town.filmed[1].stream, asked.span)
    town.filmed[1].made.spoil(rows[2], 4)
    volume = town.filmed[1].made.volume_of(rows[4])
    data = bytearray(volume.read_bytes())
    data[rows[4].places[3] + 20] ^= 1
    volume.write_bytes(data)
    path = town.package(asked, tmp_path / "out.asice")
    code, found = check(path)
    assert (code, failures(found)) == (0, [])
    lost = json.loads(files_of(path)["manifest.json"])["clips"][1]["losses"]
    facts = [json.loads(line) for line in files_of(path)["facts/po.jsonl"].splitlines()]
    shown = [(finding.camera, finding.code) for finding in found if finding.code.startswith("show")]
    assert shown == [(DUOMO, "show"), (PO, "show-rest")]  # of what is lost it is not said that it is shown
    assert [(facts[loss["fact"] - 1]["n"], loss["piece"]) for loss in lost] == [(rows[2].id.n, 4), (rows[4].id.n, 0)]


def test_what_refers_to_a_damaged_piece_is_handed_over_all_the_same(town: Archived, tmp_path: Path) -> None:
    """Of a group of pictures of several pieces the first one is lost: the others can't be shown, and are proven."""
    town.enter()
    asked = town.asked(0, 80)
    with town.footage() as footage:
        row = footage.segments(town.filmed[1].stream, asked.span)[2]
    town.filmed[1].made.spoil(row, 3)  # a key frame stands in each other piece
    path = town.package(asked, tmp_path / "out.asice")
    code, found = check(path)
    assert (code, failures(found)) == (0, [])
    assert len(json.loads(files_of(path)["manifest.json"])["clips"][1]["losses"]) == 1


def test_facts_that_are_not_in_the_ledger_yet_are_waited_for(town: Archived, tmp_path: Path) -> None:
    """No package without the proof of all its facts."""
    with pytest.raises(Unavailable, match="not in the ledger"):
        town.package(town.asked(5.4, 80), tmp_path / "out.asice")
    town.enter(lambda line: b'"n":1,' not in line)
    with pytest.raises(Unavailable):
        town.package(town.asked(5.4, 80), tmp_path / "out.asice")


def test_a_span_that_begins_in_a_gap_goes_back_to_its_start(town: Archived, tmp_path: Path) -> None:
    """The gap that holds the span's start is in the package, though it stands before the first picture's fact."""
    town.enter()
    asked = town.asked(40, 80)._replace(streams=(town.filmed[0].stream,))
    path = town.package(asked, tmp_path / "out.asice")
    assert check(path)[0] == 0
    assert json.loads(files_of(path)["facts/duomo.jsonl"].splitlines()[0])["kind"] == "gap"


def test_a_span_beyond_the_facts_is_refused(town: Archived, tmp_path: Path) -> None:
    """Nothing says what happened then: no package claims to."""
    town.enter()
    with pytest.raises(Unavailable, match="before the span does"):
        town.package(town.asked(40, 200), tmp_path / "out.asice")


def test_a_package_has_a_size_that_people_can_handle(town: Archived) -> None:
    """More than a hundred hours of cameras are refused before anything is read."""
    with pytest.raises(Invalid, match="at most 100"):
        town.package(town.asked(0, 51 * 3600), Path("/dev/null"))


def test_across_the_end_of_summer_time(tmp_path: Path) -> None:
    """In the night in which an hour happens twice the clip lasts as long as it lasted, and the text says UTC."""
    change = UtcTicks(1_792_890_000 * SECOND)  # 2026-10-25T01:00:00Z: 03:00 becomes 02:00 in Cremona
    with archived(tmp_path, [("po", PO, _po)], UtcTicks(change - 40 * SECOND)) as town:
        town.enter()
        path = town.package(town.asked(10, 70), tmp_path / "out.asice")
    code, found = check(path)
    assert (code, failures(found)) == (0, [])
    text = files_of(path)["README.txt"].decode()
    assert "from 2026-10-25T00:59:30.000Z to 2026-10-25T01:00:30.000Z (UTC)" in text
