# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo evidence list`: what became of what was asked for, and nothing that did not happen."""

import json
from pathlib import Path

import pytest

from torrazzo.base.errors import Unavailable
from torrazzo.cli import evidence, evidence_export


def _ask(number: int) -> dict[str, object]:
    return {
        "number": number, "state": "opened", "cameras": ["Piazza"], "from": "a", "to": "b", "purpose": "crime",
        "recipient_class": "police", "by": "anna", "approvals": [{"by": "bruno"}],
    }  # fmt: skip


def _job(number: int, state: str) -> dict[str, object]:
    return {"order": {"ask": number}, "state": state}


def test_only_a_package_that_was_made_is_told_as_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Footage was opened for all of these; one job was cancelled, one failed, one was done before another failed."""
    # newest first, as the worker tells them
    jobs = [_job(3, "failed"), _job(1, "cancelled"), _job(3, "done"), _job(2, "failed"), {"order": {}, "state": "done"}]
    monkeypatch.setattr(evidence, "ask_people", lambda *_: {"asks": [_ask(number) for number in (1, 2, 3, 4)]})
    monkeypatch.setattr(evidence_export, "_ask", lambda *_: {"jobs": jobs})
    evidence.list_asks(tmp_path, as_json=True)
    told = [(ask["number"], ask["state"], ask["package"]) for ask in json.loads(capsys.readouterr().out)]
    assert told == [(1, "opened", "cancelled"), (2, "opened", "failed"), (3, "opened", "done"), (4, "opened", None)]
    evidence.list_asks(tmp_path)
    assert "exported" not in capsys.readouterr().out

    def away(*_: object) -> None:
        raise Unavailable("no worker")

    monkeypatch.setattr(evidence_export, "_ask", away)
    evidence.list_asks(tmp_path, as_json=True)
    assert [ask["package"] for ask in json.loads(capsys.readouterr().out)] == [None] * 4
