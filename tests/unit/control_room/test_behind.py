# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What goes on behind an answer."""

import threading

import pytest
from structlog.testing import capture_logs

from torrazzo.base.errors import Unavailable
from torrazzo.control_room.behind import Behind


def test_what_is_done_soon_is_done_on_return() -> None:
    """What comes of it is there; what fails is told in the log, and keeps nobody."""
    behind, done = Behind("not_done"), list[int]()

    def fail() -> None:
        raise Unavailable("away")

    behind.do(lambda: done.append(1))
    assert done == [1]
    with capture_logs() as lines:
        behind.do(fail)
    assert [(line["event"], line["error"]) for line in lines] == [("not_done", "away")]


def test_who_asks_does_not_wait_for_what_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does who comes after them, for a moment each; it goes on, and is waited for with the process."""
    monkeypatch.setattr("torrazzo.control_room.behind.MOMENT_S", 0.05)
    behind, goes_on, done = Behind("not_done"), threading.Event(), list[int]()

    def hang() -> None:
        goes_on.wait(60)
        done.append(1)

    behind.do(hang)
    monkeypatch.setattr("torrazzo.control_room.behind.MOMENT_S", 60)
    behind.do(hang)
    assert done == []
    goes_on.set()
    behind.end()
    assert done == [1, 1]
