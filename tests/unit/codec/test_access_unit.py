# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from itertools import pairwise

import pytest

from tests.unit.codec.streams import A_FRAME, Moment, assemble, avcc, moments_of, push, split_avcc
from torrazzo.camera import limits
from torrazzo.camera.codec import Assembler
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clips import is_parameter_set, is_picture, nal_type

PLAIN = ClipSpec(width=320, height=180, frames=12, gop=6)
BIGGER = ClipSpec(width=640, height=360, frames=12, gop=6)
HEVC = ClipSpec(codec="h265", width=320, height=180, frames=12, gop=6)
AUD = bytes((9, 0xF0))
AUD_HEVC = bytes((35 << 1, 1, 0x50))


def bare(spec: ClipSpec) -> list[Moment]:
    """A clip whose camera tells its parameter sets only in the session description."""
    clip = make_clip(spec)
    return [
        Moment(unit.pts, [nal for nal in unit.nals if not is_parameter_set(clip.codec, nal)]) for unit in clip.units
    ]


@pytest.mark.parametrize("spec", [PLAIN, HEVC], ids=["h264", "h265"])
def test_every_key_unit_has_its_parameter_sets_in_band(spec: ClipSpec) -> None:
    """Sets of the session description are put before the picture; all else is byte for byte what the camera sent."""
    sets = make_clip(spec).parameter_sets
    moments = bare(spec)
    units = assemble(spec.codec, moments, sets)
    assert [unit.is_key for unit in units] == [at % 6 == 0 for at in range(12)]
    for unit, moment in zip(units, moments, strict=True):
        assert split_avcc(unit.data) == ([*sets, *moment.nals] if unit.is_key else moment.nals)
    assert len({id(unit.format) for unit in units}) == 1
    assert units[0].format[:4] == (spec.codec, spec.width, spec.height, sets)


@pytest.mark.parametrize(("spec", "delimiter"), [(PLAIN, AUD), (HEVC, AUD_HEVC)], ids=["h264", "h265"])
def test_parameter_sets_stand_behind_the_delimiter(spec: ClipSpec, delimiter: bytes) -> None:
    """An access unit delimiter stays, and stays first."""
    moments = [Moment(pts, [delimiter, *nals]) for pts, nals in bare(spec)]
    units = assemble(spec.codec, moments, make_clip(spec).parameter_sets)
    sets = make_clip(spec).parameter_sets
    assert split_avcc(units[0].data)[: len(sets) + 1] == [delimiter, *sets]
    assert split_avcc(units[1].data) == moments[1].nals


def test_a_unit_that_has_its_sets_is_not_touched() -> None:
    """Where the camera sends parameter sets in band nothing is added, and the very bytes are passed on."""
    moment = moments_of(make_clip(PLAIN))[0]
    data, places = avcc(moment.nals)
    (unit,) = Assembler("h264").push(data, places, 0, 3, 77, discontinuity=False)
    assert unit.data is data
    assert (unit.pts, unit.dts, unit.lost, unit.arrived_ns, unit.discontinuity) == (0, 0, 3, 77, False)


def test_nothing_is_given_before_decoding_can_begin() -> None:
    """Pictures before the first key picture are dropped and counted; why nothing comes is told."""
    moments = moments_of(make_clip(PLAIN))
    assembler = Assembler("h264")
    assert [push(assembler, moment) for moment in moments[1:6]] == [[]] * 5
    assert (assembler.dropped, assembler.missing) == (5, "no key frame yet")
    (unit,) = push(assembler, moments[6])
    assert unit.is_key
    assert assembler.missing is None


def test_a_key_picture_without_any_parameter_sets_is_no_beginning() -> None:
    """Without sets nothing is given, and the missing sets are named; they may come alone, in a moment of their own."""
    sets = make_clip(PLAIN).parameter_sets
    moments = bare(PLAIN)
    assembler = Assembler("h264")
    assert push(assembler, moments[0]) == []
    assert assembler.missing is not None
    assert "parameter sets" in assembler.missing
    assert push(assembler, Moment(moments[5].pts, list(sets))) == []
    (unit,) = push(assembler, moments[6])
    assert split_avcc(unit.data) == [*sets, *moments[6].nals]


def test_the_format_changes_when_a_set_does_and_only_then() -> None:
    """A new picture size gives a new format at its first key picture; repeated sets give the same object."""
    small, big = make_clip(PLAIN), make_clip(BIGGER)
    moments = [*moments_of(small), *moments_of(big, small.period), *moments_of(small, 2 * small.period)]
    units = assemble("h264", moments)
    assert [(unit.format.width, unit.format.height) for unit in units] == [(320, 180)] * 12 + [(640, 360)] * 12 + [
        (320, 180)
    ] * 12
    assert len({id(unit.format) for unit in units}) == 3
    assert units[0].format == units[-1].format


def test_sets_announced_ahead_count_from_the_next_key_picture() -> None:
    """Sets that come before a picture that is no key picture don't change the format of the running GOP."""
    small, big = make_clip(PLAIN), make_clip(BIGGER)
    moments = [*moments_of(small)[:4], Moment(4 * A_FRAME, [*big.parameter_sets, *small.units[4].nals])]
    moments += moments_of(big, 5 * A_FRAME)[:3]
    units = assemble("h264", moments)
    assert [unit.format.width for unit in units] == [320] * 5 + [640] * 3
    assert [unit.is_key for unit in units] == [True] + [False] * 4 + [True] + [False] * 2


def test_sets_of_several_numbers_all_belong_to_the_format() -> None:
    """A second pair of sets is kept beside the first, in band and in the format; the size is that of the one used."""
    sps, pps = make_clip(PLAIN).parameter_sets
    other_sps = bytes.fromhex("6742001e5680a02d90")  # number 1, 640×352
    other_pps = b"\x68" + int("010" + "010" + "11" * 5, 2).to_bytes(2, "big")  # number 1, of SPS 1
    moment = moments_of(make_clip(PLAIN))[0]
    (unit,) = assemble("h264", [moment], [other_sps, other_pps])
    assert unit.format.parameter_sets == (sps, other_sps, pps, other_pps)
    assert unit.format.width == 320
    assert split_avcc(unit.data)[:4] == [sps, other_sps, pps, other_pps]


def test_a_recovery_point_of_an_open_gop_is_a_key_picture() -> None:
    """H.264: an intra picture with recovery_frame_cnt 0 is a place to begin at, and keeps its SEI."""
    spec = ClipSpec(width=320, height=180, frames=48, gop=12, b_frames=2, open_gop=True)
    clip = make_clip(spec)
    units = assemble("h264", moments_of(clip))
    assert len(units) == 48
    assert [unit.is_key for unit in units] == [unit.is_key for unit in clip.units]
    assert sum(unit.is_key for unit in units) == 4
    for unit, sent in zip(units, clip.units, strict=True):
        assert [nal for nal in split_avcc(unit.data) if nal[0] & 31 not in {7, 8}] == [
            nal for nal in sent.nals if nal[0] & 31 not in {7, 8}
        ]
        assert unit.dts <= unit.pts


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_beginning_within_an_open_gop_leaves_out_what_cannot_be_decoded(codec: str) -> None:
    """Pictures shown before the first key picture that refer to what came before it are dropped and counted."""
    spec = ClipSpec(codec=codec, width=320, height=180, frames=48, gop=12, b_frames=2, open_gop=True)
    clip = make_clip(spec)
    second = [at for at, unit in enumerate(clip.units) if unit.is_key][1]
    later = clip.units[second:]
    leading = [unit for unit in later if unit.pts < later[0].pts]
    assert leading
    assembler = Assembler(codec)
    units = [unit for moment in moments_of(clip)[second:] for unit in push(assembler, moment)]
    assert [unit.pts for unit in units] == [unit.pts for unit in later if unit.pts >= later[0].pts]
    assert assembler.dropped == len(leading)
    assert all(unit.dts <= unit.pts for unit in units)


def test_h265_random_access_pictures_are_key_pictures() -> None:
    """IDR and CRA are places to begin at; RASL pictures after a CRA in mid-stream are kept."""
    spec = ClipSpec(codec="h265", width=320, height=180, frames=48, gop=12, b_frames=2, open_gop=True)
    clip = make_clip(spec)
    units = assemble("h265", moments_of(clip))
    assert len(units) == 48
    kinds = [{nal_type("h265", nal) for nal in unit.nals if is_picture("h265", nal)} for unit in clip.units]
    assert {21} in kinds
    assert {8} in kinds or {9} in kinds
    assert [unit.is_key for unit in units] == [min(kind) >= 16 for kind in kinds]
    assert all(unit.dts <= unit.pts for unit in units)


def test_an_intra_refresh_stream_has_one_key_picture_wherever_it_is_joined() -> None:
    """With its only IDR long ago, a stream begins at the start of a refresh; those soon after are no key pictures."""
    clip = make_clip(ClipSpec(width=320, height=180, frames=60, gop=20, intra_refresh=True))
    whole = assemble("h264", moments_of(clip))
    assert [unit.is_key for unit in whole] == [True] + [False] * 59
    joined = assemble("h264", moments_of(clip)[5:])
    assert joined[0].pts == 20 * A_FRAME
    assert [unit.is_key for unit in joined] == [True] + [False] * 39
    assert {nal[0] & 31 for nal in split_avcc(joined[0].data)} >= {7, 8}


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_the_start_of_a_refresh_counts_as_key_picture_twice_a_minute(codec: str) -> None:
    """Who waits for a key picture in a stream of gradual refreshes gets one, at the first refresh after 30 s."""
    if codec == "h264":
        clip = make_clip(ClipSpec(width=320, height=180, frames=60, gop=20, intra_refresh=True))
        moments = moments_of(clip)[1:]
    else:
        clip = make_clip(HEVC)
        recovery = bytes((39 << 1, 1)) + bytes.fromhex("060180") + b"\x80"
        moments = [
            Moment(pts, [recovery, *nals] if at % 20 == 19 else nals)
            for at, (pts, nals) in enumerate(moments_of(clip)[1:6] * 12)
        ]
        moments = [Moment(at * A_FRAME, nals) for at, (_, nals) in enumerate(moments)]
    assembler = Assembler(codec, clip.parameter_sets)
    second = 1_000_000_000
    units = [
        (at, unit)
        for at in range(295)  # a picture a second
        for unit in push(assembler, Moment(at * A_FRAME, moments[at % len(moments)].nals), arrived_ns=at * second)
    ]
    keys = [at for at, unit in units if unit.is_key]
    assert keys[0] == 19
    assert all(30 <= later - earlier < 60 for earlier, later in pairwise(keys))
    assert len(keys) >= 5
    for _, unit in units:
        if unit.is_key:
            assert set(clip.parameter_sets) <= set(split_avcc(unit.data))


def test_a_stream_without_any_place_to_begin_at_is_recorded_in_the_end() -> None:
    """After ten seconds an intra picture will do, after a minute any: a damaged picture is worth more than none."""
    clip = make_clip(PLAIN)
    sets = clip.parameter_sets
    hidden = [
        Moment(unit.pts, [bytes((nal[0] & 0xE0 | 1,)) + nal[1:] if nal[0] & 31 == 5 else nal for nal in unit.nals])
        for unit in clip.units
    ]  # as if its IDR pictures were only intra pictures
    second = 1_000_000_000
    assembler = Assembler("h264", sets)
    assert push(assembler, hidden[0]) == []
    assert push(assembler, hidden[6], arrived_ns=9 * second) == []
    assert push(assembler, hidden[7], arrived_ns=11 * second) == []
    assert len(push(assembler, hidden[6], arrived_ns=11 * second)) == 1
    assembler = Assembler("h264", sets)
    push(assembler, hidden[1])
    assert push(assembler, hidden[2], arrived_ns=59 * second) == []
    (unit,) = push(assembler, hidden[3], arrived_ns=61 * second)
    assert unit.is_key


def test_a_restart_of_the_senders_time_is_passed_on_once() -> None:
    """A discontinuity is told with the first unit that is given after it, be it declared or seen from the times."""
    clip = make_clip(PLAIN)
    assembler = Assembler("h264")
    moments = moments_of(clip, 90_000_000)
    for moment in moments:
        push(assembler, moment)
    restarted = moments_of(clip)
    (first,) = push(assembler, restarted[0])
    (second,) = push(assembler, restarted[1])
    assert (first.discontinuity, first.dts, second.discontinuity) == (True, 0, False)
    (third,) = push(assembler, moments[2], discontinuity=True)
    assert third.discontinuity
    assert third.dts == third.pts


def test_what_comes_without_a_picture_goes_with_the_next_one() -> None:
    """SEI (a signature, say) with a moment of its own is kept, behind the next picture's delimiter; up to a limit."""
    moments = [Moment(pts, [AUD, *nals]) for pts, nals in moments_of(make_clip(PLAIN))]
    sei = [b"\x06\x05\x01\x00\x80", b"\x06\x05\x01\x01\x80"]
    assembler = Assembler("h264")
    push(assembler, moments[0])
    for nal in sei:
        assert push(assembler, Moment(A_FRAME, [nal])) == []
    (unit,) = push(assembler, moments[1])
    assert split_avcc(unit.data) == [AUD, *sei, *moments[1].nals[1:]]
    (unit,) = push(assembler, moments[2])
    assert split_avcc(unit.data) == moments[2].nals
    for _ in range(100):
        push(assembler, Moment(3 * A_FRAME, sei))
    (unit,) = push(assembler, moments[3])
    assert split_avcc(unit.data) == [AUD, *sei * (limits.PREFIX_NALS // 2), *moments[3].nals[1:]]


def test_damaged_headers_make_no_key_picture_and_no_error() -> None:
    """An SEI or a slice header that can't be read is passed on as it came."""
    moments = moments_of(make_clip(PLAIN))
    assembler = Assembler("h264")
    push(assembler, moments[0])
    odd = [b"\x06", b"\x06\x06\xff", b"\x06\x06\x01\x00", b"\x65", b"\x65\x00\x00\x00\x00\x00\x00"]
    for at, nal in enumerate(odd, 1):
        (unit,) = push(assembler, Moment(at * A_FRAME, [nal, b"\x41\x9a"]))
        assert not unit.is_key
        assert split_avcc(unit.data) == [nal, b"\x41\x9a"]


def test_filler_and_unknown_nal_units_are_kept() -> None:
    """Filler data, suffix SEI and types of later versions stay where they are."""
    clip = make_clip(PLAIN)
    extra = [b"\x0c\xff\xff\x80", b"\x1e\x01"]
    units = assemble("h264", [Moment(pts, [*nals, *extra]) for pts, nals in moments_of(clip)])
    assert all(split_avcc(unit.data)[-2:] == extra for unit in units)
