# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `torrazzo status` says, of states as the recorder gives them."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest

from torrazzo.base.ids import CameraId, NodeId, StreamId
from torrazzo.base.secret import Secret
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.cli.live_table import plain_lines
from torrazzo.cli.status import is_fine, show_state, state_rows
from torrazzo.control_room.state import GapState, town_state
from torrazzo.testing.clock import START
from torrazzo.town.camera import Camera, StreamConfig
from torrazzo.town.home import Settings

SETTINGS = Settings("Cremona", ZoneInfo("Europe/Rome"), NodeId(1), ())
ID = CameraId(f"{7:016x}")
HELP = "10.0.0.1:554 refuses DESCRIBE: 404 Not Found; check the path of its address"


def state(said: Mapping[str, object] | None, gaps: tuple[GapState, ...] = ()) -> dict[str, object]:
    """One camera with a password, of which the recorder says this; None: it does not answer."""
    stream = StreamConfig(StreamId(ID, "main"), "rtsp://10.0.0.1/", "op", Secret("tre-Caval1i"))
    camera = Camera(ID, "Via Giordano", "", False, None, True, (stream,), START)
    recorder = None if said is None else {"streams": {f"{ID}/main": said}}
    return town_state(SETTINGS, (camera,), recorder, lambda *_: gaps, UtcTicks(START + 60 * SECOND)).to_json()


@pytest.mark.parametrize("why", ["nosignal", "auth", "net"])
def test_the_reason_stands_below_the_table(why: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a camera that is not recorded the recorder's own sentence is told, with its name; not so while it records."""
    show_state(state({"state": "gap", "why": why, "message": HELP}), is_served=True)
    assert f"\nVia Giordano (main): {HELP}\n" in capsys.readouterr().out
    show_state(state({"state": "recording", "why": None, "message": "recording"}), is_served=True)
    show_state(state({"state": "gap", "why": why, "message": why}), is_served=True)
    assert "Via Giordano (main):" not in capsys.readouterr().out


def test_no_password_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A camera that repeats the password in its answer does not get it onto the screen or into JSON."""
    found = state({"state": "gap", "why": "auth", "message": "10.0.0.1:554 says: 403 op:tre-Caval1i not welcome"})
    show_state(found, is_served=True)
    assert "403 op:… not welcome" in capsys.readouterr().out
    assert "tre-Caval1i" not in str(found)


def test_what_nobody_knows_is_not_said_to_be_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the recorder nothing is known of gaps since: neither "none" nor a closed list stands there."""
    assert state_rows(state(None))[0][-1] == "not known"
    gap = GapState(START, UtcTicks(START + SECOND), "net")
    assert state_rows(state(None, (gap,)))[0][-1] == "1 (net), then not known"
    assert state_rows(state({"state": "recording"}))[0][-1] == "none"
    show_state(state(None), is_served=True)
    assert "whether it is recording is not known" in capsys.readouterr().out


def test_an_alarm_is_not_fine() -> None:
    """The command's code says what its text does: with an alarm it is another one, though every camera records."""
    well = {**state({"state": "recording"}), "recorder": "running"}
    assert is_fine(well)
    assert not is_fine({**well, "alarms": ["keys of 2026111300 should be gone"]})
    assert not is_fine({**well, "settings_wrong": ["authority poste is not asked for anchors"]})
    assert not is_fine({**well, "missing": "3 facts without a book"})


def test_without_a_terminal_the_demo_shows_the_same_table() -> None:
    """The town's own time with its offset, then each column under its head."""
    first, heads, row = plain_lines(state({"state": "recording", "bytes": 4400}))
    assert first == "2026-11-24 23:01:00+01:00  1 of 1 streams recording, 4.4 kB received"
    assert row.index("none") == heads.index("GAPS TODAY")
    assert row.index("recording") == heads.index("STATE")
