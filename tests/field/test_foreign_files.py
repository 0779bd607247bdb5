# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recordings that others made, opened as if they were cameras."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.camera.test_native import Config
from torrazzo.base import SystemClock
from torrazzo.camera import AccessUnit, CameraError, open_source


def first(path: Path) -> AccessUnit:
    """The first picture of a file."""

    async def run() -> AccessUnit:
        clock = SystemClock()
        source = await open_source(Config(path.as_uri()), clock)
        try:
            async with asyncio.timeout(10):
                while True:
                    for event in source.sweep(clock.boot_ns()):
                        if isinstance(event, AccessUnit):
                            return event
                    await asyncio.sleep(0.02)
        finally:
            await source.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "why", "text"),
    [
        ("bgs-motorway-osd.avi", "codec", "MPEG4, which can't be stored; set this stream to H.264 or H.265"),
        ("bgs-road-top.avi", "codec", "MSMPEG4V2, which can't be stored; set this stream to H.264 or H.265"),
        ("signed/axis-signed_vendor_axis.h264", "codec", "without times"),
        ("signed/onvif-README.md", "net", "can't be read"),
        ("signed/onvif-ca.pem", "net", "can't be read"),
    ],
)
def test_what_cannot_be_stored_is_named(shared: Path, name: str, why: str, text: str) -> None:
    """The error says what it is and what to change."""
    with pytest.raises(CameraError) as caught:
        first(shared / "video" / name)
    assert caught.value.why == why
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("name", "codec", "size"),
    [
        ("intel-car-detection.mp4", "h264", (768, 432)),
        ("signed/axis-signed_test_h264.mp4", "h264", (480, 640)),
        ("signed/onvif-test_signed_h265.mp4", "h265", (640, 480)),
    ],
)
def test_what_can_be_stored_begins_with_a_key_frame(shared: Path, name: str, codec: str, size: tuple[int, int]) -> None:
    """Codec and size are read from the stream itself."""
    unit = first(shared / "video" / name)
    assert unit.is_key
    assert (unit.format.codec, unit.format.width, unit.format.height) == (codec, *size)
