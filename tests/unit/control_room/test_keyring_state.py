# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people are told of the keyring: that it is away, and what it raises an alarm about."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from torrazzo.base.ids import NodeId
from torrazzo.cli.status import AGAIN, show_state
from torrazzo.control_room.books import unexplained_text
from torrazzo.control_room.html import Writer
from torrazzo.control_room.state import TownState, town_state
from torrazzo.control_room.views import ask_status, gather
from torrazzo.durable import OsDisk
from torrazzo.testing.clock import START, FakeClock
from torrazzo.town.home import Home, Settings, new_settings

SETTINGS = Settings("Cremona", ZoneInfo("Europe/Rome"), NodeId(1), ())


def told(state: TownState, capsys: pytest.CaptureFixture[str]) -> str:
    """On the page, in English, and by the command."""
    show_state(state.to_json(), is_served=True)
    return Writer("en", SETTINGS.zone).overview(state) + capsys.readouterr().out


def test_an_alarm_of_the_keyring_is_told_on_the_page_and_by_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """RT-02: footage that should be gone, and a disk that will be full, reach people where they look."""
    state = town_state(SETTINGS, (), None, lambda _stream, _span: (), START)
    said = "2 keys should be gone, the oldest of 2026-11-17T21:00:00.000Z"
    text = "2 keys should be gone, the oldest of 2026-11-17 22:00:00+01:00"
    assert told(state.with_keyring({"alarms": [said]}), capsys).count(text) == 2
    assert "alarm:" not in told(state.with_keyring({"alarms": []}), capsys).lower()
    assert told(state.with_keyring(None), capsys).count("keyring does not answer") == 2


def test_why_a_keyring_did_not_come_up_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What it said, and which cameras that concerns, on the page and by the command."""
    state = town_state(SETTINGS, (), None, lambda _stream, _span: (), START)
    why = "ring-2: it was shredded. Until then nobody can look at Via Dante"
    assert told(state.with_keyring(None, why), capsys).count(why) == 2


def test_what_the_level_of_the_keyring_leaves_open_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """At level `file`, that a copy of the whole home looks without an entry; at `tpm`, what the chip keeps off."""
    state = town_state(SETTINGS, (), None, lambda _stream, _span: (), START)
    said = told(state.with_keyring({"alarms": [], "level": "file"}), capsys)
    assert said.count("whoever copies the whole home and the footage can look at it elsewhere without an entry") == 2
    said = told(state.with_keyring({"alarms": [], "level": "tpm"}), capsys)
    assert said.count("a copy of the home opens nothing elsewhere") == 2
    assert "Keyring of level" not in told(state.with_keyring(None), capsys)


def test_that_nobody_can_tell_who_looked_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A book that is gone is an alarm on the page and in the command."""
    state = town_state(SETTINGS, (), None, lambda _stream, _span: (), START).with_keyring({"alarms": []})
    assert told(replace(state, missing=unexplained_text([7])), capsys).count("missing for 1 fact of act (7)") == 2


@pytest.mark.parametrize("part", ["recorder", "ledger", "keyring"])
def test_what_brings_back_a_process_is_said_as_it_is(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Who supervises waits for ends: a process that hangs is for people to end."""
    state = town_state(SETTINGS, (), {}, lambda _stream, _span: (), START, {"state": "running"}).with_keyring({})
    assert AGAIN not in told(state, capsys)
    down: Any = {part: "down"}
    assert AGAIN in told(replace(state, **down), capsys)


def test_how_long_a_disk_lasts_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What retention foretold at its last look stands on the page and in the command; nothing where it never looked."""
    home, disk = Home(tmp_path), OsDisk()
    settings = new_settings(home, "Cremona")
    disk.make_folder(home.run)
    state = gather(home, settings, disk, FakeClock(), (), lambda *_: (), ask_status)
    assert "today's rate" not in told(state, capsys)
    disks = [{"path": str(settings.roots[0]), "days_left": 5.5}]
    disk.publish(home.run / "retention.json", json.dumps({"v": 1, "disks": disks}).encode())
    disk.make_folder(settings.roots[0])
    state = gather(home, settings, disk, FakeClock(), (), lambda *_: (), ask_status)
    assert told(state, capsys).replace("&#x27;", "'").count("full in about 5.5 days at today's rate") == 2
