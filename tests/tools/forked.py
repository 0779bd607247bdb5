# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town whose ledger is forked while control room and keyring go on."""

from pathlib import Path

from tests.tools.ledger_process import until
from tests.tools.look_town import LookTown
from torrazzo.cli import main
from torrazzo.keyring import KeyClient
from torrazzo.ledger.act import pack_act

BOOT = {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}


def fork(town: LookTown) -> None:
    """An older database is put back and declared the town's; what volumes have enters again by itself."""
    town.stop_ledger()
    old = town.home.ledger_db.read_bytes()
    town.start_ledger()
    for _ in range(40):
        town.ledger.enter(pack_act("boot", town.clock.utc(), BOOT))
    town.stop_ledger()
    for side in ("-wal", "-shm"):
        Path(f"{town.home.ledger_db}{side}").unlink(missing_ok=True)
    town.home.ledger_db.write_bytes(old)
    told = ("--why", "restored", "--reason", "guasto", "--confirm", town.settings.ledger_name)
    assert main(["ledger", "fork", "--home", str(town.home.path), *told]) == 0
    town.start_ledger()


def trust(town: LookTown) -> None:
    """The keyring is told to."""
    client = KeyClient(town.home.path)
    client.trust_heads()
    until(lambda: (heads := client.status().heads).rec.head and heads.act.head and heads.act.origin.endswith("/act.2"))
