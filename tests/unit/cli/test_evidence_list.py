# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo evidence list`: what became of what was asked for, and nothing that did not happen."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_type_hints
from zoneinfo import ZoneInfo

import pytest

from torrazzo.base.errors import Unavailable
from torrazzo.cli import evidence, evidence_export
from torrazzo.durable import OsDisk
from torrazzo.law.reason import PURPOSES
from torrazzo.testing.clock import START
from torrazzo.town.home import Home, new_settings, save_settings


def _ask(number: int) -> dict[str, object]:
    return {
        "number": number, "state": "opened", "cameras": ["Piazza"],
        "from": "2026-10-25T00:30:00.000Z", "to": "2026-10-25T01:30:00.000Z", "purpose": "crime",
        "recipient_class": "police", "by": "anna", "approvals": [{"by": "bruno"}],
    }  # fmt: skip


def _job(number: int, state: str) -> dict[str, object]:
    return {"order": {"ask": number}, "state": state}


def test_the_purposes_that_it_offers_are_the_laws() -> None:
    """No other word is taken (LB-03): `ask --help` names these and no others."""
    (ask,) = [each for each in evidence.app.registered_commands if each.name == "ask"]
    assert ask.callback is not None
    (option,) = get_type_hints(ask.callback, include_extras=True)["purpose"].__metadata__
    assert set(re.findall(r"[a-z]+(?:-[a-z]+)*", option.help.removeprefix("One of "))) == set(PURPOSES)


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
    monkeypatch.setattr(evidence, "town_zone", lambda _: ZoneInfo("Europe/Rome"))
    evidence.list_asks(tmp_path)
    table = capsys.readouterr().out
    assert "exported" not in table
    assert table.count("2026-10-25 02:30:00+02:00  2026-10-25 02:30:00+01:00") == 4  # the town's time, and which of two

    def away(*_: object) -> None:
        raise Unavailable("no worker")

    monkeypatch.setattr(evidence_export, "_ask", away)
    evidence.list_asks(tmp_path, as_json=True)
    assert [ask["package"] for ask in json.loads(capsys.readouterr().out)] == [None] * 4


def test_jobs_tell_a_reason_to_its_end_and_damage_in_the_towns_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reason that is cut off says nothing of what to do; a table that gives UTC misleads by an hour or two."""
    why = "the ledger's head is not signed as the policy demands (yet): witness prefettura has not cosigned; ask there"
    damage = {"stream": None, "start": START, "volume": "v.tzv", "what": "bad hash"}
    common = {"id": "export-1", "done": 0.5, "step": "", "result": None}
    scrub = {"ok": 7, "bad": 1, "damages": [damage]}
    jobs = [
        {**common, "order": {"ask": 1, "out": "/tmp/1.asice"}, "state": "failed", "error": why},
        {**common, "order": {}, "state": "done", "error": None, "result": scrub},
    ]
    monkeypatch.setattr(evidence_export, "_ask", lambda *_: {"jobs": jobs})
    home = Home(tmp_path)
    save_settings(home, OsDisk(), replace(new_settings(home, "Cremona"), zone=ZoneInfo("Europe/Rome")))
    evidence_export.jobs(tmp_path)
    out, err = capsys.readouterr()
    assert why in out
    assert "a volume, 2026-11-24 23:00:00+01:00, v.tzv: bad hash" in err
