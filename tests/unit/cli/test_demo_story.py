# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the demo's people do before a visitor comes."""

import threading
from typing import Any

import pytest

from torrazzo.base.errors import Unavailable
from torrazzo.cli import demo_story
from torrazzo.cli.demo_story import STOOD_STILL, Explained, Visitor


def alarm(number: int, code: str = "gap", state: str = "new", members: int = 0) -> dict[str, Any]:
    return {"id": str(number), "code": code, "state": state, "members": [{}] * members}


class Asked:
    """The API, as the commander asks it: alarms one list after the other, the last one from then on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *lists: list[dict[str, Any]]) -> None:
        self.lists, self.done = list(lists), list[tuple[str, str, object]]()
        self.is_taken_over = False
        monkeypatch.setattr(Visitor, "__init__", lambda *_: None)
        monkeypatch.setattr(Visitor, "ask", lambda _, *words: self.answer(*words))
        monkeypatch.setattr(demo_story, "_PAUSE_S", 0.0)

    def answer(self, method: str, path: str, body: object = None) -> Any:
        if self.is_taken_over:
            raise Unavailable("401")
        if method != "GET":
            self.done.append((method, path, body))
            return {}
        return {"items": self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]}


def test_a_gap_of_the_demos_own_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notice is taken of gaps alone, once no more of them come, and with the reason; then the commander leaves."""
    lost, known = alarm(7, "camera-lost"), alarm(8, state="acknowledged")
    asked = Asked(monkeypatch, [], [alarm(1)], [alarm(1), alarm(2), lost], [alarm(3, "gaps", members=5), lost, known])
    Explained("http://localhost", "word").explain(threading.Event())
    note = {"note": STOOD_STILL}
    assert asked.done == [("POST", "/alarms/3/acknowledge", note), ("DELETE", "/session", None)]


def test_whoever_comes_as_the_commander_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor's sign-in ends that session: nothing more is done, and nothing is raised."""
    asked = Asked(monkeypatch, [alarm(1)])
    asked.is_taken_over = True
    Explained("http://localhost", "word").explain(threading.Event())
    assert asked.done == []


def test_where_nothing_is_missing_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not wait for ever."""
    asked = Asked(monkeypatch, [])
    Explained("http://localhost", "word").explain(threading.Event())
    assert asked.done == [("DELETE", "/session", None)]
