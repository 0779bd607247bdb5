# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The control room's clockwork beside a ledger that is away."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from torrazzo.base.errors import Unavailable
from torrazzo.control_room import process


def test_that_looks_are_not_tended_is_told_once_and_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many failures in a row the log has one line, and one for their end; a later one is told anew."""
    monkeypatch.setattr(process, "TEND_S", 0.001)
    answers = [*[Unavailable("no ledger answers")] * 5, None, Unavailable("no ledger answers"), None]
    stop = asyncio.Event()

    def tend() -> None:
        answer = answers.pop(0)
        if not answers:
            stop.set()
        if answer is not None:
            raise answer

    room = SimpleNamespace(
        _looks=SimpleNamespace(tend=tend),
        _books=SimpleNamespace(look=lambda: None),
        _playback=SimpleNamespace(tend=lambda _: None),
        _staff=SimpleNamespace(staffing=None),
    )
    with capture_logs() as told:
        asyncio.run(process._Room._tend(cast("Any", room), stop))
    assert [line["event"] for line in told] == ["looks_not_tended", "looks_tended_again"] * 2
