# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose time the keyring hears: the witnesses that the settings name, or whom the town's policy file does."""

from dataclasses import replace
from pathlib import Path

import pytest

from torrazzo.access.windows import demands_witness
from torrazzo.base.errors import Damaged
from torrazzo.cli.init import make_town
from torrazzo.durable import OsDisk
from torrazzo.keyring.trust import TrustStore
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.town_policy import town_policy
from torrazzo.town import Home
from torrazzo.town.home import WitnessSettings, load_settings

KEY = SigningKey("witness.example.it", Kind.COSIGNATURE, b"\1" * 32).verifier


def test_the_witnesses_of_the_settings_are_heard_and_not_waited_for(tmp_path: Path) -> None:
    """Also one that the town needs: a reader who has just entered an act has no time for it. A policy file prevails."""
    make_town(tmp_path, "Cremona", "Europe/Rome")
    home, disk = Home(tmp_path), OsDisk()
    settings = load_settings(home)
    make_identity(home, settings, disk)
    disk.make_folder(home.keyring)
    witness = WitnessSettings("prefettura", str(KEY), "unix:/nowhere", needed=True)
    store = TrustStore(disk, home, replace(settings, witnesses=(witness,)))
    store.set_up()
    trust = store.load()
    assert trust is not None
    assert [each.key for each in trust.policy.witnesses] == [KEY]
    assert trust.policy.quorum == "none"
    assert len(trust.policy.logs) == 2
    home.policy.write_text(f"witness vicino {KEY}\nquorum vicino\n")
    changed = store.load()
    assert changed is not None
    assert changed.policy.quorum == "vicino"
    whole = town_policy([log.key for log in trust.policy.logs], (witness,)).pack().decode()
    lines = [line for line in whole.splitlines(keepends=True) if not line.startswith("log ")]
    home.policy.write_text("".join(lines))  # as docs/1-operate/second-office.md has it made
    made = store.load()
    assert made is not None
    assert (made.policy.quorum, made.policy.logs) == ("needed", trust.policy.logs)
    assert demands_witness(home)
    home.policy.unlink()
    wrong = TrustStore(disk, home, replace(settings, witnesses=(replace(witness, key="none"),)))
    with pytest.raises(Damaged, match="prefettura"):
        wrong.load()
