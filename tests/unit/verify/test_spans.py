# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Packages of spans that are not plain: cut in mid-segment, across gaps, steps and damage, one camera twice."""

from pathlib import Path

import pytest

from tests.tools.dossier import Dossier, Exported, Keys, export, files_of, record
from tests.tools.recording import STREAM, Recording
from tests.tools.tampering import ledger_notes, make_late, make_stepped
from torrazzo.base.times import SECOND
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.testing import ClipSpec, make_clip
from torrazzo_verify.verify import FAILED, OPEN, TOLD, Finding, parse_policy, verify, when


def check(dossier: Dossier, folder: Path) -> tuple[int, list[Finding]]:
    """Under the published keys."""
    path = folder / "package.asice"
    path.write_bytes(dossier.bytes)
    found: list[Finding] = []
    return verify(str(path), parse_policy(dossier.keys.policy.pack()), found.append), found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Steps of the clock, a gap, a change of size."""
    return make_stepped(tmp_path_factory.mktemp("made"))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 30), (0.04, 29.96), (7.2, 8.2), (9.9, 10.1), (10, 20), (29, 155), (5, 160), (113, 150), (115, 150),
        (113.5, 113.9),
    ],
)  # fmt: skip
def test_whatever_the_span_an_honest_package_is_verified(
    start: float, end: float, made: Recording, tmp_path: Path
) -> None:
    """Cut anywhere, across steps of the clock, a gap and a change of format: nothing fails."""
    dossier = Dossier([export(made, STREAM, start, end, tmp_path / "out.mp4")])
    code, found = check(dossier, tmp_path)
    assert (code, [finding for finding in found if finding.level == FAILED]) == (0, [])


@pytest.mark.parametrize(("start", "end"), [(0, 24), (5, 13), (11.9, 12.1), (12, 20), (5, 12)])
def test_a_segment_that_takes_no_time_is_verified(start: float, end: float, tmp_path: Path) -> None:
    """Wherever the span lies to a fact with t0 = t1, no picture around it is left out, and nothing fails."""
    dossier = Dossier([export(make_late(tmp_path), STREAM, start, end, tmp_path / "out.mp4")])
    code, found = check(dossier, tmp_path)
    assert (code, [finding for finding in found if finding.level == FAILED]) == (0, [])


def test_one_camera_twice(made: Recording, tmp_path: Path) -> None:
    """Two spans of one camera are two clips, each verified; what lies between them is told as not there."""
    clips: list[Exported] = [export(made, STREAM, start, start + 3, tmp_path / f"{start}.mp4") for start in (20, 2, 5)]
    code, found = check(Dossier(clips), tmp_path)
    assert code == 0
    hole = Finding(OPEN, "hole", str(STREAM), made.start + 8 * SECOND, (when(made.start + 20 * SECOND),))
    assert [finding for finding in found if finding.code == "hole"] == [hole]


def test_a_witness_for_show_proves_nothing(made: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told in so many words, that no second office signed too, and what else is so stays so."""
    clip = export(made, STREAM, 2, 8, tmp_path / "out.mp4")
    real = check(Dossier([clip]), tmp_path)[1]
    signer = SigningKey("witness.demo.invalid", Kind.COSIGNATURE, bytes(32))
    keys = Keys.of(1)._replace(witness=signer)
    monkeypatch.setattr(Keys, "of", lambda _: keys)
    dossier = Dossier([clip])
    code, shown = check(dossier, tmp_path)
    assert code == 0
    told = [finding.code for finding in shown if finding.code.startswith("head")]
    assert told == ["head", "head-for-show", "head-alone"] * 2
    assert len(shown) == len(real) + 2
    files = files_of(tmp_path / "package.asice")
    assert b"witness.demo.invalid is a demonstration's witness, for show" in files["README.txt"]
    assert "witness.demo.invalid è un testimone dimostrativo, per sola mostra".encode() in files["LEGGIMI.txt"]


def test_what_the_archive_lost_is_told(tmp_path: Path) -> None:
    """A damaged piece is left out, declared, and told with its time; the rest is verified."""
    town = record(tmp_path, str(STREAM), lambda town: town.shoot(make_clip(ClipSpec(width=160, height=120)), 30))
    footage = town.footage()
    row = footage.segments(STREAM, export(town, STREAM, 0, 30, tmp_path / "whole.mp4").clip.span)[1]
    footage.close()
    town.spoil(row, 4)
    code, found = check(Dossier([export(town, STREAM, 2, 28, tmp_path / "out.mp4")]), tmp_path)
    assert code == 0, [finding for finding in found if finding.level == FAILED]
    told = [finding for finding in found if finding.level == OPEN and finding.code == "piece-lost"]
    assert [(finding.camera, finding.time, finding.values) for finding in told] == [(str(STREAM), row.t0, ("4",))]


def test_a_lie_that_was_logged_is_found_by_its_neighbours(made: Recording, tmp_path: Path) -> None:
    """A fact changed before it was logged is proven, and yet does not fit: the next one names another."""

    def lie(line: bytes) -> bytes:
        return line.replace(b'"lost":0', b'"lost":1') if b'"n":2,' in line else line

    code, found = check(Dossier([export(made, STREAM, 5, 28, tmp_path / "out.mp4")], facts=lie), tmp_path)
    assert code == 1
    assert {finding.code for finding in found if finding.level == FAILED} == {"link-broken"}


def test_what_the_ledger_noted_is_told(made: Recording, tmp_path: Path) -> None:
    """A fact that came late, and a recorder that was not heard: told with their times; a note on no fact here fails."""
    exported = export(made, STREAM, 5, 28, tmp_path / "out.mp4")
    code, found = check(Dossier([exported], notes=lambda lines: ledger_notes(lines)[:2]), tmp_path)
    assert code == 0
    told = {finding.code: finding for finding in found if finding.level == TOLD}
    late, silent = told["late"], told["silent"]
    assert (late.time, late.values) == (silent.time, ("2", "2026-11-24T22:01:50.000Z"))
    code, found = check(Dossier([exported], notes=ledger_notes), tmp_path)
    assert (code, {finding.code for finding in found if finding.level == FAILED}) == (1, {"late-foreign"})
