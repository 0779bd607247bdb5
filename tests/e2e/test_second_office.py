# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that gives no key without its second office, as docs/1-operate/second-office.md sets it up, over time."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.ledger_process import size, until
from tests.tools.look_town import LookTown, hurrying, opened
from tests.tools.witness import SOCKET, answers, running_witness
from torrazzo.auditor import process as auditor_process
from torrazzo.auditor.process import audit_database, run_auditor
from torrazzo.auditor.settings import auditor_home
from torrazzo.auditor.store import AuditStore
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Unavailable
from torrazzo.cli import main
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient, follower
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.identity import KINDS, LogName
from torrazzo.ledger.secret import load_identity
from torrazzo.ledger.witness_client import call
from torrazzo.town.home import WitnessSettings, save_settings
from torrazzo.witness import WitnessHome
from torrazzo.witness.settings import load_key

BOOT = {"part": "recorder", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}
NAME = "auditor.example.it"


@pytest.fixture(autouse=True)
def short_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of this town runs ten times as fast; what waits by the real one waits a tenth."""
    monkeypatch.setattr(follower, "FOLLOW_S", 0.5)
    monkeypatch.setattr(auditor_process, "LOOK_S", 1.0)


class SecondOffice:
    """A witness and an auditor, both needed, and the policy file that says so."""

    def __init__(self, town: LookTown, capsys: pytest.CaptureFixture[str]) -> None:
        self.town, self.witness = town, town.demand_witness()
        self.auditor = auditor_home(town.made.folder / "auditor")
        identity = load_identity(town.home, town.settings)
        words = ["auditor", "init", "--home", str(self.auditor.path), "--name", NAME, "--listen", f"unix:{SOCKET}"]
        words += [word for kind in KINDS for word in ("--log", str(identity.key(LogName(kind, 1)).verifier))]
        assert main([*words, "--ledger", f"unix:{town.home.ledger_socket}"]) == 0
        key = load_key(self.auditor, NAME).verifier
        told = WitnessSettings("auditor", str(key), self.address, needed=True)
        save_settings(town.home, OsDisk(), replace(town.settings, witnesses=(*town.settings.witnesses, told)))
        capsys.readouterr()
        assert main(["ledger", "policy", "--home", str(town.home.path)]) == 0
        lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("log ")]
        town.home.policy.write_text("".join(f"{line}\n" for line in lines))

    @property
    def address(self) -> str:
        return f"unix:{self.auditor.path / SOCKET}"

    def findings(self) -> Any:
        return json.loads(call(self.address, "status", self.town.clock).body)["findings"]

    def settle(self) -> None:
        """The tape's monotonic times are made up (R5): known."""
        try:
            self.town.start_ledger()
            self.town.deliver()
            with _audits(self.auditor, self.town.clock):
                until(self.findings)
        finally:
            self.town.stop_ledger()
        with contextlib.closing(AuditStore.open(audit_database(self.auditor))) as store:
            for found in store.findings(is_open=True):
                assert found.finding.rule == "R5", found
                store.settle(found.number, "a tape")


@contextlib.contextmanager
def _audits(place: WitnessHome, clock: Clock) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_auditor, args=(place, clock, OsDisk(), stop))
    thread.start()
    try:
        until(lambda: answers(f"unix:{place.path / SOCKET}"))
        yield
    finally:
        stop.set()
        thread.join(60)


def _live(town: LookTown, seconds: float) -> None:
    """Acts come all the time, so that the newest head is hardly ever cosigned."""
    end = town.clock.boot_ns() + seconds * 1e9
    while town.clock.boot_ns() < end:
        town.ledger.enter(pack_act("boot", town.clock.utc(), BOOT))
        threading.Event().wait(0.1)


def _head_alarms(town: LookTown) -> list[str]:
    return [alarm for alarm in KeyClient(town.home.path).status().alarms if alarm.startswith("head of")]


def _look_works(town: LookTown) -> None:
    look = until(lambda: _look(town))
    assert look is not None


def _look(town: LookTown) -> Any:
    with contextlib.suppress(Unavailable):
        return town.look()
    return None


@pytest.mark.long
@pytest.mark.timeout(300)
def test_nobody_is_accused_while_heads_wait_for_the_second_office(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Heads grow faster than they are cosigned, the witness falls silent and comes back: no refusal is ever booked."""
    town = LookTown(tmp_path / "town")
    office = SecondOffice(town, capsys)
    with hurrying(town.clock), contextlib.ExitStack() as witness:
        witness.enter_context(running_witness(office.witness, town.clock))
        office.settle()
        with _audits(office.auditor, town.clock), opened(town):
            _live(town, 60)
            _look_works(town)
            assert _head_alarms(town) == []
            witness.close()
            _live(town, 30)
            with pytest.raises(Unavailable, match="no witness has cosigned yet"):
                town.look()
            until(lambda: any("second office is silent" in alarm for alarm in _head_alarms(town)))
            with running_witness(office.witness, town.clock):
                until(lambda: _head_alarms(town) == [])
                _look_works(town)
            assert town.acts("refuse") == []
            assert size(town.ledger, "act") > 20
            assert [found for found in office.findings() if not found["notice"]] == []
