# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The control room's clockwork beside a ledger that is away."""

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from tests.tools.recording import STREAM
from torrazzo.access import Peer
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import SECOND
from torrazzo.control_room import process
from torrazzo.control_room.api.gate import REFUSED_AGAIN
from torrazzo.control_room.told import NotAllowed
from torrazzo.testing import FakeClock
from torrazzo.town.purpose import PurposeFile


def test_what_nobody_thought_of_ends_no_clockwork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Live pictures are judged again after an error of any kind, or they would go on when a shift is over."""
    monkeypatch.setattr(process, "LIVE_S", 0.001)
    monkeypatch.setattr(process, "AGAIN_S", 0.001)
    stop, answers = asyncio.Event(), [ValueError("no role"), None, KeyError("x"), None]

    def judge() -> list[Any]:
        answer = answers.pop(0)
        if not answers:
            stop.set()
        if answer is not None:
            raise answer
        return []

    room = SimpleNamespace(_live=SimpleNamespace(are_any=True, judge=judge, renew=lambda: None))
    with capture_logs() as told:
        asyncio.run(process._go_on(partial(process._Room._tend_live, cast("Any", room)), stop))
    assert answers == []
    assert [line["event"] for line in told] == ["clockwork_failed"] * 2


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


def test_a_refusal_that_is_asked_for_again_and_again_is_told_once() -> None:
    """Of a purpose that a camera is not for: once in ten minutes for each Unix user, as on the page; refused always."""
    denied, clock = list[str](), FakeClock()
    traffic = SimpleNamespace(id=STREAM.camera, synthetic=False, file=PurposeFile(purpose="traffic"))
    room = SimpleNamespace(
        _office=SimpleNamespace(registry=SimpleNamespace(cameras=lambda **_: [traffic])),
        _staff=SimpleNamespace(
            staffing=SimpleNamespace(deny=lambda by, *_: denied.append(by.name)), told_or_owed=lambda _: None
        ),
        _refusals={},
        _clock=clock,
    )

    def ask(name: str) -> None:
        with pytest.raises(NotAllowed):
            process._Room._expect_use(cast("Any", room), Peer(1, name), [STREAM], "environment")

    for name in ("anna", "anna", "bruno", "anna"):
        ask(name)
    assert denied == ["unix:anna", "unix:bruno"]
    clock.advance(REFUSED_AGAIN // SECOND)
    ask("anna")
    assert denied == ["unix:anna", "unix:bruno", "unix:anna"]
