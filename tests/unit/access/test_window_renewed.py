# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A window that several threads use, and that one of them renews or closes while another waits for keys."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.look_town import LookTown, look_town
from torrazzo.access import Windows
from torrazzo.access.window import RENEW
from torrazzo.base.errors import Refused
from torrazzo.base.times import SECOND
from torrazzo.ledger.act import WINDOW
from torrazzo.ledger.client import Entered


@pytest.fixture
def town(tmp_path: Path) -> Iterator[LookTown]:
    with look_town(tmp_path) as town:
        yield town


def meanwhile(town: LookTown, window: Any, what: str) -> None:
    """The next keys come, and before they are noted another thread renews or closes the window."""
    gate, keys = window._gate, window._gate.keys

    def slowly(*asked: Any) -> Any:
        gate.keys = keys
        found = keys(*asked)
        getattr(window, what)()
        return found

    gate.keys = slowly


def test_what_is_given_while_a_window_is_renewed_is_told(town: LookTown) -> None:
    """Keys that came for the fact before are asked for anew: some closing fact tells of all that was given."""
    look = town.look()
    look.footage.forget()
    meanwhile(town, look.window, "_renew_now")
    assert look.file().size > 100_000
    look.end("done")
    closes = [act for _, act in town.acts("close")]
    assert [act.values["why"] for act in closes] == ["renewed", "done"]
    assert [shown["count"] for shown in closes[-1].values["shown"]] == [6]


def test_what_is_given_while_a_window_is_closed_is_not_used(town: LookTown) -> None:
    """No picture opens with keys that no closing fact tells of."""
    look = town.look()
    look.footage.forget()
    meanwhile(town, look.window, "close")
    with pytest.raises(Refused):
        look.file()


class Hanging:
    """A ledger that answers nothing new until it is told to."""

    def __init__(self, windows: Windows) -> None:
        self.begun, self.goes_on = threading.Event(), threading.Event()
        self._enter = windows.gate.ledger.enter

    def enter(self, line: bytes, patience_s: float = 0.0) -> Entered:
        self.begun.set()
        assert self.goes_on.wait(60)
        return self._enter(line)


def test_nobody_waits_for_a_window_that_another_one_renews(town: LookTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the ledger hangs who looks goes on with what is open, and who is done is done; all of it is told after."""
    look, other = town.look(), town.look()
    town.clock.advance((WINDOW - RENEW) // SECOND + 1)
    hanging = Hanging(town.looks.windows)
    monkeypatch.setattr(town.looks.windows.gate.ledger, "enter", hanging.enter)
    threads = [threading.Thread(target=look.window.keep_open), threading.Thread(target=other.window.close)]
    threads[0].start()
    assert hanging.begun.wait(60)
    threads[1].start()
    before = look.window.number
    look.window.keep_open()  # another one who looks
    assert look.window.number == before
    assert all(thread.is_alive() for thread in threads)
    hanging.goes_on.set()
    for thread in threads:
        thread.join(60)
    assert look.window.number != before
    closes = {act.values["of"]: act.values["why"] for _, act in town.acts("close")}
    assert closes == {before: "renewed", other.window.number: "done"}


def test_a_window_that_is_closed_while_it_is_renewed_stays_closed(
    town: LookTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both facts have their closing one, and no key is given any more."""
    look = town.look()
    town.clock.advance((WINDOW - RENEW) // SECOND + 1)
    hanging, refused = Hanging(town.looks.windows), list[Exception]()
    monkeypatch.setattr(town.looks.windows.gate.ledger, "enter", hanging.enter)

    def keep_open() -> None:
        try:
            look.window.keep_open()
        except Refused as error:
            refused.append(error)

    threads = [threading.Thread(target=keep_open), threading.Thread(target=look.window.close)]
    threads[0].start()
    assert hanging.begun.wait(60)
    hanging.begun.clear()
    threads[1].start()
    assert hanging.begun.wait(60)
    assert look.window.is_closed
    hanging.goes_on.set()
    for thread in threads:
        thread.join(60)
    assert len(refused) == 1
    assert sorted(act.values["why"] for _, act in town.acts("close")) == ["done", "done"]
    assert town.looks.windows.settle() == 0
