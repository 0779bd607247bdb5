# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laws of the small town."""

import socket
from pathlib import Path

import av
import pytest

from torrazzo.testing.clips import ClipSpec, encode
from torrazzo.testing.picture import Label, read_label
from torrazzo.testing.town import SmallTown, street_spec


def test_each_street_shows_its_own_picture(tmp_path: Path) -> None:
    """Two cameras of the town, read by FFmpeg, show pictures with their own tags and numbers that grow."""
    town = SmallTown.of_streets(2, tmp_path)
    with town:
        for number, url in enumerate(town.urls):
            with av.open(url, options={"rtsp_transport": "tcp", "fpsprobesize": "0"}, timeout=60) as container:
                labels: list[Label | None] = []
                for frame in container.decode(video=0):
                    plane = frame.planes[0]
                    labels.append(read_label(memoryview(plane), frame.width, frame.height, plane.line_size))
                    if len(labels) == 3:
                        break
            first = labels[0]
            assert first is not None
            assert labels == [Label((first.number + at) % 100, street_spec(number).tag) for at in range(3)]


def test_a_taken_port_is_told_and_leaves_nothing_running() -> None:
    """The demo asks for its old ports; when one is taken, start raises and the thread ends."""
    clip = encode(ClipSpec(width=160, height=120, frames=5, gop=5))
    with socket.create_server(("127.0.0.1", 0)) as other:
        town = SmallTown([clip, clip])
        with pytest.raises(OSError, match="in use"):
            town.start([0, other.getsockname()[1]])
        assert not town._thread.is_alive()
