# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that is backed up while it is served, dies, and goes on from the backup on another machine."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pyrage

from tests.tools.served import Said, Served, check_ledger
from torrazzo.base import SystemClock
from torrazzo.base.times import SECOND, iso_from_ticks
from torrazzo.cli import main
from torrazzo.testing.town import SmallTown
from torrazzo.town.home import load_settings


def _started(served: Served) -> None:
    served.start()
    served.until(lambda: served.page() and served.all_record() and served.run("ledger", "status").code == 0)


def test_a_town_goes_on_from_its_backup(tmp_path: Path) -> None:
    """Proof and backup while it records; then the machine is gone but for its disk with footage: all facts, once."""
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(key))
    backup, proof, policy = (str(tmp_path / name) for name in ("backup.age", "proof", "policy"))
    with SmallTown.of_streets(2) as town:
        old = Served(tmp_path / "old")
        assert old.run("init", "--name", "Cremona").code == 0
        for number, url in enumerate(town.urls):
            assert old.run("camera", "add", f"Via {number}", url, "--synthetic").code == 0
        _started(old)
        moment = iso_from_ticks(SystemClock().utc())
        done = old.until(lambda: _is_done(old.run("ledger", "prove", "via 0", "--at", moment, "-o", proof)))
        assert "entry" in done
        Path(policy).write_text(old.run("ledger", "policy").out)
        said = old.run("backup", "create", backup, "--recipient", str(key.to_public()))
        assert said.code == 0, said.err
        time.sleep(12)  # segments that the backup does not know
        assert old.stop() == 0
        before = check_ledger(old.home)

        new = Served(tmp_path / "new")
        said = new.run("backup", "restore", backup, "--identity", str(tmp_path / "key"))
        assert said.code == 0, said.err
        shutil.move(old.home.path / "archive", new.home.path / "archive")
        shutil.rmtree(old.home.path)
        _started(new)
        assert new.json("status")["ledger"] == "running"
        words = ("footage", "list", "--from", moment, "--to", iso_from_ticks(SystemClock().utc() - SECOND))
        new.until(lambda: {row["camera"] for row in new.json(*words)} == {"Via 0", "Via 1"})
        assert new.stop() == 0
        after = check_ledger(new.home)
    kinds = [[each["kind"] for each in found if "n" in each] for found in (before, after)]
    assert len(kinds[1]) > len(kinds[0]), "what was recorded before the end is there, and more"
    assert main(["ledger", "verify", proof, "--policy", policy]) == 0


def _is_done(said: Said) -> str:
    return said.out if said.code == 0 else ""


def test_people_declare_a_fork_while_the_town_is_served(tmp_path: Path) -> None:
    """An older ledger.db was put back: recording goes on, a person forks, the keyring trusts anew; all facts, once."""
    with SmallTown.of_streets(1) as town:
        served = Served(tmp_path / "town")
        assert served.run("init", "--name", "Cremona").code == 0
        settings = served.home.settings_file.read_text().replace('trusted = ["system"]', 'trusted = ["wall"]')
        served.home.settings_file.write_text(settings)
        assert served.run("camera", "add", "Via 0", town.urls[0], "--synthetic").code == 0
        older = b""
        for _ in range(2):
            served.start()
            served.until(lambda: served.all_record(1) and _heads(served)["act"]["head"])
            assert served.stop() == 0
            older = older or served.home.ledger_db.read_bytes()
        name = load_settings(served.home).ledger_name
        served.home.ledger_db.write_bytes(older)
        served.start()
        served.until(lambda: served.all_record(1) and served.run("ledger", "status").code == 1)
        recorder = served.children()["recorder"]
        said = served.run("ledger", "fork", "--why", "restored", "--reason", "Copia vecchia", "--confirm", name)
        assert said.code == 0, said.err
        served.until(lambda: served.run("ledger", "status").code == 0)
        assert served.until(lambda: _head_alarms(served)), "the keyring believes no other logs by itself"
        assert served.run("keyring", "trust-heads", "--yes").code == 0
        served.until(lambda: _heads(served)["act"] == {**_heads(served)["act"], "origin": f"{name}/act.2"})
        served.until(lambda: _heads(served)["rec"]["head"] and not _head_alarms(served))
        assert served.children()["recorder"] == recorder
        assert served.stop() == 0
        kinds = [each["kind"] for each in check_ledger(served.home) if "n" in each]
    assert kinds.count("term") == 3, "of all three starts, though the ledger began anew"


def _heads(served: Served) -> Any:
    said = served.run("keyring", "status", "--json")
    return json.loads(said.out)["heads"] if said.out else {"rec": {"head": None}, "act": {"head": None}}


def _head_alarms(served: Served) -> list[str]:
    return [alarm for alarm in served.json("keyring", "status")["alarms"] if "head of" in alarm]
