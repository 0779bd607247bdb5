# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import hashlib
from pathlib import Path

import pytest

from tests.tools.exported import export_mp4
from tests.tools.mp4check import nal_units, read_tables
from tests.tools.recording import STREAM, Recording
from torrazzo.archive import VolumeReader
from torrazzo.archive.record import Kind
from torrazzo.base import Span
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.playback import Footage, plan_clip
from torrazzo.seal import piece_salt
from torrazzo.testing import ClipSpec, make_clip


def span(recording: Recording, start: float, end: float) -> Span:
    """Seconds after the recording's start."""
    return Span(UtcTicks(recording.start + round(start * SECOND)), UtcTicks(recording.start + round(end * SECOND)))


def test_an_export_lasts_as_long_as_its_span(recording: Recording, footage: Footage, tmp_path: Path) -> None:
    """Across a gap and a change of size the shown duration is the span's, to the tick."""
    out = tmp_path / "out.mp4"
    clip = export_mp4(footage, STREAM, span(recording, 5.4, 70), out)
    tables = read_tables(out)
    assert tables.duration == clip.duration == round(64.6 * SECOND)
    assert sum(duration for duration, _ in tables.edits) == tables.duration
    assert out.stat().st_size == clip.size
    assert not clip.losses


def test_each_picture_is_shown_at_its_time(recording: Recording, footage: Footage, tmp_path: Path) -> None:
    """Every frame recorded in the span is in the file, byte for byte, at its distance from the span's start."""
    asked = span(recording, 5.4, 70)
    out = tmp_path / "out.mp4"
    export_mp4(footage, STREAM, asked, out)
    shown = [(when, sample) for when, sample in read_tables(out).shown() if when >= 0]
    told = sorted((t.shown - asked.start, t.unit.data) for t in recording.told if asked.start <= t.shown < asked.end)
    assert [when for when, _ in shown] == [when for when, _ in told]
    units = nal_units(out, [sample for _, sample in shown])
    for (_, data), nals in zip(told, units, strict=True):
        assert data == b"".join(len(nal).to_bytes(4) + nal for nal in nals)


def test_recorded_pieces_stand_in_the_file_unchanged(recording: Recording, footage: Footage, tmp_path: Path) -> None:
    """Each extent's bytes, hashed with its salt, give the h that the archive holds for that piece."""
    out = tmp_path / "out.mp4"
    clip = export_mp4(footage, STREAM, span(recording, 15, 50), out)
    data = out.read_bytes()
    checked = 0
    for row in {extent.segment for extent in clip.extents}:
        segment = clip.segments[row]
        with VolumeReader.open(recording.disk, recording.volume_of(segment)) as reader:
            sealed = next(reader.payload(h) for h in reader.headers() if h.kind == Kind.KEY)
            key = recording.keys.segment_keys(
                STREAM, segment.id.term, segment.hour, segment.class_, sealed, [segment.id.n]
            )[segment.id.n]
            for extent in (e for e in clip.extents if e.segment == row):
                h = reader.header_at(segment.places[extent.piece]).h
                plain = data[extent.at : extent.at + extent.length]
                assert hashlib.sha256(piece_salt(key, extent.piece) + plain).digest() == h
                checked += 1
    assert checked == len(clip.extents) > 15


def test_an_export_holds_no_fragment_it_does_not_need(recording: Recording, footage: Footage) -> None:
    """A clip of one second holds the fragments from the key frame before it to its end, and no others."""
    clip = plan_clip(footage, STREAM, span(recording, 7.2, 8.2))
    assert [extent.piece for extent in clip.extents] == [0, 7, 8, 9]


def test_a_key_frame_is_searched_in_the_segments_before(tmp_path: Path) -> None:
    """With a GOP of 40 s a clip begins at the key frame up to 40 s before it."""
    made = Recording(tmp_path)
    made.shoot(make_clip(ClipSpec(width=160, height=120, fps="5", gop=200, frames=200)), 80)
    made.finish()
    clip = plan_clip(made.footage(), STREAM, span(made, 35, 38))
    assert clip.extents[0].piece == 0
    assert clip.segments[clip.extents[1].segment].t0 == made.start
    assert clip.duration == 3 * SECOND


def test_a_damaged_piece_is_a_gap_that_is_told(tmp_path: Path) -> None:
    """One flipped bit costs the pictures up to the next key frame, and the export says what is missing and when."""
    made = Recording(tmp_path)
    made.shoot(make_clip(ClipSpec(width=320, height=240, frames=200)), 16)
    made.finish()
    reader = made.footage()
    asked = span(made, 0, 16)
    row = reader.segments(STREAM, asked)[0]
    made.spoil(row, 4)
    out = tmp_path / "out.mp4"
    clip = export_mp4(reader, STREAM, asked, out)
    assert [(loss.piece, loss.t0 - made.start, loss.t1 - made.start) for loss in clip.losses] == [
        (4, 3 * SECOND, 4 * SECOND)
    ]
    assert clip.duration == 16 * SECOND
    shown = [when for when, _ in read_tables(out).shown()]
    assert [when for when in shown if 3 * SECOND <= when < 4 * SECOND] == []
    assert len(shown) == 15 * 25


def test_a_lost_volume_is_a_gap(tmp_path: Path) -> None:
    """Where a volume's file is gone the rest is exported, and the loss is told."""
    made = Recording(tmp_path)
    clip_ = make_clip(ClipSpec(width=160, height=120, fps="5", gop=50, frames=100))
    for _ in range(11):
        made.shoot(clip_, 60)
    made.finish()
    reader = made.footage()
    asked = span(made, 0, 660)
    rows = reader.segments(STREAM, asked)
    assert len({row.volume for row in rows}) == 2
    made.volume_of(rows[0]).unlink()
    clip = plan_clip(reader, STREAM, asked)
    assert clip.duration == 660 * SECOND
    assert len(clip.losses) == sum(row.volume == rows[0].volume for row in rows)


def test_a_damaged_key_record_costs_nothing_while_another_volume_has_it(tmp_path: Path) -> None:
    """K stands in each volume of its hour: a segment whose own volume has lost it opens all the same."""
    made = Recording(tmp_path)
    clip_ = make_clip(ClipSpec(width=160, height=120, fps="5", gop=50, frames=100))
    for _ in range(11):
        made.shoot(clip_, 60)
    made.finish()
    asked = span(made, 0, 660)
    rows = made.footage().segments(STREAM, asked)
    losses = []
    for row in (rows[-1], rows[0]):
        with VolumeReader.open(made.disk, made.volume_of(row)) as reader:
            key = next(header for header in reader.headers() if header.kind == Kind.KEY)
        data = bytearray(made.volume_of(row).read_bytes())
        data[key.payload_offset + 9] ^= 1
        made.volume_of(row).write_bytes(data)
        losses.append(sum(len(made.footage().samples(row).losses) for row in (rows[0], rows[-1])))
    assert losses == [0, 2]


@pytest.mark.parametrize(("start", "end"), [(26, 40), (100, 200), (5, 5), (9, 8)])
def test_a_span_without_pictures_is_refused(recording: Recording, footage: Footage, start: float, end: float) -> None:
    """A span inside a gap, outside the recording, empty or reversed is `Invalid`."""
    with pytest.raises(Invalid):
        plan_clip(footage, STREAM, span(recording, start, end))


def test_a_change_of_codec_is_told_with_its_time(tmp_path: Path) -> None:
    """H.264 and H.265 can't be in one file: the error names the moment to export up to."""
    made = Recording(tmp_path)
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=50)))
    made.shoot(make_clip(ClipSpec(codec="h265", width=160, height=120, frames=50)))
    made.finish()
    with pytest.raises(Invalid, match=r"avc1 to hvc1 at 2026-11-24T22:00:02\.000Z"):
        plan_clip(made.footage(), STREAM, span(made, 0, 4))
    assert plan_clip(made.footage(), STREAM, span(made, 2, 4)).codec == "hvc1"


def test_a_clip_crosses_an_hour(tmp_path: Path) -> None:
    """Segments on both sides of an hour open with their own keys."""
    made = Recording(tmp_path, UtcTicks(1_795_561_195 * SECOND))  # 22:59:55
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=50)), 10)
    made.finish()
    rows = made.footage().segments(STREAM, span(made, 0, 10))
    assert len({row.hour for row in rows}) == 2
    clip = plan_clip(made.footage(), STREAM, span(made, 0, 10))
    assert clip.duration == 10 * SECOND
    assert not clip.losses


def test_a_key_that_is_gone_is_no_damage(recording: Recording, tmp_path: Path) -> None:
    """Where the hour's private key no longer exists the export is refused, and nothing is noted as damaged."""
    made = Recording(tmp_path)
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=50)))
    made.finish()
    made.ring.shred(made.ring.ring.keys)
    with pytest.raises(Refused):
        plan_clip(made.footage(), STREAM, span(made, 0, 2))


def test_the_same_span_gives_the_same_bytes(recording: Recording, footage: Footage, tmp_path: Path) -> None:
    """Two exports of one span are equal."""
    for name in ("one", "two"):
        export_mp4(footage, STREAM, span(recording, 3, 50), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
