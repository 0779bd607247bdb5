# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process `torrazzo witness`: the one writer of its database."""

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping

import structlog

from torrazzo.base.clock import Clock, SystemClock
from torrazzo.base.errors import Unavailable
from torrazzo.durable import Disk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.key import cosigned_at
from torrazzo.ledger.listening import asked_address, listen, shown_address, socket_path
from torrazzo.ledger.note import Note
from torrazzo.ledger.witness_client import call
from torrazzo.witness.cosigner import Witness
from torrazzo.witness.heads import Heads
from torrazzo.witness.service import WitnessServer
from torrazzo.witness.settings import WitnessHome, load_key, load_settings

log = structlog.get_logger(__name__)


def run_witness(home: WitnessHome, clock: Clock, disk: Disk, stop: threading.Event) -> None:
    """Until `stop`; raises `Refused` if another one runs there."""
    settings = load_settings(home)
    key = load_key(home, settings.name)
    with disk.lock(home.lock), contextlib.closing(Heads.open(home.database)) as heads:
        witness = Witness(key, settings.logs, heads, clock)
        with served(home, settings.listen, witness, clock, disk, lambda: status(witness)):
            stop.wait()


@contextlib.contextmanager
def served(
    home: WitnessHome,
    where: str,
    witness: Witness,
    clock: Clock,
    disk: Disk,
    tell: Callable[[], Mapping[str, object]],
) -> Iterator[str]:
    """Ask it at the address that this gives."""
    with listen(where, home.path) as listener:
        address = shown_address(where, listener, home.path)
        server = WitnessServer(listener, witness, clock, tell)
        thread = threading.Thread(target=server.serve_forever, name="cosigner-socket", daemon=True)
        thread.start()
        log.info(
            "cosigner_started", as_=home.stem, name=witness.key.verifier.name, address=address, logs=len(witness.logs)
        )
        try:
            yield address
        finally:
            server.shutdown()
            if (path := socket_path(where, home.path)) is not None:
                with contextlib.suppress(FileNotFoundError):
                    disk.unlink(path)
    log.info("cosigner_stopped", as_=home.stem)


def status(witness: Witness) -> dict[str, object]:
    """The body of `GET /status`."""
    logs = {origin: _head(witness, origin) for origin in witness.logs}
    return {"v": 1, "key": str(witness.key.verifier), "logs": logs, "pid": os.getpid()}


def ask_status(home: WitnessHome, where: str) -> dict[str, object]:
    """What the running one says of itself; raises `Unavailable` when none runs."""
    address = asked_address(where, home.path)
    try:
        answer = call(address, "status", SystemClock())
    except Unavailable as error:
        raise Unavailable(
            f"no {home.stem} answers at {address}: is it running? Start `torrazzo {home.stem} --home {home.path}`"
        ) from error
    try:
        found = json.loads(answer.body)
        if answer.status == 200 and isinstance(found, dict) and isinstance(found["logs"], dict):
            return found
    except (ValueError, KeyError):
        pass
    raise Unavailable(f"{address}: what answered is no {home.stem} of ours")


def _head(witness: Witness, origin: str) -> dict[str, object]:
    last = witness.heads.last(origin)
    told: dict[str, object] = {
        "size": last.size,
        "contradictions": witness.heads.contradictions(origin),
        "cosigned": None,
    }
    if last.note:
        note = Note.parse(last.note)
        told["cosigned"] = cosigned_at(note.signed_by([witness.key.verifier])[witness.key.verifier].data)
        assert Checkpoint.parse(note.text).size == last.size
    return told
