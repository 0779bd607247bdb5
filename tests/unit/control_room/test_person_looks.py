# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""No window of a look stays open behind it, whatever comes between."""

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tools.recording import STREAM
from torrazzo.access import Peer, People
from torrazzo.base import Span
from torrazzo.base.errors import Invalid
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.control_room import person_looks
from torrazzo.control_room.looks import Looks, NoLook
from torrazzo.control_room.person_looks import PersonLooks, Said, Seat, Shown
from torrazzo.control_room.reach import Reach
from torrazzo.testing import FakeClock

NOW = UtcTicks(494_500 * HOUR)
SEAT = Seat("token", "account", "olga.neri", "sala-1")
SAID = Said("crime", "furto di una bicicletta in piazza", event="118")
SHOWN = [Shown(STREAM.camera, "Piazza", STREAM)]


class Window:
    """Of an archive in which all is there."""

    number, is_closed = 7, False

    def keep_open(self) -> None:
        """It is."""

    def close(self, why: str) -> None:
        self.is_closed, self.why = True, why


class Windows:
    """Keeps what it opened; `meanwhile` is done while one opens."""

    def __init__(self) -> None:
        self.opened: list[Window] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def _open(self, *_: object) -> Window:
        self.meanwhile()
        self.opened.append(Window())
        return self.opened[-1]

    open_view = open_export = _open


class Footage:
    """Nothing is read of it."""

    def close(self) -> None:
        """Nothing is open."""

    def forget(self) -> None:
        """Nothing is kept."""


def _span(start: int) -> Span:
    return Span(UtcTicks(NOW - start * SECOND), UtcTicks(NOW - start * SECOND + 60 * SECOND))


def _looks(windows: Windows, open_footage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> PersonLooks:
    monkeypatch.setattr(person_looks, "find_reach", lambda *said: Reach(said[4], ""))
    nothing: Any = None
    opened: Any = lambda: windows  # noqa: E731 - the look asks for it anew each time
    return PersonLooks(nothing, FakeClock(NOW), opened, open_footage)


def test_a_look_that_is_closed_while_it_moves_leaves_no_window_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that goes away in the middle of a move: the window that was just being opened is closed with the rest."""
    windows = Windows()
    looks = _looks(windows, lambda *_: Footage(), monkeypatch)
    look = looks.open(SEAT, SAID, SHOWN, _span(7_200), None)
    windows.meanwhile = lambda: looks.close(look)
    with pytest.raises(NoLook):
        looks.move(look, SHOWN, _span(3_600), None)
    assert [window.is_closed for window in windows.opened] == [True, True]


def _fails(*_: object) -> Footage:
    raise Invalid("torrazzo.toml: line 7")


def test_a_window_whose_footage_cannot_be_opened_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the settings are no settings nobody looks, and each attempt has its closing fact: at either page."""
    windows = Windows()
    with pytest.raises(Invalid):
        _looks(windows, _fails, monkeypatch).open(SEAT, SAID, SHOWN, _span(7_200), None)
    nothing: Any = None
    fails: Any = _fails
    opened: Any = lambda: windows  # noqa: E731 - as above
    wanted = SimpleNamespace(streams=[STREAM], span=_span(7_200))
    private = SimpleNamespace(_replace=lambda **_: None)
    step = SimpleNamespace(number=1, private=private)
    ask: Any = SimpleNamespace(number=1, approvals=[step], asked=step, wanted=wanted, key=None)
    me = Peer.of(os.getuid())
    with pytest.raises(Invalid):
        Looks(nothing, People({}, me.uid), FakeClock(NOW), opened, fails).export(me, ask, STREAM)
    assert [window.is_closed for window in windows.opened] == [True, True]
