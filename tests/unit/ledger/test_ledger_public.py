# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The logs shown to whoever reaches them: read, and nothing else."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.facts import a_term
from tests.tools.ledger_process import deliver, running, size, until
from tests.tools.ports import free_port
from torrazzo.auditor.source import Source
from torrazzo.base import SystemClock
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.cli.init import make_town
from torrazzo.durable import OsDisk
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.witness_client import call
from torrazzo.town import Home
from torrazzo.town.home import load_settings, save_settings

BOOT = {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}


def shown_at(home: Home, name: str = "") -> str:
    """A free address, named in the town's settings."""
    address = f"127.0.0.1:{free_port()}"
    settings = replace(load_settings(home), ledger=name, ledger_listen=address)
    save_settings(home, OsDisk(), settings)
    assert load_settings(home) == settings
    return address


@pytest.fixture
def home(tmp_path: Path) -> Home:
    make_town(tmp_path, "Cremona", "Europe/Rome")
    return Home(tmp_path)


def enter(home: Home, client: LedgerClient) -> None:
    deliver(home, a_term(3))
    client.enter(pack_act("boot", SystemClock().utc(), BOOT))
    until(lambda: size(client) == 6)


def test_what_is_in_the_logs_is_read_over_tcp(home: Home) -> None:
    """Heads, entries, proofs, as over the ledger's own socket; what is not there is told as such."""
    address = f"http://{shown_at(home, 'torrazzo.example.it')}"
    with running(home) as client:
        enter(home, client)
        for path in ("rec/checkpoint", "act/checkpoint", "rec/tile/entries/000.p/6", "rec/consistency?old=2"):
            answer = call(address, path, SystemClock())
            assert (answer.status, answer.body) == (200, client.read(path))
        source = Source(address, SystemClock())
        assert source.minimum("rec") == 0
        assert len(source.bundle("rec", 0, 6)) == 6
        with pytest.raises(Invalid):
            source.bundle("rec", 1, 300)


@pytest.mark.parametrize("path", ["rec", "act", "fork", "anchors", "rec/proofs", "act/proofs"])
def test_nothing_is_entered_over_tcp(home: Home, path: str) -> None:
    """No address takes anything, and what is not of the logs is not shown."""
    address = f"http://{shown_at(home)}"
    with running(home) as client:
        enter(home, client)
        line = pack_act("boot", SystemClock().utc(), BOOT)
        assert call(address, path, SystemClock(), line).status == 501
        assert call(address, path, SystemClock()).status in {400, 404}
        status = call(address, "status", SystemClock()).body
        assert b"pid" not in status
        assert b"silent" not in status
        assert (size(client), size(client, "act")) == (6, 1)


def test_a_place_that_is_taken_stops_no_ledger(home: Home) -> None:
    """It runs, and is not shown."""
    address = shown_at(home)
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))), running(home) as client:
        enter(home, client)
        with pytest.raises(Unavailable):
            call(f"http://{address}", "status", SystemClock(), seconds=0.5)


def test_without_a_setting_nobody_listens(home: Home) -> None:
    """The default; and what is no address is told."""
    assert load_settings(home).ledger_listen == ""
    home.settings_file.write_text(f'{home.settings_file.read_text()}\n[ledger]\nlisten = "everywhere"\n')
    with pytest.raises(Invalid, match="host:port"):
        load_settings(home)
