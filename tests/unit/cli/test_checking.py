# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `torrazzo footage check` says of a town's archive: no more than was checked, and of all whom it concerns."""

import json
from pathlib import Path

import pytest

from tests.tools.tape import START, Tape, camera, close, volume
from torrazzo.archive import open_root
from torrazzo.base.times import SECOND, iso_from_ticks
from torrazzo.cli import main
from torrazzo.durable import OsDisk
from torrazzo.town import Home


class Town:
    """Some streams in two volumes of ten seconds each, and the command on them."""

    def __init__(self, path: Path, streams: int, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self._capsys = Home(path), capsys
        assert main(["init", "--home", str(path)]) == 0
        root = open_root(OsDisk(), path / "archive")
        tapes = [Tape(camera(number + 1), 1) for number in range(streams)]
        self.volumes = []
        for serial in range(2):
            made = volume(root, 1, serial, at=tapes[0].cursor)
            for tape in tapes:
                if serial == 0:
                    tape.begin(made)
                tape.pieces(made, 10)
            close(made)
            self.volumes.append(root.volumes / made.name)

    def check(self, *words: str) -> tuple[int, str]:
        self._capsys.readouterr()
        code = main(["footage", "check", *words, "--home", str(self.home.path)])
        return code, self._capsys.readouterr().out


def test_a_clean_check_says_up_to_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A newest volume that is gone with the catalogue leaves no trace; so what is later is never called in order."""
    town = Town(tmp_path / "town", 2, capsys)
    for words, told in (((), "Its structure is in order."), (("--deep",), "every byte was read.")):
        code, out = town.check(*words)
        assert (code, told in out) == (0, True)
        assert "Nothing after 2026-12-13 23:00:20+01:00 is there to be judged" in out
    town.volumes[1].unlink()
    town.home.catalogue_db.unlink()
    code, out = town.check("--deep")
    assert code == 0
    assert "Nothing after 2026-12-13 23:00:10+01:00 is there to be judged" in out
    assert "only the ledger can tell" in out
    town.volumes[0].unlink()
    town.home.catalogue_db.unlink()
    assert town.check("--deep") == (0, "Nothing is in the archive.\n")


@pytest.mark.parametrize(("streams", "is_told"), [(3, True), (12, False)])
def test_a_damaged_volume_names_all_its_streams(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], streams: int, is_told: bool
) -> None:
    """With their times: in JSON always, in text if they are few or --verbose is given."""
    town = Town(tmp_path / "town", streams, capsys)
    first = town.volumes[0]
    first.rename(first.with_name(first.name[:-5] + ("0" if first.name[-5] != "0" else "1") + ".vol"))
    code, out = town.check("--json")
    assert code == 1
    (found,) = [each for each in json.loads(out) if "renamed" in each["what"]]
    ids = [f"{number + 1:016x}" for number in range(streams)]
    assert [each["id"] for each in found["streams"]] == ids
    assert {(each["from"], each["to"]) for each in found["streams"]} == {
        (iso_from_ticks(START), iso_from_ticks(START + 10 * SECOND))
    }
    renamed = next(line for line in town.check()[1].splitlines() if "renamed" in line)
    assert ", 2026-12-13 23:00:00+01:00 to 2026-12-13 23:00:10+01:00, " in renamed
    for words, is_wanted in (((), is_told), (("--verbose",), True)):
        code, out = town.check(*words)
        assert code == 1
        assert [f"  {id_} (main), 2026-12-13 23:00:00+01:00 to" in out for id_ in ids] == [is_wanted] * streams
        assert ("--verbose names them" in out) is not is_wanted


def test_each_finding_has_the_same_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also that of a disk root which is not there, of which nothing is known; what is logged is not in the JSON."""
    town = Town(tmp_path / "town", 1, capsys)
    town.home.path.joinpath("archive").rename(tmp_path / "away")
    code, out = town.check("--json")
    assert code == 1
    found = json.loads(out)
    keys = {"camera", "id", "stream", "from", "to", "volume", "what", "streams"}
    assert [each.keys() for each in found] == [keys] * len(found)
    assert [each["streams"] for each in found if "not there" in each["what"]] == [[]]
    assert main(["catalogue", "rebuild", "--json", "--home", str(town.home.path)]) == 0
    assert json.loads(capsys.readouterr().out)["volumes"] == 0


def test_a_root_that_is_missing_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the finding that it is; a command that does not judge the archive says it in a line of the log."""
    town = Town(tmp_path / "town", 2, capsys)
    (tmp_path / "town" / "archive" / "root.json").unlink()
    capsys.readouterr()
    assert main(["footage", "check", "--home", str(town.home.path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("torrazzo: ")
    assert "the disk root is not there" in line
    assert main(["footage", "list", "--home", str(town.home.path)]) == 0
    line, _ = capsys.readouterr().err.splitlines()
    assert "level=warning process=command event=root_missing" in line
