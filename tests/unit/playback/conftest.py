# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from collections.abc import Iterator

import pytest

from tests.tools.recording import Recording
from torrazzo.playback import Footage
from torrazzo.testing import ClipSpec, make_clip

SMALL = ClipSpec(width=320, height=240, b_frames=2, frames=200, tag=1)
LARGE = ClipSpec(width=480, height=360, b_frames=2, frames=100, tag=2)


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """24 s, a gap of 20 s, 16 s more, then 12 s in another size. Read only."""
    made = Recording(tmp_path_factory.mktemp("recording"))
    made.shoot(make_clip(SMALL), 24)
    made.gap(20)
    made.shoot(make_clip(SMALL), 16)
    made.shoot(make_clip(LARGE), 12)
    made.finish()
    return made


@pytest.fixture
def footage(recording: Recording) -> Iterator[Footage]:
    """A reader of it that has seen nothing yet."""
    opened = recording.footage()
    yield opened
    opened.close()
