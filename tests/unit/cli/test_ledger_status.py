# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo ledger status` and `hold`, whose times come from other processes."""

import contextlib
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.tools.held_town import held_town
from torrazzo.base import SystemClock
from torrazzo.cli import ledger, main, people
from torrazzo.cli.init import make_town
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.town.home import Home


def test_a_witness_is_told_by_the_towns_clock() -> None:
    """When it last cosigned is a time of the town, with its offset."""
    witness = {"name": "prefettura", "own": False, "cosigned": 1_795_560_000, "why": None, "forgot": False}
    assert "cosigned 2026-11-24 23:40:00+01:00" in ledger._witness_text(witness, ZoneInfo("Europe/Rome"))


def test_the_zone_is_told_to_whoever_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot read the settings is told by the people's socket in which zone times are to be shown."""
    with held_town(tmp_path) as town:

        def asked(_home: Home, method: str, target: str) -> object:
            assert method == "GET"
            return town.said(town.socket().get(target))

        monkeypatch.setattr(people, "ask_people", asked)
        assert people.town_zone(town.home).key == "Europe/Rome"


def test_a_ledger_that_hangs_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes the question and never answers is soon told as not there, with the code for that."""
    make_town(tmp_path, "Cremona", "Europe/Rome")
    home = Home(tmp_path)
    home.run.mkdir(exist_ok=True)
    assert ledger.PATIENCE_S <= 5
    monkeypatch.setattr(ledger, "PATIENCE_S", 0.2)
    with contextlib.closing(listen_unix(home.ledger_socket)):
        began_ns = SystemClock().boot_ns()
        assert main(["ledger", "status", "--home", str(tmp_path)]) == 4
        assert SystemClock().boot_ns() - began_ns < 15_000_000_000
