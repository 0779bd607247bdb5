# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people are told of witnesses, from the ledger's status."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest

from torrazzo.base.ids import NodeId
from torrazzo.cli.status import show_state
from torrazzo.control_room.html import Writer
from torrazzo.control_room.state import TownState, town_state
from torrazzo.testing.clock import START
from torrazzo.town.home import Settings

SETTINGS = Settings("Cremona", ZoneInfo("Europe/Rome"), NodeId(1), ())


def town(*witnesses: Mapping[str, object]) -> TownState:
    ledger: dict[str, object] = {"state": "running", "waiting": 0, "witnesses": list(witnesses)}
    return town_state(SETTINGS, (), None, lambda _stream, _span: (), START, ledger)


def told(state: TownState, capsys: pytest.CaptureFixture[str]) -> str:
    """On the page, in English, and by the command."""
    show_state(state.to_json(), is_served=True)
    return Writer("en", SETTINGS.zone).overview(state) + capsys.readouterr().out


def test_a_witness_that_has_been_away_for_a_minute_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Not before, and not one that signs; one of a second office is not called for show."""
    away, short, fine = (
        {"name": name, "away_s": seconds, "own": False}
        for name, seconds in (("prefettura", 61.0), ("vicino", 5.0), ("lontano", None))
    )
    found = told(town(away, short, fine), capsys)
    assert found.count("for more than a minute: prefettura.") == 2
    assert "vicino" not in told(town(short, fine), capsys)
    assert "for show" not in found


def test_a_witness_in_the_town_s_own_home_is_for_show(capsys: pytest.CaptureFixture[str]) -> None:
    """The page and the command say so; without a ledger nothing is said."""
    own = {"name": "demo", "away_s": None, "own": True}
    assert told(town(own), capsys).count("for show only") == 2
    assert "for show" not in told(town_state(SETTINGS, (), None, lambda _s, _t: (), START, None), capsys)
