# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses, and how cameras join them."""

import pytest

from torrazzo.camera import CameraError
from torrazzo.camera.address import Address, control_base, join_control, parse_rtsp_url


@pytest.mark.parametrize(
    ("text", "expected", "place"),
    [
        ("rtsp://10.0.0.9/a?b=c", Address("rtsp://10.0.0.9/a?b=c", "10.0.0.9", 554, False), "10.0.0.9:554"),
        ("RTSPS://cam:1/x#f", Address("rtsps://cam:1/x", "cam", 1, True), "cam:1"),
        ("rtsp://u:p@[fe80::1]:9/", Address("rtsp://[fe80::1]:9/", "fe80::1", 9, False), "[fe80::1]:9"),
    ],
)
def test_addresses_are_taken_apart(text: str, expected: Address, place: str) -> None:
    """Host, port, TLS; user information is not kept."""
    assert parse_rtsp_url(text) == expected
    assert parse_rtsp_url(text).place == place


@pytest.mark.parametrize("text", ["http://c/", "rtsp://", "rtsp://c:99999/", "rtsp://[c/", "rtsp://c/ secret", "c/"])
def test_what_is_no_address_is_refused_and_not_repeated(text: str) -> None:
    """An address may hold a password: the error doesn't."""
    with pytest.raises(CameraError) as caught:
        parse_rtsp_url(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "control", "expected"),
    [
        ("rtsp://c/s/", "trackID=1", "rtsp://c/s/trackID=1"),
        ("rtsp://c/s", "trackID=1", "rtsp://c/s/trackID=1"),
        ("rtsp://c/s", None, "rtsp://c/s"),
        ("rtsp://c/s", "*", "rtsp://c/s"),
        ("rtsp://c/s/", "rtsp://d/x", "rtsp://d/x"),
        ("rtsp://c/s/", "RTSP://d/x", "RTSP://d/x"),
        ("rtsp://c/s/?a=b", "?ctype=video", "rtsp://c/s/?a=b?ctype=video"),
        ("rtsp://c/path", "/test", "rtsp://c/path/test"),
        ("rtsp://c/cam?channel=1&proto=Onvif/", "trackID=0", "rtsp://c/cam?channel=1&proto=Onvif/trackID=0"),
        ("rtsp://c/H264?channel=1", "video", "rtsp://c/H264?channel=1/video"),
    ],
)
def test_controls_follow_their_base(base: str, control: str | None, expected: str) -> None:
    """As the cameras' makers tested it, not as RFC 3986 says."""
    assert join_control(base, control) == expected


@pytest.mark.parametrize(
    ("base", "location", "expected"),
    [
        (None, None, "rtsp://1.2.3.4:55/r"),
        ("", "", "rtsp://1.2.3.4:55/r"),
        ("rtsp://1.2.3.4/b/", "rtsp://no/", "rtsp://1.2.3.4/b/"),
        (None, "rtsp://1.2.3.4/l", "rtsp://1.2.3.4/l"),
        ("192.168.1.10:554/stream0/", None, "rtsp://192.168.1.10:554/stream0/"),
        ("/stream0/", None, "rtsp://1.2.3.4:55/stream0/"),
        ("nonsense here", None, "rtsp://1.2.3.4:55/r"),
        ("x", None, "rtsp://1.2.3.4:55/r"),
    ],
)
def test_bases_are_read_as_cameras_mean_them(base: str | None, location: str | None, expected: str) -> None:
    """Content-Base, else Content-Location, else what was asked for; a scheme that is missing is added."""
    assert control_base("rtsp://1.2.3.4:55/r", base, location) == expected
