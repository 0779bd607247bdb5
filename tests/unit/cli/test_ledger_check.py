# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo ledger check`: all files of a home's ledger, without one that runs."""

import contextlib
import json
from pathlib import Path

import pytest

from tests.tools.ledger import deeds, fact, facts, stream
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.durable import OsDisk
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.start import open_ledger
from torrazzo.town.home import Home, load_settings


def test_a_file_that_is_gone_is_named_and_is_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Code 0 while all is as it was; then entries, camera and the town's time, for people and for machines."""
    make_town(tmp_path, "Cremona", "Europe/Rome")
    home, disk = Home(tmp_path), OsDisk()
    identity = make_identity(home, load_settings(home), disk)
    with (
        contextlib.closing(sqlite_database(home.ledger_db)) as database,
        open_ledger(database, disk, home.ledger, identity) as store,
    ):
        store.append(facts(256), deeds(1))
        store.append([fact(256)])
    assert main(["ledger", "check", "--home", str(tmp_path)]) == 0
    (home.ledger / "rec" / "tile" / "entries" / "000").unlink()
    capsys.readouterr()
    assert main(["ledger", "check", "--home", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{stream(1).camera}, 2024-10-04 02:00:00+02:00 to 2024-10-04 02:42:40+02:00: ")
    assert "tile/entries/000" in line
    assert line.endswith(": entries 0 to 255")
    assert main(["ledger", "check", "--json", "--home", str(tmp_path)]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["log"], told["first"], told["last"]) == ("rec", 0, 255)
