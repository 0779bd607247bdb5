# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log that grows in memory, and what a witness is asked about it."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from torrazzo.base import SystemClock
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Unavailable
from torrazzo.durable import OsDisk
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.key import Kind, SigningKey, VerifierKey
from torrazzo.ledger.merkle import consistency_proof, leaf_hash, root_of
from torrazzo.ledger.note import Note
from torrazzo.ledger.witness_client import Answer, call
from torrazzo.ledger.witness_request import AddCheckpoint
from torrazzo.witness import WitnessHome, WitnessSettings, run_witness
from torrazzo.witness.settings import make_home, settings_text

NAME = "witness.prefettura.example.it"
SOCKET = "witness.sock"


class SmallLog:
    """Signed heads of any size over entries that are numbers; `tag` gives another history."""

    def __init__(self, origin: str = "torrazzo.example.it/rec", tag: str = "", seed: bytes = bytes(32)) -> None:
        self.key = SigningKey(origin, Kind.ED25519, seed)
        self._tag = tag

    def leaves(self, size: int) -> list[bytes]:
        return [leaf_hash(f"{self._tag}{n}".encode()) for n in range(size)]

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(self.key.verifier.name, size, root_of(self.leaves(size)))

    def note(self, size: int) -> Note:
        return sign_checkpoint(self.head(size), self.key)

    def path(self, old: int, new: int) -> list[bytes]:
        leaves = self.leaves(new)
        return consistency_proof(old, new, lambda level, at: root_of(leaves[at << level : (at + 1) << level]))

    def request(self, old: int, new: int, path: Sequence[bytes] | None = None, note: Note | None = None) -> bytes:
        """The body of `add-checkpoint`."""
        made = self.path(old, new) if path is None and old <= new else path or ()
        return AddCheckpoint(old, tuple(made), self.head(new), (note or self.note(new)).pack()).pack()


def make_witness(folder: Path, logs: Sequence[VerifierKey], name: str = NAME) -> tuple[WitnessHome, VerifierKey]:
    """Its folder, listening on a socket there, and its key."""
    home = WitnessHome(folder)
    key = make_home(home, OsDisk(), name, settings_text(WitnessSettings(name, tuple(logs), f"unix:{SOCKET}")))
    return home, key.verifier


@contextlib.contextmanager
def running_witness(home: WitnessHome, clock: Clock | None = None) -> Iterator[str]:
    """The process in a thread; its address, once it answers."""
    stop = threading.Event()
    thread = threading.Thread(target=run_witness, args=(home, clock or SystemClock(), OsDisk(), stop))
    thread.start()
    try:
        address = f"unix:{home.path / SOCKET}"
        while thread.is_alive() and not answers(address):
            stop.wait(0.02)
        yield address
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def answers(address: str) -> bool:
    with contextlib.suppress(Unavailable):
        return call(address, "status", SystemClock()).status == 200
    return False


def add(address: str, body: bytes) -> Answer:
    return call(address, "add-checkpoint", SystemClock(), body)
