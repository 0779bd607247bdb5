# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import re
from fractions import Fraction
from pathlib import Path

import pytest

from tests.tools.mp4check import probe
from tests.tools.recording import STREAM, Recording
from torrazzo.base import Span, TermId
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.ids import NodeId
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.catalogue import Catalogue
from torrazzo.control_room.index import Index
from torrazzo.playback import Footage, PartName, media_playlist, part_bytes, plan_clip
from torrazzo.playback.index import whole_span
from torrazzo.segment import parse_fragment
from torrazzo.segment.boxes import walk
from torrazzo.testing import ClipSpec, make_clip


def whole(recording: Recording, more: float = 0) -> Span:
    """All of it, and so many seconds more."""
    return Span(recording.start, UtcTicks(recording.now + round(more * SECOND)))


def fragments(data: bytes) -> list[bytes]:
    """Each moof with its mdat."""
    ends = [box.end for box in walk(data, 0, len(data)) if box.kind == b"mdat"]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def test_a_playlist_tells_segments_gaps_and_formats(recording: Recording, footage: Footage) -> None:
    """Exact durations, a discontinuity and a time at each break, gaps in parts of at most ten seconds."""
    text = media_playlist(footage, STREAM, whole(recording, more=3))
    term = str(recording.term)
    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:10",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f'#EXT-X-MAP:URI="init_{term}_1.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T22:00:00.000Z",
        "#EXTINF:10.000000,",
        f"seg_{term}_1_0.m4s",
        "#EXTINF:10.000000,",
        f"seg_{term}_2_900000.m4s",
        "#EXTINF:4.000000,",
        f"seg_{term}_3_1800000.m4s",
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T22:00:24.000Z",
        "#EXT-X-GAP",
        "#EXTINF:10.000000,",
        "gap_2160000.m4s",
        "#EXT-X-GAP",
        "#EXTINF:10.000000,",
        "gap_3060000.m4s",
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T22:00:44.000Z",
        "#EXTINF:10.000000,",
        f"seg_{term}_5_3960000.m4s",
        "#EXTINF:6.000000,",
        f"seg_{term}_6_4860000.m4s",
        "#EXT-X-DISCONTINUITY",
        f'#EXT-X-MAP:URI="init_{term}_7.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T22:01:00.000Z",
        "#EXTINF:10.000000,",
        f"seg_{term}_7_5400000.m4s",
        "#EXTINF:2.000000,",
        f"seg_{term}_8_6300000.m4s",
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T22:01:12.000Z",
        "#EXT-X-GAP",
        "#EXTINF:3.000000,",
        "gap_6480000.m4s",
        "#EXT-X-ENDLIST",
    ]


def test_a_playlist_that_may_grow_has_no_end(recording: Recording, footage: Footage) -> None:
    """A playlist asked for while recording goes on is of type EVENT and only ever grows at its end."""
    earlier = media_playlist(
        footage, STREAM, Span(recording.start, UtcTicks(recording.start + 15 * SECOND)), is_over=False
    )
    later = media_playlist(footage, STREAM, whole(recording, more=60), is_over=False)
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in earlier
    assert "#EXT-X-ENDLIST" not in earlier
    assert later.startswith(earlier)
    assert "gap_6480000" not in later


def test_a_playlist_begins_with_the_gap_it_begins_in(recording: Recording, footage: Footage) -> None:
    """Asked for from the middle of a gap, it tells the rest of the gap first."""
    text = media_playlist(footage, STREAM, Span(UtcTicks(recording.start + 40 * SECOND), UtcTicks(recording.now)))
    lines = text.splitlines()
    at = lines.index("#EXT-X-GAP")
    assert lines[at - 1 : at + 3] == [
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T22:00:40.000Z", "#EXT-X-GAP", "#EXTINF:4.000000,", "gap_0.m4s",
    ]  # fmt: skip
    assert f"seg_{recording.term}_5_360000.m4s" in lines


def test_steps_break_the_time_line_and_leave_no_gap(tmp_path: Path) -> None:
    """Where the clock was set there is a discontinuity with the new time, and no absence."""
    made = Recording(tmp_path)
    clip = make_clip(ClipSpec(width=160, height=120, frames=50))
    made.shoot(clip)
    made.step(60)
    made.shoot(clip)
    made.step(-3)
    made.shoot(clip)
    made.finish()
    text = media_playlist(made.footage(), STREAM, Span(made.start, UtcTicks(made.start + 63 * SECOND)))
    assert "GAP" not in text
    assert re.findall("DATE-TIME:(.*)", text) == [
        "2026-11-24T22:00:00.000Z",
        "2026-11-24T22:01:02.000Z",
        "2026-11-24T22:01:01.000Z",
    ]
    assert re.findall(r"seg_.*_(\d+)\.m4s", text) == ["0", "180000", "360000"]


def test_what_takes_no_time_is_left_out_of_a_playlist(tmp_path: Path) -> None:
    """A player is told of no segment of length zero; what follows it begins anew, and leaves no gap."""
    made = Recording(tmp_path)
    clip = make_clip(ClipSpec(width=160, height=120, frames=50))
    made.shoot(clip)
    made.shoot_at_once(clip, 1)
    made.shoot(clip)
    made.finish()
    text = media_playlist(made.footage(), STREAM, Span(made.start, UtcTicks(made.start + 4 * SECOND)))
    assert (re.findall("EXTINF:(.*),", text), "GAP" in text) == (["2.000000", "2.000000"], False)
    assert text.count("#EXT-X-DISCONTINUITY") == 1


@pytest.mark.parametrize(("start", "end"), [(1, 3), (2, 3), (0, 4)])
def test_a_span_grows_over_what_takes_no_time(start: int, end: int, tmp_path: Path) -> None:
    """Each segment that a span's pictures refer to is found behind one of length zero; alone, that is no picture."""
    made = Recording(tmp_path)
    made.shoot_at_once(make_clip(ClipSpec(width=160, height=120, frames=50)), 1)
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=50)))
    made.shoot_at_once(make_clip(ClipSpec(width=160, height=120, frames=50)), 1)
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=50)))
    made.gap(2)
    made.shoot_at_once(make_clip(ClipSpec(width=160, height=120, frames=50)), 1)
    made.gap(2)
    made.finish()
    footage = made.footage()

    def seconds(number: float) -> UtcTicks:
        return UtcTicks(made.start + round(number * SECOND))

    whole = whole_span(footage._index, STREAM, Span(seconds(start), seconds(end)))
    assert whole == Span(seconds(0), seconds(4))
    assert whole_span(footage._index, STREAM, Span(seconds(5), seconds(7))) is None


def test_parts_follow_each_other_on_one_time_line(recording: Recording, footage: Footage) -> None:
    """Across segments decoding times increase, and each segment's first picture is shown where the playlist says."""
    text = media_playlist(footage, STREAM, whole(recording))
    last = -1
    for name in re.findall(r"seg_\S+", text):
        part = PartName.parse(name)
        samples = [s for data in fragments(part_bytes(footage, STREAM, part)) for s in parse_fragment(data)]
        assert samples[0].dts == part.base
        assert min(sample.pts for sample in samples) == part.base
        assert samples[0].dts > last
        last = samples[-1].dts


def test_served_pictures_are_the_recorded_ones(recording: Recording, footage: Footage) -> None:
    """Only times differ from what was recorded: same length, same mdat."""
    row = footage.segments(STREAM, whole(recording))[1]
    served = fragments(part_bytes(footage, STREAM, PartName(row.id.term, row.id.n, 5 * SECOND)))
    recorded = list(footage.intact_fragments(row))
    assert len(served) == len(recorded) > 5
    for one, other in zip(served, recorded, strict=True):
        samples, originals = parse_fragment(one), parse_fragment(other)
        assert one[samples[0].offset :] == other[originals[0].offset :]
        assert [s[2:] for s in samples] == [s[2:] for s in originals]


def test_ffmpeg_plays_the_playlist(recording: Recording, footage: Footage, tmp_path: Path) -> None:
    """Through ffprobe it gives every frame of every segment, in the span's time."""
    text = media_playlist(footage, STREAM, Span(recording.start, UtcTicks(recording.start + 24 * SECOND)))
    (tmp_path / "index.m3u8").write_text(text)
    for name in re.findall(r"(?:init|seg)_[-\w]+\.\w+", text):
        (tmp_path / name).write_bytes(part_bytes(footage, STREAM, PartName.parse(name)))
    found = probe(tmp_path / "index.m3u8", "-count_packets", "-show_entries", "format=duration:stream=nb_read_packets")
    assert Fraction(found["format"]["duration"]) == 24
    assert int(found["streams"][0]["nb_read_packets"]) == 24 * 25


def test_a_damaged_fragment_is_left_out(tmp_path: Path) -> None:
    """The other fragments of its segment are served; a segment without any is an error."""
    made = Recording(tmp_path)
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)))
    made.finish()
    reader = made.footage()
    row = reader.segments(STREAM, whole(made))[0]
    made.spoil(row, 2)
    name = PartName(row.id.term, row.id.n, 0)
    assert len(fragments(part_bytes(reader, STREAM, name))) == 3
    for piece in (1, 3, 4):
        made.spoil(row, piece)
    with pytest.raises(Damaged, match="no fragment"):
        part_bytes(made.footage(), STREAM, name)


def test_a_player_begins_with_the_part_that_it_shows(recording: Recording, footage: Footage) -> None:
    """The segment of that moment is told from key frame to key frame; together they are the segment, byte for byte."""
    at = UtcTicks(recording.start + 15 * SECOND)
    lines = media_playlist(footage, STREAM, whole(recording), at=at).splitlines()
    usual = media_playlist(footage, STREAM, whole(recording)).splitlines()
    row = footage.segments(STREAM, Span(at, UtcTicks(at + 1)))[0]
    base = row.t0 - recording.start
    name = PartName(row.id.term, row.id.n, base)
    parts = [line for line in lines if line.startswith(str(name).removesuffix(".m4s") + "_")]
    first, last = lines.index(parts[0]) - 1, lines.index(parts[-1]) + 1
    where = usual.index(str(name)) - 1
    assert len(parts) > 1
    assert [*lines[:first], *usual[where : where + 2], *lines[last:]] == usual
    lengths = [Fraction(line[8:-1]) for line in lines[first:last] if line.startswith("#EXTINF")]
    assert sum(lengths) == Fraction(row.t1 - row.t0, SECOND)
    served = [part_bytes(recording.footage(), STREAM, PartName.parse(part)) for part in reversed(parts)]
    assert b"".join(reversed(served)) == part_bytes(footage, STREAM, name)
    begins = [parse_fragment(fragments(data)[0])[0] for data in reversed(served)]
    assert all(sample.is_key for sample in begins)
    offsets = [Fraction(sample.dts - base, SECOND) for sample in begins]
    assert offsets == [sum(lengths[:before]) for before in range(len(lengths))]


def test_of_a_damaged_part_the_rest_of_its_segment_is_shown(tmp_path: Path) -> None:
    """A player that would ask for it again and again gets what there is; a part beyond the segment is none."""
    made = Recording(tmp_path)
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100, gop=25)))
    made.finish()
    reader = made.footage()
    (row,) = reader.segments(STREAM, whole(made))
    name = PartName(row.id.term, row.id.n, 0)
    assert [(group.first, group.last) for group in reader.groups(row)] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    made.spoil(row, 2)
    rest = part_bytes(reader, STREAM, name)
    assert part_bytes(reader, STREAM, name._replace(pieces=(2, 2))) == rest
    assert part_bytes(reader, STREAM, name._replace(pieces=(2, 3))) == fragments(rest)[1]
    for pieces in ((0, 1), (3, 2), (4, 5)):
        with pytest.raises(Invalid, match="not a part"):
            part_bytes(reader, STREAM, name._replace(pieces=pieces))


def test_a_segment_whose_records_do_not_tell_is_one_part(tmp_path: Path) -> None:
    """Where a header can't be read, or no fragment but the first begins with a key frame."""
    made = Recording(tmp_path)
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100, gop=100)))
    made.finish()
    (row,) = made.footage().segments(STREAM, whole(made))
    name = str(PartName(row.id.term, row.id.n, 0))
    assert name in media_playlist(made.footage(), STREAM, whole(made), at=made.start).splitlines()
    data = bytearray(made.volume_of(row).read_bytes())
    data[row.places[3] + 20] ^= 1
    made.volume_of(row).write_bytes(data)
    assert name in media_playlist(made.footage(), STREAM, whole(made), at=made.start, opens=False).splitlines()


def test_what_cannot_be_opened_was_recorded_all_the_same(tmp_path: Path) -> None:
    """With another ring than it was sealed to, playlist and file say so, and not that nothing was recorded."""
    made, other = Recording(tmp_path / "town"), Recording(tmp_path / "other")
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=50)))
    made.finish()
    span = Span(made.start, UtcTicks(made.start + 2 * SECOND))
    made.footage().close()
    footage = Footage(Index(Catalogue(made.home.catalogue_db)), [made.root], made.disk, other.keys)
    for show in (media_playlist, plan_clip):
        with pytest.raises(Damaged, match=r"were recorded in .* the ring of that time was lost"):
            show(footage, STREAM, span)
    ring = other.ring
    ring.shred([name for name in ring.ring.keys if name.hour == made.start // HOUR])
    for show in (media_playlist, plan_clip):
        with pytest.raises(Refused, match=r"recorded, but no private key of .* is left: it was lost with the ring"):
            show(footage, STREAM, span)


def test_unknown_parts_are_refused(recording: Recording, footage: Footage) -> None:
    """A well-formed name of a segment that is not there is `Unavailable`; nothing recorded is `Invalid`."""
    with pytest.raises(Unavailable):
        part_bytes(footage, STREAM, PartName(recording.term, 4_000, 0))
    with pytest.raises(Invalid, match="no picture"):
        media_playlist(footage, STREAM, Span(UtcTicks(0), UtcTicks(SECOND)))


@pytest.mark.parametrize(
    "name",
    [
        PartName(TermId(NodeId(7), 1, 9), 3, None),
        PartName(TermId(NodeId(7), 1, 9), 0, 0),
        PartName(TermId(NodeId(7), 1, 9), 0, 0, (1, 12)),
    ],
)
def test_part_names_round_trip(name: PartName) -> None:
    """The text of a name gives the name."""
    assert PartName.parse(str(name)) == name


@pytest.mark.parametrize(
    "text",
    [
        "", "seg", "init_00000007-1-9_3.m4s", "seg_00000007-1-9_3.mp4", "seg_00000007-1-9_3.m4s",
        "init_00000007-1-9_03.mp4", "init_7-1-9_3.mp4", "seg_00000007-1-9_3_1_1.m4s", "seg_00000007-1-9_3_1_01-2.m4s",
        "init_00000007-1-9_3_1-2.mp4", "seg_00000007-1-9_3_1-2.m4s", "../init_00000007-1-9_3.mp4",
        "init_00000007-1-9_3.mp4\n", "gap_0.m4s",
        "init_00000007-1-9_9999999999999999999.mp4", "seg_00000007-1-9_3_9999999999999999999.m4s",  # no column holds it
    ],
)  # fmt: skip
def test_other_names_are_invalid(text: str) -> None:
    """Only the exact form is a part's name."""
    with pytest.raises(Invalid):
        PartName.parse(text)


def test_a_playlist_that_opens_nothing_takes_no_key(recording: Recording) -> None:
    """It has the same segments at the same places, each with its own init, and no key was asked for."""

    class NoKeys:
        def segment_keys(self, *_: object) -> dict[int, bytes]:
            pytest.fail("a key was asked for")

    opened = recording.footage()
    with Catalogue(recording.home.catalogue_db) as catalogue:
        blind = Footage(Index(catalogue), [recording.root], recording.disk, NoKeys())
        text = media_playlist(blind, STREAM, whole(recording, more=3), opens=False, folder="parts/")
        usual = media_playlist(opened, STREAM, whole(recording, more=3))
    opened.close()
    segments = [line for line in text.splitlines() if line.startswith("parts/seg_")]
    assert [line.removeprefix("parts/") for line in segments] == [
        line for line in usual.splitlines() if line.startswith("seg_")
    ]
    inits = re.findall(r'URI="parts/(init_\S+)"', text)
    assert inits == [f"{line[6:].replace('seg', 'init').rpartition('_')[0]}.mp4" for line in segments]
    assert text.count("#EXT-X-GAP") == usual.count("#EXT-X-GAP")
