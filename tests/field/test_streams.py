# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Coded video that others made: what we write of it shows the same pictures, at the same times."""

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import av
import pytest
from av.bitstream import BitStreamFilterContext

from tests.unit.codec.streams import A_FRAME, Moment, mp4_files, push, split_avcc
from torrazzo.base.errors import Damaged
from torrazzo.camera.codec import Assembler
from torrazzo.camera.units import AccessUnit
from torrazzo.segment import parse_fragment, parse_init
from torrazzo.testing.clips import is_parameter_set, is_picture, split_annex_b

DECODERS = {"h264": "h264", "h265": "hevc"}


class Expected(NamedTuple):
    """What a byte stream holds."""

    pictures: int
    keys: int
    width: int
    height: int
    what: str


BYTE_STREAMS = {
    "h264-streams/BA1_FT_C.264": Expected(299, 2, 352, 288, "several slices a picture"),
    "h264-streams/BAMQ1_JVC_C.264": Expected(30, 1, 176, 144, "baseline"),
    "h264-streams/BAMQ2_JVC_C.264": Expected(30, 1, 176, 144, "baseline"),
    "h264-streams/BANM_MW_D.264": Expected(100, 4, 176, 144, "pictures that nothing refers to"),
    "h264-streams/BASQP1_Sony_C.jsv": Expected(4, 1, 176, 144, "a quantiser near its end"),
    "h264-streams/CI1_FT_B.264": Expected(291, 2, 352, 288, "CABAC, interlaced tools"),
    "h264-streams/CVFC1_Sony_C.jsv": Expected(50, 1, 300, 168, "cropped on all sides"),
    "h264-streams/Cisco_Adobe_PDF_sample_a_1024x768_CAVLC_Bframe_9.264": Expected(
        9, 2, 1024, 768, "B pictures, no VUI"
    ),
    "h264-streams/Cisco_Men_whisper_640x320_CABAC_Bframe_9.264": Expected(9, 2, 640, 320, "B pictures, no VUI"),
    "h264-streams/LS_SVA_D.264": Expected(1700, 1, 176, 144, "one key picture in 1700"),
    "h264-streams/MPS_MW_A.264": Expected(150, 5, 176, 144, "several SPS and PPS"),
    "h264-streams/MR1_MW_A.264": Expected(150, 10, 176, 144, "several reference pictures"),
    "h264-streams/MR2_MW_A.264": Expected(300, 7, 176, 144, "several reference pictures"),
    "h264-streams/NL1_Sony_D.jsv": Expected(17, 1, 176, 144, "baseline"),
    "h264-streams/QCIF_2P_I_allIPCM.264": Expected(2, 1, 176, 144, "samples that are not coded"),
    "h264-streams/SVA_BA1_B.264": Expected(17, 1, 176, 144, "baseline"),
    "h264-streams/SVA_BA2_D.264": Expected(17, 1, 176, 144, "baseline"),
    "h264-streams/SVA_FM1_E.264": Expected(17, 1, 176, 144, "macroblocks in groups"),
    "h264-streams/SVA_NL2_E.264": Expected(17, 1, 176, 144, "baseline"),
    "h264-streams/SarVui.264": Expected(17, 1, 176, 144, "a sample aspect ratio"),
    "h264-streams/Static.264": Expected(10, 1, 152, 100, "cropped"),
    "h264-streams/sps_subsetsps_bothVUI.264": Expected(0, 0, 0, 0, "no picture but of an extension (type 20)"),
    "h264-streams/test_cif_P_CABAC_slice.264": Expected(300, 1, 352, 288, "several slices a picture"),
    "h264-streams/test_vd_1d.264": Expected(9, 1, 320, 192, "one reference picture"),
    "h264-streams/test_vd_rc.264": Expected(9, 1, 320, 192, "several rates"),
    "mp4/mp4ff/4pics.264": Expected(4, 1, 1920, 1080, "delimiters"),
    "mp4/mp4ff/hevc.265": Expected(50, 1, 1920, 1080, "H.265"),
    "mp4/mp4ff/deblocking_disabled.265": Expected(1, 1, 64, 64, "H.265, one picture"),
}
CLIPS = [
    "intel-car-detection.mp4",
    "intel-one-by-one-person.mp4",
    "signed/axis-signed_test_h264.mp4",
    "signed/axis-signed_test_h264_modified_frame_137.mp4",
    "signed/axis-signed_test_h265.mp4",
    "signed/axis-test_h264.mp4",
    "signed/axis-test_h265.mp4",
    "signed/onvif-test_signed_h264.mp4",
    "signed/onvif-test_signed_h265.mp4",
]


def digest(frame: av.VideoFrame) -> bytes:
    """Of a picture's samples."""
    return hashlib.sha256(b"".join(bytes(plane) for plane in frame.planes)).digest()


def in_pictures(codec: str, data: bytes) -> list[bytes]:
    """A byte stream cut into access units, by a parser that is not ours."""
    parser = av.CodecContext.create(DECODERS[codec], "r")
    return [bytes(packet) for packet in [*parser.parse(data), *parser.parse()]]


def shown(codec: str, coded: Iterable[bytes]) -> list[av.VideoFrame]:
    """Pictures in order of presentation, decoded without us; each one's pts is its place in the stream."""
    decoder = av.CodecContext.create(DECODERS[codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    decoder.options = {"strict": "1"}  # waits for as many pictures as the level allows where no VUI tells how many
    found = []
    for at, data in enumerate(coded):
        packet = av.Packet(data)
        packet.pts = packet.dts = at
        found += decoder.decode(packet)
    return [*found, *decoder.decode(None)]


def decoded(data: bytes) -> list[tuple[int | None, bytes]]:
    """(pts, digest) of the pictures in an MP4."""
    found: list[av.VideoFrame] = []
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for packet in container.demux(stream):
            try:
                found += packet.decode()
            except av.error.InvalidDataError:
                kinds = {nal[0] & 31 for nal in split_avcc(bytes(packet))}
                assert kinds == {6}  # a camera's last signature has a sample of its own, without a picture
    return [(frame.pts, digest(frame)) for frame in found]


@pytest.mark.parametrize("name", BYTE_STREAMS)
def test_a_byte_stream_shows_the_same_pictures_from_its_mp4(shared: Path, name: str) -> None:
    """Every picture that a decoder finds in a stream is found, equal, in what we write of it, and in the same order."""
    expected = BYTE_STREAMS[name]
    codec = "h265" if name.endswith("265") else "h264"
    coded = in_pictures(codec, (shared / "protocol" / name).read_bytes())
    assembler = Assembler(codec)
    if not expected.pictures:
        nals = [list(split_annex_b(data)) for data in coded]
        assert [push(assembler, Moment(at, moment)) for at, moment in enumerate(nals)] == [[]] * len(coded)
        return
    frames = shown(codec, coded)
    place = {frame.pts: at for at, frame in enumerate(frames)}
    moments = [Moment(place[at] * A_FRAME, list(split_annex_b(data))) for at, data in enumerate(coded)]
    units = [unit for moment in moments for unit in push(assembler, moment)]
    assert (len(units), sum(unit.is_key for unit in units)) == expected[:2]
    assert {unit.format[1:3] for unit in units} == {(expected.width, expected.height)}
    check_order(units)
    (data,) = mp4_files(units)
    assert [found for _, found in decoded(data)] == [digest(frame) for frame in frames]


def check_order(units: list[AccessUnit]) -> None:
    """Decoding times strictly increase."""
    times = [unit.dts for unit in units]
    assert times == sorted(set(times))


@pytest.mark.parametrize("name", CLIPS)
def test_a_recording_shows_the_same_pictures_at_the_same_times(shared: Path, name: str) -> None:
    """Every picture of a camera's file comes back equal at its time; picture and SEI NAL units byte for byte."""
    path = shared / "video" / name
    original = decoded(path.read_bytes())
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = {"h264": "h264", "hevc": "h265"}[stream.codec_context.name]
        to_bytes = BitStreamFilterContext(f"{stream.codec_context.name}_mp4toannexb", stream)
        packets = [out for packet in container.demux(stream) if packet.size for out in to_bytes.filter(packet)]
        ticks = stream.time_base * 90_000  # type: ignore[operator] # a video stream has a time base
        sent = [Moment(round((packet.pts or 0) * ticks), list(split_annex_b(bytes(packet)))) for packet in packets]
        meant = [round((packet.dts or 0) * ticks) for packet in packets]
    assembler = Assembler(codec)
    units = [unit for moment in sent for unit in push(assembler, moment)]
    if not any(is_picture(codec, nal) for nal in sent[-1].nals):
        del sent[-1], meant[-1]  # its SEI waits for a picture
    assert [unit.pts for unit in units] == [moment.pts for moment in sent]
    assert assembler.sets.refused == 0
    for unit, moment in zip(units, sent, strict=True):
        kept, came = (
            [nal for nal in nals if not is_parameter_set(codec, nal)] for nals in (split_avcc(unit.data), moment.nals)
        )
        assert kept == came
    check_order(units)
    late = [unit for unit in units if unit.dts > unit.pts]
    assert len(late) <= 6  # pictures with equal times, and B pictures of the first GOP of a stream that declares none
    off = [abs(unit.dts - dts) for unit, dts in zip(units, meant, strict=True)]
    assert max(off[10:]) <= 6
    (data,) = mp4_files(units)
    found = decoded(data)
    assert len(found) == len(sent)
    assert len(original) >= len(sent) - 1  # its decoder loses the last picture if a signature alone follows
    assert [picture for _, picture in found][: len(original)] == [picture for _, picture in original]
    moved = units[0].dts + min(unit.pts - unit.dts for unit in [*late, units[0]])  # this decoder shifts by what is late
    assert [pts for pts, _ in found] == [pts - moved for pts in sorted(moment.pts for moment in sent)]


def test_a_signed_byte_stream_keeps_its_signatures(shared: Path) -> None:
    """SEI NAL units of a camera that signs its video are where they were."""
    data = (shared / "video/signed/axis-signed_vendor_axis.h264").read_bytes()
    coded = in_pictures("h264", data)
    assembler = Assembler("h264")
    units = [
        unit
        for at, picture in enumerate(coded)
        for unit in push(assembler, Moment(at * A_FRAME, list(split_annex_b(picture))))
    ]
    assert len(units) == len(coded)
    sent = [nal for picture in coded for nal in split_annex_b(picture) if nal[0] & 31 == 6]
    assert sent
    assert [nal for unit in units for nal in split_avcc(unit.data) if nal[0] & 31 == 6] == sent


def _mp4_rows() -> list[tuple[str, str, str]]:
    rows = (Path(__file__).parent / "data" / "mp4_files.tsv").read_text("utf-8").splitlines()[1:]
    return [(name, init, part) for name, init, part in (row.split("\t") for row in rows)]


REASONS = {
    "a box larger than what holds it": r"its size says|size expected|header expected",
    "another timescale": "90000 units a second expected",
    "more than one track": "one b'trak' expected",
    "several runs of samples": "one b'trun' expected",
    "not fragmented": "b'mvex' expected",
    "another codec": "one of avc1, hvc1 expected",
    "several sample entries": "one sample entry expected",
    "defaults in tfhd": r"tfhd .* expected",
    "tfdt of version 0": "tfdt .* version 1 expected",
    "not ftyp moov": "b'ftyp moov' expected",
    "not one moof mdat": "b'moof mdat' expected",
}


def test_every_mp4_file_has_its_row(shared: Path) -> None:
    """The table of foreign files is complete."""
    folder = shared / "protocol" / "mp4"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {name for name, _, _ in _mp4_rows()}
    streams = shared / "protocol" / "h264-streams"
    assert {f"h264-streams/{path.name}" for path in streams.iterdir()} - {"h264-streams/LICENSE"} <= set(BYTE_STREAMS)


@pytest.mark.parametrize(("name", "init", "part"), _mp4_rows(), ids=[row[0] for row in _mp4_rows()])
def test_foreign_mp4_files_are_refused_for_the_right_reason(shared: Path, name: str, init: str, part: str) -> None:
    """We read what we wrote; any other file is refused, and the error says what is different about it."""
    data = (shared / "protocol" / "mp4" / name).read_bytes()
    with pytest.raises(Damaged, match=REASONS[init]):
        parse_init(data)
    with pytest.raises(Damaged, match=REASONS[part]):
        parse_fragment(data)
