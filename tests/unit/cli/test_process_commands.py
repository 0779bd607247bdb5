# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Processes that are asked as well as run: their help, and what `keyring status` says of the ledger."""

from pathlib import Path

import pytest

from torrazzo.cli import main
from torrazzo.cli.keyring import _ledger_text
from torrazzo.cli.output import facts_text
from torrazzo.ledger.client import LedgerClient
from torrazzo.town.home import Home

COMMANDS = {
    "keyring": ("status", "trust-clock", "trust-heads"),
    "ledger": ("keys", "policy", "status", "prove", "verify", "fork"),
    "witness": ("init", "key", "status"),
    "auditor": ("init", "key", "status", "settle"),
}


@pytest.mark.parametrize("process", COMMANDS)
@pytest.mark.parametrize("word", ["--help", "-h"])
def test_the_help_of_a_process_tells_its_commands(process: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asks how a process is run reads by which commands it is asked, too."""
    assert main([process, word]) == 0
    said = capsys.readouterr().out
    for command in COMMANDS[process]:
        assert f"\n  {command} " in said


def test_a_ledger_that_refuses_is_not_one_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a ledger it does not answer; one that answers and takes nothing is told with its reason."""
    assert _ledger_text(Home(tmp_path)) == "The ledger does not answer"
    monkeypatch.setattr(LedgerClient, "status", lambda _: {"state": "refused", "why": "an older database"})
    assert _ledger_text(Home(tmp_path)) == "The ledger takes nothing: an older database"
    monkeypatch.setattr(LedgerClient, "status", lambda _: {"state": "starting", "why": ""})
    assert _ledger_text(Home(tmp_path)) == "The ledger takes nothing"


def test_one_fact_waits_and_two_wait() -> None:
    """In words that people write."""
    assert [facts_text(count) for count in (0, 1, 2)] == ["0 facts wait", "1 fact waits", "2 facts wait"]
