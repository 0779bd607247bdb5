# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process `torrazzo auditor`: looks every ten seconds, and cosigns what the ledger asks it to, if it may."""

import contextlib
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from torrazzo.auditor.audit import Auditor
from torrazzo.auditor.finding import RULES
from torrazzo.auditor.settings import AuditorSettings, load_settings
from torrazzo.auditor.source import Source
from torrazzo.auditor.store import AuditStore, Found
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import iso_from_ticks
from torrazzo.durable import Disk
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import LogKind
from torrazzo.witness import Witness, WitnessHome
from torrazzo.witness.heads import Heads
from torrazzo.witness.process import served
from torrazzo.witness.process import status as cosigned_status
from torrazzo.witness.settings import load_key

LOOK_S = 10.0

log = structlog.get_logger(__name__)


def run_auditor(home: WitnessHome, clock: Clock, disk: Disk, stop: threading.Event) -> None:
    """Until `stop`; raises `Refused` if another one runs there."""
    settings = load_settings(home)
    key = load_key(home, settings.cosigner.name)
    with (
        disk.lock(home.lock),
        contextlib.closing(Heads.open(home.database)) as heads,
        contextlib.closing(AuditStore.open(audit_database(home))) as store,
    ):
        auditor = open_auditor(home, settings, store, clock, disk)
        witness = Witness(key, settings.cosigner.logs, heads, clock, auditor.is_good)
        with served(home, settings.cosigner.listen, witness, clock, disk, lambda: status(witness, auditor, store)):
            while not stop.is_set():
                try:
                    auditor.look()
                except Unavailable as error:  # our own disk
                    log.error("auditor_failed", error=str(error))  # noqa: TRY400 - it has no trace to tell
                stop.wait(LOOK_S)


def open_auditor(home: WitnessHome, settings: AuditorSettings, store: AuditStore, clock: Clock, disk: Disk) -> Auditor:
    """With its mirror in the folder `mirror`, laid out as the ledger's own files."""
    disk.make_folder(home.path / "mirror")

    def files(kind: LogKind) -> LogFiles:
        return LogFiles(disk, home.path / "mirror" / kind)

    return Auditor(store, files, settings.logs, Source(settings.ledger, clock), clock)


def audit_database(home: WitnessHome) -> Path:
    """How far it has come, and what it found."""
    return home.path / "audit.db"


def status(witness: Witness, auditor: Auditor, store: AuditStore) -> Mapping[str, object]:
    """The body of `GET /status`."""
    return {
        **cosigned_status(witness),
        "audited": auditor.status(),
        "findings": [told(found, store.proofs(found.number)) for found in store.findings(is_open=True)],
        "silences": [
            {"from": iso_from_ticks(start), "to": None if end is None else iso_from_ticks(end), "why": why}
            for start, end, why in store.silences(10)
        ],
        "pid": os.getpid(),
    }


def told(found: Found, proofs: Sequence[tuple[bytes, bytes]] = ()) -> dict[str, object]:
    """A finding for machines; its proofs are heads, each behind the one that it does not go on from."""
    finding = found.finding
    return {
        "number": found.number,
        "rule": finding.rule,
        "what": RULES[finding.rule],
        "text": str(finding),
        "stream": finding.stream,
        "at": finding.when,
        "found": iso_from_ticks(found.found),
        "notice": finding.is_notice,
        "settled": found.settled,
        "proofs": [[before.decode(), shown.decode()] for before, shown in proofs],
    }
