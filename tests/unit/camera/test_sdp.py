# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Session descriptions and the choice of a track; real ones are in tests/field."""

import base64

import pytest

from torrazzo.camera import CameraError, limits
from torrazzo.camera.sdp import choose_track, describe_tracks, parse_sdp

SPS, PPS = bytes.fromhex("674d001f95a814016e40"), bytes.fromhex("68ee3c80")


def sdp(*lines: str) -> bytes:
    return "\r\n".join(["v=0", *lines, ""]).encode()


def sets(*nals: bytes) -> str:
    return ",".join(base64.b64encode(nal).decode() for nal in nals)


VIDEO = ("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:track1")


def test_the_first_storable_video_is_taken() -> None:
    """Sound and video that can't be stored are stepped over, within a track and between tracks."""
    found = parse_sdp(
        sdp(
            "a=control:*",
            "m=audio 0 RTP/AVP 8",
            "m=video 0 RTP/AVP 26",
            "m=video 0 RTP/AVP 96 111",
            "a=rtpmap:96 MP4V-ES/90000",
            "a=rtpmap:111 h264/90000",
            f"a=fmtp:111 packetization-mode=1; SPROP-parameter-sets={sets(SPS, PPS)}",
            "a=control:two",
            *VIDEO,
        )
    )
    track = choose_track(found)
    assert (track.position, track.codec, track.payload_type, track.control) == (2, "h264", 111, "two")
    assert track.parameter_sets == (SPS, PPS)
    assert found.control == "*"
    assert describe_tracks(found) == ("audio 8", "video JPEG", "video MP4V-ES H264", "video H264")


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (("m=video 0 RTP/AVP 26",), "JPEG"),
        (("m=video 0 RTP/AVP 96", "a=rtpmap:96 MP4V-ES/90000"), "MP4V-ES"),
        (("m=video 0 RTP/AVP 96", "a=rtpmap:96 AV1/90000"), "AV1"),
        (("m=video 0 RTP/AVP 96",), "96"),
        (("m=video 0 RTP/SAVP 96", "a=rtpmap:96 H264/90000"), "RTP/SAVP"),
        (("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=2"), "packetization-mode=2"),
        (("m=video 0 RTP/AVP 96", "a=rtpmap:96 H265/90000", "a=fmtp:96 sprop-max-don-diff=2"), "sprop-max-don-diff"),
        (("m=video 0 RTP/AVP x",), "doesn't name"),
    ],
)
def test_video_that_cannot_be_stored_is_named_with_the_remedy(lines: tuple[str, ...], named: str) -> None:
    """The error says what comes and what to set in the camera."""
    with pytest.raises(CameraError) as caught:
        choose_track(parse_sdp(sdp(*lines)))
    assert caught.value.why == "codec"
    assert named in str(caught.value)
    assert "set this stream to H.264 or H.265" in str(caught.value)


def test_no_video_is_no_signal() -> None:
    """A microphone is no camera."""
    with pytest.raises(CameraError, match="no video") as caught:
        choose_track(parse_sdp(sdp("m=audio 0 RTP/AVP 8")))
    assert caught.value.why == "nosignal"


@pytest.mark.parametrize(
    "text",
    [
        "Z00AH5WoFAFuQA==,aO48gA==",
        "Z00AH5WoFAFuQA,aO48gA",
        " Z00AH5WoFAFuQA== , aO48gA== ",
        "Z00AH5WoFAFuQA==,aO48gAAAAAE=",
        "AAAAAWdNAB+VqBQBbkAAAAABaO48gA==",
        "Z00AH5WoFAFuQA==,!!!,aO48gA==,A",
    ],
)
def test_parameter_sets_are_read_as_cameras_write_them(text: str) -> None:
    """Without padding, with spaces, with start codes at the end or between, with garbage beside."""
    lines = (*VIDEO, f"a=fmtp:96 sprop-parameter-sets={text}")
    assert choose_track(parse_sdp(sdp(*lines))).parameter_sets == (SPS, PPS)


def test_h265_sets_are_ordered() -> None:
    """VPS, SPS, PPS, in whatever order they are written."""
    fmtp = f"a=fmtp:98 sprop-pps={sets(b'pps')};sprop-vps={sets(b'vps')}; sprop-sps={sets(b'sps')}"
    track = choose_track(parse_sdp(sdp("m=video 0 RTP/AVP 98", "a=rtpmap:98 HEVC/90000", fmtp)))
    assert (track.codec, track.parameter_sets) == ("h265", (b"vps", b"sps", b"pps"))


def test_a_broken_line_spoils_nothing_else() -> None:
    """Origin, timing, connection and attributes may be nonsense; a broken media line takes its attributes with it."""
    broken = ("o=", "s=", "c=IN c=IN IP4 0.0.0.0", "t=now-", "b=", "a=fmtp:x y", "a=rtpmap:", "a=control", "???", "k")
    found = parse_sdp(sdp(*broken, "m=video", "a=control:wrong", "a=rtpmap:96 MP4V-ES/1", *VIDEO, *broken))
    assert choose_track(found).control == "track1"
    assert choose_track(parse_sdp(b"\n\n".join(sdp(*VIDEO).split(b"\r\n")))).codec == "h264"


@pytest.mark.parametrize("data", [b"", b"0", b"<html></html>", b"\0\1\2", b"m\n=\n"])
def test_what_is_no_description_is_an_error(data: bytes) -> None:
    """Neither v= nor m=: not a session description."""
    with pytest.raises(CameraError, match="no session description"):
        parse_sdp(data)


def test_limits_hold() -> None:
    """Size, tracks, formats and attributes are bounded."""
    with pytest.raises(CameraError):
        parse_sdp(b"v=0\n" + b"x" * limits.SDP)
    with pytest.raises(CameraError):
        parse_sdp(b"v=0\n" + b"m=audio 0 RTP/AVP 0\n" * (limits.SDP_MEDIA + 1))
    many = " ".join(str(number % 128) for number in range(5_000))
    found = parse_sdp(sdp(f"m=video 0 RTP/AVP {many}", *(f"a=rtpmap:{n} X/1" for n in range(1_000))))
    assert len(found.media[0].formats) == limits.SDP_FORMATS
