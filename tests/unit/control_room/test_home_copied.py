# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a copy of the whole home is worth to whoever takes it away: the threats say so, and so does the keyring."""

import copy
import shutil
from pathlib import Path

import pytest

from tests.tools.look_town import LookTown, look_town
from torrazzo.cli.keyring import status
from torrazzo.ledger.client import LedgerClient
from torrazzo.town.home import Home

THREATS = Path(__file__).parents[3] / "docs" / "2-design" / "threats.md"


def _elsewhere(town: LookTown, folder: Path) -> LookTown:
    """The home as it lies there, and nothing else of that town."""
    shutil.copytree(town.home.path, folder, ignore=shutil.ignore_patterns("*.sock", "run"))
    found = copy.copy(town)
    found.home = Home(folder)
    found.ledger = LedgerClient(found.home.ledger_socket)
    return found


def test_at_level_file_a_copy_of_the_home_looks_without_an_entry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing prevents it, and the town's log does not tell; so neither threats nor keyring may say otherwise."""
    with look_town(tmp_path / "town") as town:
        town.stop_keyring()
        town.stop_ledger()
        thief = _elsewhere(town, tmp_path / "thief")
        thief.start_ledger()
        thief.start_keyring()
        thief.open_room()
        look = thief.look()
        assert look.file().size > 1000
        look.end("done")
        capsys.readouterr()
        status(thief.home.path)
        said = capsys.readouterr().out
        thief.stop_keyring()
        thief.stop_ledger()
        town.start_ledger()
        assert town.acts("view") == []
    assert "Level file:" in said
    assert "no entry here tells" in said
    row = next(line for line in THREATS.read_text("utf-8").splitlines() if "a copy of the town runs elsewhere" in line)
    assert "at level `file` **not covered**" in row
