# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One town, one quorum: what strangers are given, what packages hold, what the keyring waits for."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.ledger_process import running
from tests.tools.witness import make_witness
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.cli.worker import _policy
from torrazzo.control_room.views import ask_status, gather
from torrazzo.durable import OsDisk
from torrazzo.keyring.trust import TrustStore
from torrazzo.ledger import Policy
from torrazzo.ledger.client import LedgerClient
from torrazzo.testing import FakeClock
from torrazzo.town.home import Home, WitnessSettings, load_settings, save_settings


def told(home: Home) -> list[str]:
    """What is wrong with files that people wrote."""
    return list(gather(home, load_settings(home), OsDisk(), FakeClock(), (), lambda *_: (), ask_status).settings_wrong)


def published(home: Home, capsys: pytest.CaptureFixture[str]) -> bytes:
    capsys.readouterr()
    assert main(["ledger", "policy", "--home", str(home.path)]) == 0
    return capsys.readouterr().out.encode()


def demands(policy: Policy) -> tuple[object, ...]:
    return policy.quorum, policy.groups, [(witness.name, witness.key) for witness in policy.witnesses]


def test_strangers_packages_and_keyring_have_one_quorum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`needed` in the settings says it; a file `policy` that says otherwise is an alarm until it is made anew."""
    make_town(tmp_path / "town", "Cremona", "Europe/Rome")
    home, disk = Home(tmp_path / "town"), OsDisk()
    disk.make_folder(home.keyring)
    with running(home):
        TrustStore(disk, home, load_settings(home)).forget(LedgerClient(home.ledger_socket))
    logs = [log.key for log in Policy.parse(published(home, capsys)).logs]
    keys = {name: str(make_witness(tmp_path / name, logs)[1]) for name in ("prefettura", "regione")}
    first = WitnessSettings("prefettura", keys["prefettura"], "unix:/w", needed=True)
    settings = replace(load_settings(home), witnesses=(first,))
    save_settings(home, disk, settings)

    def kept() -> Policy:
        """By the keyring."""
        trust = TrustStore(disk, home, load_settings(home)).load()
        assert trust is not None
        return trust.policy

    given = published(home, capsys)
    assert given == _policy(home, disk).pack()
    assert (Policy.parse(given).quorum, kept().quorum, told(home)) == ("needed", "none", [])
    home.policy.write_bytes(b"".join(line for line in given.splitlines(True) if not line.startswith(b"log ")))
    assert demands(kept()) == demands(Policy.parse(given)) == demands(_policy(home, disk))
    assert told(home) == []
    second = WitnessSettings("regione", keys["regione"], "unix:/r", needed=True)
    save_settings(home, disk, replace(settings, witnesses=(first, second)))
    (why,) = told(home)
    assert str(home.policy) in why
    assert "another quorum" in why
    home.policy.write_bytes(published(home, capsys))
    assert demands(kept()) == demands(_policy(home, disk))
    assert told(home) == []
    home.policy.write_text("witness")
    assert len(told(home)) == 1
