# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo access list`: who looked at what, with the ledger and without, and what it says of a book that is gone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.tools.look_town import OTHER, LookTown, look_town
from tests.tools.recording import STREAM
from torrazzo.cli.access import read_entries
from torrazzo.cli.commands import app
from torrazzo.cli.status import _with_missing
from torrazzo.control_room.books import Books
from torrazzo.durable import OsDisk
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.tiles import WIDTH


@pytest.fixture
def town(tmp_path: Path) -> Iterator[LookTown]:
    with look_town(tmp_path) as town:
        yield town


def run(town: LookTown, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["access", "list", *words, "--home", str(town.home.path)])
    return done.exit_code, done.stdout


def listed(town: LookTown, *words: str) -> tuple[int, Any]:
    code, out = run(town, *words, "--json")
    return code, json.loads(out)


def test_who_looked_at_what_and_why(town: LookTown) -> None:
    """Two people look; the list names them, their reasons, what was shown, and what is open; also with all stopped."""
    look = town.look()
    look.file()
    look.end("done")
    other = town.look(OTHER)
    code, found = listed(town)
    assert (code, found["unexplained"]) == (0, [])
    first, second = found["accesses"]
    assert (first["person"], first["purpose"], first["case"]) == ("anna", "crime", "2026/118")
    assert (first["reason"], first["names"], first["streams"]) == ("furto in piazza", "open", [str(STREAM)])
    assert first["why_closed"] == "done"
    assert len(first["shown"][str(STREAM)]) == 2
    assert (second["person"], second["closed"], second["shown"]) == ("bruno", None, {})
    for words, numbers in (
        (("--person", "bruno"), [second["number"]]),
        (("--person", "carla"), []),
        (("--to", first["opened"]), []),
        (("--from", second["opened"]), [second["number"]]),
    ):
        assert [each["number"] for each in listed(town, *words)[1]["accesses"]] == numbers, words
    assert "furto in piazza" in run(town)[1]
    other.end("done")
    town.stop_keyring()
    town.stop_ledger()
    stopped = listed(town)[1]["accesses"]
    assert [each["person"] for each in stopped] == ["anna", "bruno"]
    assert all(each["closed"] for each in stopped)


def test_a_book_that_is_gone_is_an_alarm(town: LookTown) -> None:
    """Its facts are listed as such, the code is 1, and `status` has an alarm; a destroyed month's secret is none."""
    town.look().end("done")
    state: dict[str, object] = {"ledger": "running", "missing": None}
    assert _with_missing(town.home, state) == state
    (secret,) = town.home.box_key.parent.glob("month-*.key")
    kept = secret.read_bytes()
    secret.unlink()
    code, found = listed(town)
    assert (code, [each["names"] for each in found["accesses"]]) == (0, ["destroyed"])
    assert not secret.exists()
    secret.write_bytes(kept)
    for path in (town.home.path / "access").iterdir():
        path.unlink()
    code, found = listed(town)
    (gone,) = found["accesses"]
    assert (code, gone["names"], gone["person"], gone["purpose"]) == (1, "missing", None, "crime")
    assert found["unexplained"] == [gone["number"]]
    assert "missing for 1 fact of act" in str(_with_missing(town.home, state)["missing"])
    (town.home.path / "access" / "control-room.db").write_bytes(b"emptied")
    assert listed(town)[0] == 1
    assert "missing for 1 fact of act" in str(_with_missing(town.home, state)["missing"])


def test_a_book_that_goes_while_the_control_room_runs_is_told_by_it(town: LookTown) -> None:
    """It looks again every ten minutes, and says so until the book is back."""
    books = Books(town.home, OsDisk(), town.clock)
    town.look().end("done")
    books.look()
    assert books.missing is None
    (town.home.path / "access").rename(town.home.path / "away")
    books.look()
    assert books.missing is None
    town.clock.advance(600)
    books.look()
    assert "missing for 1 fact of act" in str(books.missing)
    (town.home.path / "away").rename(town.home.path / "access")
    town.clock.advance(600)
    books.look()
    assert books.missing is None


def test_only_what_is_as_new_as_asked_is_read(town: LookTown) -> None:
    """A bundle that begins before the time asked for is the last one that is read; all are read without one."""
    for _ in range(WIDTH + 10):
        town.ledger.enter(pack_act("refuse", town.clock.utc(), {"why": "expired", "of": None, "count": 1}))
    since = town.clock.utc()
    newest = [number for number, _ in read_entries(town.home, since)]
    whole = [number for number, _ in read_entries(town.home)]
    assert whole == list(range(len(whole)))
    assert newest == whole[len(whole) // WIDTH * WIDTH :]
