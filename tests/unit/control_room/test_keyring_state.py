# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people are told of the keyring: that it is away, and what it raises an alarm about."""

from zoneinfo import ZoneInfo

import pytest

from torrazzo.base.ids import NodeId
from torrazzo.cli.status import show_state
from torrazzo.control_room.html import Writer
from torrazzo.control_room.state import TownState, town_state
from torrazzo.testing.clock import START
from torrazzo.town.home import Settings

SETTINGS = Settings("Cremona", ZoneInfo("Europe/Rome"), NodeId(1), ())


def told(state: TownState, capsys: pytest.CaptureFixture[str]) -> str:
    """On the page, in English, and by the command."""
    show_state(state.to_json(), is_served=True)
    return Writer("en", SETTINGS.zone).overview(state) + capsys.readouterr().out


def test_an_alarm_of_the_keyring_is_told_on_the_page_and_by_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """RT-02: footage that should be gone, and a disk that will be full, reach people where they look."""
    state = town_state(SETTINGS, (), None, lambda _stream, _span: (), START)
    text = "2 keys should be gone, the oldest of 2026-11-17T21:00:00.000Z"
    assert told(state.with_keyring({"alarms": [text]}), capsys).count(text) == 2
    assert "alarm:" not in told(state.with_keyring({"alarms": []}), capsys).lower()
    assert told(state.with_keyring(None), capsys).count("keyring does not answer") == 2
