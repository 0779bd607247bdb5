# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Packets to pictures: every form, every loss, every habit that cameras are known for."""

import struct
from collections.abc import Callable

import pytest

from tests.tools.rtp_wire import Packetizer, Plain, aggregate, depacketize, feed_all, frame, interleave
from torrazzo.camera import limits
from torrazzo.camera.rtp import PEEK_SIZE, Depacketizer

SPS, PPS, SEI, AUD = b"\x67\x4d\x00\x1e", b"\x68\xee\x3c\x80", b"\x06\x05\x01\x55", b"\x09\xf0"


def slice_(size: int = 3_000, *, key: bool = False, first: bool = True, fill: int = 7) -> bytes:
    """An H.264 slice; the first of its picture says so in its first bit after the header."""
    return bytes((0x65 if key else 0x41, 0x88 if first else 0x40)) + bytes((fill,)) * (size - 2)


def slice_265(size: int = 3_000, *, kind: int = 1, first: bool = True) -> bytes:
    return bytes((kind << 1, 1, 0x80 if first else 0x20)) + b"\x09" * (size - 3)


def pictures(out: Plain) -> list[tuple[bytes, ...]]:
    return [nals for _, nals, _, _ in out.seen]


@pytest.mark.parametrize("size", [2, 1_400, 1_401, 1_399 + 1_398, 2 * 1_398 + 1, 100_000])
def test_h264_of_every_length_comes_back_whole(size: int) -> None:
    """A NAL unit that fits into one packet, just not, or into many, is given byte for byte."""
    maker = Packetizer()
    nals = [SPS, PPS, SEI, slice_(size, key=True)]
    out, packets = depacketize(interleave([*maker.picture(nals, 0), *maker.picture([slice_(50)], 3600)]))
    assert pictures(out) == [tuple(nals), (slice_(50),)]
    assert packets.lost_total == packets.malformed == packets.dropped == 0


@pytest.mark.parametrize("size", [3, 1_400, 1_401, 50_000])
@pytest.mark.parametrize("kind", [0, 1, 19, 21])
def test_h265_of_every_length_comes_back_whole(size: int, kind: int) -> None:
    """The same for H.265, whatever the picture's type."""
    maker = Packetizer(codec="h265")
    sets = [b"\x40\x01\x0c", b"\x42\x01\x01", b"\x44\x01\xc0"]
    nals = [*sets, slice_265(size, kind=kind)]
    out, _ = depacketize(interleave([*maker.picture(nals, 0), *maker.picture([slice_265(40)], 3600)]), "h265")
    assert pictures(out) == [tuple(nals), (slice_265(40),)]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_aggregated_nal_units_are_taken_apart(codec: str) -> None:
    """STAP-A and AP give their NAL units in order, followed by those of other packets."""
    maker = Packetizer(codec=codec)
    small = [SPS, PPS, SEI] if codec == "h264" else [b"\x40\x01\x0c", b"\x42\x01\x01", b"\x44\x01\xc0"]
    large = slice_(9_000, key=True) if codec == "h264" else slice_265(9_000, kind=19)
    packets = [maker.packet(aggregate(small, codec), 0), *maker.picture([large], 0)]
    out, _ = depacketize(interleave(packets), codec)
    assert pictures(out) == [(*small, large)]


@pytest.mark.parametrize("payload", [b"\x78\x00\x05\x67", b"\x78\x00\x00\x68", b"\x78\x01"])
def test_a_broken_aggregate_spoils_only_its_own_picture(payload: bytes) -> None:
    """An aggregate whose lengths don't add up drops its picture and not the next."""
    maker = Packetizer()
    data = [maker.packet(payload, 0), *maker.picture([slice_(100)], 0), *maker.picture([slice_(200)], 3600)]
    out, packets = depacketize(interleave(data))
    assert pictures(out) == [(slice_(200),)]
    assert packets.dropped == 1


@pytest.mark.parametrize(
    "form", [lambda count: b"\x78" + b"\x00\x02\x09\xf0" * count, lambda count: b"\x09" + b"\x00\x00\x01\x09" * count]
)
def test_units_without_number_in_one_packet_are_damage(form: Callable[[int], bytes]) -> None:
    """As many NAL units as a packet may hold are taken; of more, aggregated or between start codes, none is."""
    for count, is_whole in ((limits.PACKET_NALS - 1, True), (limits.PACKET_NALS + 1, False)):
        maker = Packetizer()
        data = [maker.packet(form(count), 0), *maker.picture([slice_(100)], 0), *maker.picture([slice_(200)], 3600)]
        out, packets = depacketize(interleave(data))
        assert [nals[-1] for nals in pictures(out)] == [slice_(100), slice_(200)][not is_whole :]
        assert packets.dropped == (not is_whole)


def test_padding_extension_and_sources_are_stepped_over() -> None:
    """P, X and CC in a packet's header change nothing in what it carries (RFC 3550 section 5.1)."""
    maker = Packetizer()
    nal = slice_(300)
    data = [
        maker.packet(nal + b"\0\0\0\4", 0, marker=True, first=0xA0),
        maker.packet(nal, 3600, marker=True, first=0x90, extra=struct.pack(">HHI", 0xBEDE, 1, 7)),
        maker.packet(nal, 7200, marker=True, first=0x83, extra=b"\1" * 12),
        maker.packet(nal + b"\0\2", 10800, marker=True, first=0xB1, extra=b"\1" * 4 + struct.pack(">HH", 1, 0)),
    ]
    out, packets = depacketize(interleave(data))
    assert pictures(out) == [(nal,)] * 4
    assert packets.malformed == 0


@pytest.mark.parametrize(
    "packet",
    [b"", b"\x80\x60", b"\x40" + bytes(11), b"\xa0" + bytes(11), b"\x8f" + bytes(11), b"\x90" + bytes(11)],
    ids=["empty", "short", "version", "padding", "sources", "extension"],
)
def test_a_malformed_packet_is_counted_and_passed_over(packet: bytes) -> None:
    """A packet whose header can't be right costs nothing else."""
    maker = Packetizer()
    first, second = maker.picture([slice_(100)], 0), maker.picture([slice_(200)], 3600)
    out, packets = depacketize(interleave([*first, packet, *second]))
    assert pictures(out) == [(slice_(100),), (slice_(200),)]
    assert packets.malformed == 1


def test_each_lost_packet_drops_its_picture_and_is_counted_in_the_next() -> None:
    """Whichever packet is missing, the picture it belongs to is dropped, the others come, and the number is told."""
    for has_markers in (True, False):
        maker = Packetizer(has_markers=has_markers)
        groups = [maker.picture([SEI, slice_(5_000, fill=fill)], fill * 3600) for fill in range(10)]
        flat = [packet for group in groups for packet in group]
        owner = [place for place, group in enumerate(groups) for _ in group]
        for missing in range(1, len(flat) - 2 * len(groups[-1])):
            out, _ = depacketize(interleave(flat[:missing] + flat[missing + 1 :]))
            got = {nals[-1][-1]: lost for _, nals, lost, _ in out.seen}
            # The head of a picture is lost without trace of whose it was: without markers, the one before goes too.
            gone = set(range(10)) - set(got) - ({9} if not has_markers else set())
            assert gone <= {owner[missing], owner[missing] - 1}
            assert (owner[missing] in gone) or flat[missing][12:] == SEI
            assert sum(got.values()) == 1


def test_a_lost_burst_is_counted_in_full() -> None:
    """Several missing packets in several pictures are all counted, once."""
    maker = Packetizer()
    flat = [packet for at in range(8) for packet in maker.picture([slice_(6_000, fill=at)], at * 3600)]
    out, packets = depacketize(interleave(flat[:12] + flat[23:]))
    assert sum(lost for _, _, lost, _ in out.seen) == packets.lost_total == 11
    assert [nals[0][-1] for _, nals, _, _ in out.seen] == [0, 1, 5, 6, 7]


def test_losses_are_counted_as_far_as_a_record_can_say() -> None:
    """Numbers that leap for ever, without a picture in between, come to no more than 32 bits."""
    maker = Packetizer(number=0)
    packets = Depacketizer("h264", 96, 90_000, (0, 1), out := Plain())
    feed_all(packets, interleave(maker.picture([slice_(50)], 0)))
    packets._lost = limits.LOST - 0x7FFE  # where 131,000 leaps lead to
    for _ in range(2):
        maker.number += 0x7FFE
        feed_all(packets, frame(maker.packet(b"", 0)))
    feed_all(packets, interleave([*maker.picture([slice_(50)], 3600), *maker.picture([slice_(50)], 7200)]))
    packets.flush(0)
    assert max(lost for _, _, lost, _ in out.seen) == limits.LOST


def test_packets_that_come_twice_count_once() -> None:
    """Duplicates are passed over."""
    maker = Packetizer()
    flat = [packet for at in range(5) for packet in maker.picture([slice_(6_000, fill=at)], at * 3600)]
    out, packets = depacketize(interleave(packet for packet in flat for _ in range(2)))
    assert len(out.seen) == 5
    assert packets.lost_total == 0
    assert packets.late == len(flat)


def test_a_sender_that_renumbers_is_followed() -> None:
    """Numbers that go back for good are a new count, not a hundred thousand late packets."""
    maker = Packetizer(number=50)
    data = [packet for at in range(3) for packet in maker.picture([slice_(100)], at * 3600)]
    maker.number = 0
    data += [packet for at in range(3, 200) for packet in maker.picture([slice_(100)], at * 3600)]
    out, packets = depacketize(interleave(data))
    assert len(out.seen) >= 200 - limits.LATE_PACKETS
    assert packets.lost_total in {0, 1}


def test_numbers_and_time_stamps_wrap() -> None:
    """Sequence numbers wrap every 65,536 packets, time stamps every 13 hours: time goes on."""
    maker = Packetizer(number=65_530)
    data = [packet for at in range(20) for packet in maker.picture([slice_(3_000)], 0xFFFF_FFFF - 9 * 3600 + at * 3600)]
    out, packets = depacketize(interleave(data))
    times = [pts for pts, _, _, _ in out.seen]
    assert times == [0xFFFF_FFFF - 9 * 3600 + at * 3600 for at in range(20)]
    assert packets.wraps == 1
    assert packets.highest == 65_530 + len(data) - 1
    assert not any(broken for _, _, _, broken in out.seen)


@pytest.mark.parametrize("goes_on", [False, True], ids=["its own numbers", "the numbers go on"])
def test_a_new_sender_is_a_discontinuity(goes_on: bool) -> None:
    """Another SSRC restarts everything, says so once, and loses no picture that was whole."""
    maker = Packetizer(number=100)
    data = [packet for at in range(6) for packet in maker.picture([slice_(3_000)], at * 3600)]
    other = Packetizer(ssrc=99, number=maker.number if goes_on else 7)
    begin = 6 * 3600 if goes_on else 5_000_000
    data += [packet for at in range(6) for packet in other.picture([slice_(3_000)], begin + at * 3600)]
    out, packets = depacketize(interleave(data))
    assert len(out.seen) == 12
    assert [broken for _, _, _, broken in out.seen] == [False] * 6 + [True] + [False] * 5
    assert packets.lost_total == 0


def test_time_that_jumps_is_a_discontinuity_and_a_pause_is_none() -> None:
    """Media time far ahead of arrival, or back, is a restart of the sender's time; a silent hole is not."""
    out = Plain()
    packets = Depacketizer("h264", 96, 90_000, (0, 1), out)
    maker = Packetizer()

    def show(stamp: int, now_s: float) -> None:
        piece = interleave(maker.picture([slice_(100)], stamp))
        buffer = bytearray(piece + bytes(PEEK_SIZE))
        packets.feed(buffer, memoryview(buffer), 0, len(piece), round(now_s * 1e9))
        packets.keep()

    steps = [(0, 0.0), (3600, 0.04), (7200, 0.08), (10_800, 0.12), (1_090_800, 12.1), (1_094_400, 12.14)]
    steps += [(40_000_000, 12.18), (40_003_600, 12.22), (3600, 12.3), (7200, 12.34)]
    for stamp, now_s in steps:
        show(stamp, now_s)
    assert [place for place, (_, _, _, broken) in enumerate(out.seen) if broken] == [6, 8]


@pytest.mark.parametrize("has_markers", [True, False])
def test_several_slices_make_one_picture(has_markers: bool) -> None:
    """With markers or without, all slices of a time stamp are one picture."""
    maker = Packetizer(has_markers=has_markers)
    slices = [slice_(2_000), slice_(2_000, first=False), slice_(90, first=False)]
    data = [packet for at in range(6) for packet in maker.picture(slices, at * 3600)]
    out, _ = depacketize(interleave(data))
    assert pictures(out) == [tuple(slices)] * (6 if has_markers else 5)


def test_a_marker_ends_a_picture_at_once_once_trusted() -> None:
    """After some pictures with a marker each, the next is given with its last packet, not with the one after."""
    maker = Packetizer()
    out = Plain()
    packets = Depacketizer("h264", 96, 90_000, (0, 1), out)
    for at in range(6):
        feed_all(packets, interleave(maker.picture([slice_(2_000)], at * 3600)))
    assert len(out.seen) == 6


def test_markers_on_every_slice_are_seen_through() -> None:
    """A camera that marks each slice still gives whole pictures."""
    maker = Packetizer()
    slices = [slice_(100), slice_(100, first=False), slice_(100, first=False)]
    data = [maker.packet(nal, at * 3600, marker=True) for at in range(6) for nal in slices]
    out, _ = depacketize(interleave(data))
    assert pictures(out) == [tuple(slices)] * 6


def test_markers_that_begin_to_lie_cost_one_picture() -> None:
    """A camera that turns to marking each slice loses the picture where it began, and none after it."""
    maker = Packetizer()
    slices = [slice_(100), slice_(100, first=False)]
    data = [packet for at in range(6) for packet in maker.picture([slice_(100)], at * 3600)]
    data += [maker.packet(nal, at * 3600, marker=True) for at in range(6, 12) for nal in slices]
    out, _ = depacketize(interleave(data))
    assert pictures(out)[:6] == [(slice_(100),)] * 6
    assert pictures(out)[7:] == [tuple(slices)] * 5


@pytest.mark.parametrize("where", [range(9), range(1), range(2, 3), range(0, 9, 2)])
def test_markers_on_fragments_are_seen_through(where: range) -> None:
    """A camera that marks packets inside a picture still gives whole pictures."""
    maker = Packetizer()
    nal = slice_(9_000)
    data = [
        maker.packet(part, at * 3600, marker=place in where)
        for at in range(9)
        for place, part in enumerate(maker.payloads(nal))
    ]
    out, _ = depacketize(interleave([*data, maker.packet(slice_(50), 99_000)]))
    assert pictures(out) == [(nal,)] * 9


def test_two_pictures_of_one_time_stamp_stay_two() -> None:
    """A time stamp that comes twice, each time with a marker, is two pictures."""
    maker = Packetizer()
    data = [packet for at in (0, 0, 1, 2, 3, 4, 5, 5, 6) for packet in maker.picture([slice_(100)], at * 3600)]
    out, _ = depacketize(interleave(data))
    assert [pts // 3600 for pts, _, _, _ in out.seen] == [0, 0, 1, 2, 3, 4, 5, 5, 6]


def test_parameter_sets_with_a_time_or_marker_of_their_own_join_the_next_picture() -> None:
    """Some cameras send parameter sets as if they were pictures."""
    maker = Packetizer()
    data = [packet for at in range(5) for packet in maker.picture([slice_(100)], at * 3600)]
    data += [maker.packet(SPS, 17_000, marker=True), maker.packet(PPS, 17_000, marker=True)]
    data += maker.picture([slice_(3_000, key=True)], 18_000)
    out, _ = depacketize(interleave(data))
    assert pictures(out)[-1] == (SPS, PPS, slice_(3_000, key=True))
    assert out.seen[-1][0] == 18_000


def test_what_must_begin_an_access_unit_begins_one() -> None:
    """Without markers and with one time stamp, a delimiter after a picture still separates (H.264 7.4.1.2.3)."""
    maker = Packetizer(has_markers=False)
    data = [maker.packet(nal, 0) for _ in range(3) for nal in (AUD, SPS, slice_(100))] + [maker.packet(AUD, 1)]
    for cuts in ((), range(len(interleave(data)))):
        out, _ = depacketize(interleave(data), cuts=cuts)
        assert pictures(out) == [(AUD, SPS, slice_(100))] * 3


@pytest.mark.parametrize("has_markers", [True, False])
def test_parameter_sets_between_slices_do_not_part_a_picture(has_markers: bool) -> None:
    """GStreamer repeats them before every slice of a key frame."""
    maker = Packetizer(has_markers=has_markers)
    nals = [AUD, SPS, PPS, slice_(2_000, key=True), SPS, PPS, slice_(2_000, key=True, first=False), SEI]
    data = [packet for at in range(6) for packet in maker.picture(nals, at * 3600)]
    out, _ = depacketize(interleave(data))
    assert pictures(out) == [tuple(nals)] * (6 if has_markers else 5)


def test_start_codes_inside_are_taken_out() -> None:
    """Parameter sets and picture sent as one NAL unit with start codes between become what they are."""
    key = slice_(5_000, key=True)
    joined = SPS + b"\0\0\0\1" + PPS + b"\0\0\1" + key
    maker = Packetizer()
    data = [*maker.picture([joined], 0), *maker.picture([b"\0\0\0\1" + SPS, PPS + b"\0\0\0\1", slice_(60)], 3600)]
    out, _ = depacketize(interleave(data))
    assert pictures(out) == [(SPS, PPS, key), (SPS, PPS, slice_(60))]


@pytest.mark.parametrize("size", [40, 4_000])
def test_a_start_code_inside_a_message_is_the_message_s_own(size: int) -> None:
    """Cameras sign in SEI messages, some without emulation prevention; behind the messages a start code parts."""
    content = bytes((7,)) * 16 + b"\0\0\1" + bytes((9,)) * (size - 19)
    sei = bytes((6, 5)) + b"\xff" * (size // 255) + bytes((size % 255,)) + content + b"\x80"
    maker = Packetizer()
    data = [*maker.picture([sei, slice_()], 0), *maker.picture([sei + b"\0\0\1" + PPS, slice_(60)], 3600)]
    out, _ = depacketize(interleave(data))
    assert pictures(out) == [(sei, slice_()), (sei, PPS, slice_(60))]


def test_a_missing_end_bit_is_forgiven() -> None:
    """A fragmented NAL unit whose last fragment doesn't say so ends with its picture."""
    maker = Packetizer()
    parts = maker.payloads(slice_(4_000))
    parts[-1] = parts[-1][:1] + bytes((parts[-1][1] & 0xBF,)) + parts[-1][2:]
    data = [maker.packet(part, at * 3600, marker=part is parts[-1]) for at in range(5) for part in parts]
    out, _ = depacketize(interleave(data))
    assert pictures(out) == [(slice_(4_000),)] * 5


@pytest.mark.parametrize("kind", [25, 26, 27, 29])
def test_interleaved_packet_forms_drop_their_picture(kind: int) -> None:
    """STAP-B, MTAP and FU-B belong to a mode that was not agreed on."""
    maker = Packetizer()
    data = [maker.packet(bytes((0x60 | kind, 0, 0, 1)), 0), *maker.picture([slice_(100)], 0)]
    out, packets = depacketize(interleave([*data, *maker.picture([slice_(200)], 3600)]))
    assert pictures(out) == [(slice_(200),)]
    assert packets.dropped == 1


def test_other_channels_and_payload_types_are_passed_over() -> None:
    """What is not the video track's is ignored; RTCP is set aside."""
    maker, other = Packetizer(), Packetizer(ssrc=5, payload_type=8)
    data = b"".join(
        frame(packet) + frame(b"rtcp", 1) + frame(other.packet(b"sound", 0), 2)
        for at in range(3)
        for packet in maker.picture([slice_(100)], at * 3600)
    )
    out, packets = depacketize(data)
    assert len(out.seen) == 3
    assert packets.reports == [b"rtcp"] * 3


@pytest.mark.parametrize("more", [100_000, 3_000_000])
def test_a_picture_without_end_is_given_up(more: int) -> None:
    """A picture larger than the limit is dropped, holds no memory, and the next one comes."""
    maker = Packetizer(has_markers=False, most=60_000)
    nal = slice_(limits.ACCESS_UNIT + more)
    data = interleave(maker.picture([nal], 0))
    maker.has_markers = True
    data += interleave([*maker.picture([slice_(100)], 3600), *maker.picture([slice_(100)], 7200)])
    out, packets = depacketize(data, cuts=range(0, len(data), limits.SWEEP))
    assert pictures(out) == [(slice_(100),)] * 2
    assert packets.dropped == 1


def test_a_picture_in_very_many_sweeps() -> None:
    """A byte at a time gives the same; what was copied once is not copied again."""
    maker = Packetizer()
    nals = [SPS, PPS, slice_(5_000), slice_(4_000, first=False)]
    data = interleave([*maker.picture(nals, 0), *maker.picture([slice_(50)], 3600)])
    out, _ = depacketize(data, cuts=range(len(data)))
    assert pictures(out) == [tuple(nals), (slice_(50),)]


def test_what_is_no_packet_stops_the_feed() -> None:
    """Text between packets is left to the caller, at its first byte."""
    maker = Packetizer()
    data = interleave(maker.picture([slice_(100)], 0))
    out = Plain()
    packets = Depacketizer("h264", 96, 90_000, (0, 1), out)
    assert feed_all(packets, data + b"RTSP/1.0 200 OK\r\n\r\n" + data).startswith(b"RTSP/1.0")


def test_another_clock_rate_is_counted_in_our_ticks() -> None:
    """Media ticks are 1/90000 s whatever the track's clock."""
    out = Plain()
    packets = Depacketizer("h264", 96, 1_000, (0, 1), out)
    maker = Packetizer()
    feed_all(packets, interleave(packet for at in range(4) for packet in maker.picture([slice_(100)], at * 40)))
    packets.flush(0)
    assert [pts for pts, _, _, _ in out.seen] == [0, 3600, 7200, 10_800]
    assert packets.pts_of(120) == 10_800
