# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Left out, with a line that says so, where the servers are missing."""

import os
from pathlib import Path

import pytest

from tests.interop.servers import why_no_gst


@pytest.fixture(scope="session")
def needs_gst() -> None:
    """Tests that use it need gst-rtsp-server."""
    if (reason := why_no_gst()) is not None:
        pytest.skip(f"left out: {reason}")


@pytest.fixture(scope="session")
def shared_video() -> tuple[Path, ...]:
    """Real H.264 clips, where ../shared is there."""
    root = Path(os.environ.get("TORRAZZO_SHARED", Path(__file__).parents[3] / "shared"))
    names = ("intel-car-detection.mp4", "intel-one-by-one-person.mp4", "signed/axis-signed_test_h264.mp4")
    found = tuple(root / "data" / "video" / name for name in names)
    if not all(path.is_file() for path in found):
        print(f"left out: real clips: {root}/data/video is not there")
        return ()
    return found
