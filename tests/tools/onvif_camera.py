# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole camera: an ONVIF device that answers to questions of the network, and the stream that it names."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

from torrazzo.testing import ClipSpec, FakeCamera, Habits, make_clip
from torrazzo.testing.onvif import FakeOnvif, Traits
from torrazzo.testing.onvif_texts import Size

USER, PASSWORD = "operatore", "tre-Caval1i"
CLIP = ClipSpec(width=320, height=192, frames=60, gop=12)
PROFILE = "/s0p0"  # the device's first


@contextlib.contextmanager
def filming(path: str = PROFILE) -> Iterator[FakeCamera]:
    """An RTSP server with a loop of its own."""
    camera = FakeCamera(make_clip(CLIP), habits=Habits(path=path, username=USER, password=PASSWORD))
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def run() -> None:
        await camera.start()
        ready.set()
        await over.wait()
        await camera.stop()

    def work() -> None:
        loop.run_until_complete(run())
        loop.run_until_complete(asyncio.sleep(0))  # connections that were just closed hear of it
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(60)
    try:
        yield camera
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(60)


@contextlib.contextmanager
def onvif_camera(traits: Traits | None = None) -> Iterator[FakeOnvif]:
    """With one profile, which can be recorded; it wants USER and PASSWORD."""
    like = traits or Traits(model="Cam 9")
    with filming() as camera:
        sizes = (Size(320, 192, "H264"),)
        own = replace(like, username=USER, password=PASSWORD, rtsp_port=camera.port, sizes=sizes)
        with FakeOnvif(own).running() as device:
            yield device
