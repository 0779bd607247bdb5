# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who looks: each takes a town and tells what is not as it was. Of an untouched town none says anything."""

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.tamper.town import DISK, IDENTITY, KEYS, STREAMS, TOKEN, Town, sealed_of
from tests.tools.gate_town import at as all_clocks
from tests.tools.ring_keys import read_ring
from torrazzo.archive.check import Manner, check
from torrazzo.archive.fact import parse_fact
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError
from torrazzo.base.times import UtcTicks
from torrazzo.catalogue import Catalogue
from torrazzo.cli.unreadable import unreadable
from torrazzo.evidence.scrub import scrub_volume
from torrazzo.keyring.destroyed import Destroyed
from torrazzo.keyring.gate import Granted, Rules, State, decide
from torrazzo.keyring.gate_refusal import Refusal as KeyRefusal
from torrazzo.keyring.gate_request import Entry, KeyRequest
from torrazzo.keyring.heads import Shown
from torrazzo.keyring.rekey import Rekeys
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.file_check import check_ledger
from torrazzo.ledger.identity import LogKind, LogName
from torrazzo.ledger.merkle import verify_consistency
from torrazzo.ledger.missing import FactsMissing
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.touched import Touched
from torrazzo.witness.cosigner import Refusal
from torrazzo_verify.verify import FAILED, Finding, parse_policy, sentence, verify

RULES = Rules(KEYS.policy, {"standard": 168})


class Found(NamedTuple):
    """One finding."""

    what: str
    camera: str = ""  # its stream
    time: int | None = None  # UTC ticks


class Finder(NamedTuple):
    """Somebody, or something, that looks."""

    name: str
    who: str  # for people
    find: Callable[[Town], list[Found]]
    needs_tpm: bool = False  # the town's ring is sealed by one


def _footage_check(town: Town) -> list[Found]:
    """Every byte of the volumes is read; the catalogue says which facts there were."""
    with Catalogue(town.home.catalogue_db) as catalogue:
        known = catalogue.last_numbers()
    manner = Manner(deep=True, known=known)
    return [Found(each.what, str(each.stream or ""), each.t0) for each in check(DISK, [town.root], manner)]


def _scrub(town: Town) -> list[Found]:
    """The worker reads every closed volume once within the term of its footage."""
    damages = [each for path in town.volumes for each in scrub_volume(DISK, path, lambda _: None)[1]]
    return [Found(each.what, each.stream or "", each.start) for each in damages]


def _ledger_start(town: Town) -> list[Found]:
    """The ledger opens, and would sign."""
    try:
        with town.ledger():
            return []
    except (Touched, FactsMissing) as error:
        return [Found(f"{type(error).__name__}: {error}", error.told.stream or "", error.told.at)]
    except TorrazzoError as error:
        return [Found(f"{type(error).__name__}: {error}")]


def _ledger_check(town: Town) -> list[Found]:
    """All files of the ledger are read."""
    found = check_ledger(town.home.ledger_db, DISK, town.home.ledger)
    return [Found(str(each), each.told.stream or "", each.told.at) for each in found]


def _second_reader(town: Town) -> list[Found]:
    """Somebody who has seen an earlier head asks how the present one continues it."""
    found = []
    with town.ledger() as store:
        for name, log in (("rec", store.rec), ("act", store.act)):
            old, head = town.remembered["rec" if name == "rec" else "act"], log.head
            try:
                log.note.signed_by([IDENTITY.key(LogName("rec" if name == "rec" else "act", 1)).verifier])
                if head.size < old.size:
                    raise Invalid(f"had {old.size} entries and has {head.size}")
                verify_consistency(old.size, old.root, head.size, head.root, log.consistency(old.size))
            except Invalid as error:
                found.append(Found(f"{head.origin}: {error}"))
    return found


def _witness(town: Town) -> list[Found]:
    """The second office is asked to cosign the present heads."""
    found = []
    with town.ledger() as store:
        for log in (store.rec, store.act):
            try:
                town.ask_witness(log)
            except Refusal as error:
                found.append(Found(f"{log.head.origin}: {error.status} {error.text}"))
    return found


def _auditor(town: Town) -> list[Found]:
    """The second office looks at all entries that are new to it."""
    with tempfile.TemporaryDirectory() as folder, town.ledger() as store:
        own = dataclasses.replace(town, folder=Path(folder))  # so that it may look twice
        for path in town.folder.glob("audit.db*"):
            shutil.copy(path, folder)
        shutil.copytree(town.folder / "mirror", own.folder / "mirror")
        return [Found(str(each), each.stream or "", each.at) for each in own.audit(store)]


def _new_auditor(town: Town) -> list[Found]:
    """One that has seen nothing before reads every entry, and makes the root out of them."""
    with tempfile.TemporaryDirectory() as folder, town.ledger() as store:
        own = dataclasses.replace(town, folder=Path(folder))
        return [Found(str(each), each.stream or "", each.at) for each in own.audit(store)]


def _keyring_gate(town: Town) -> list[Found]:
    """A reader shows the keyring the open window and asks for keys of camera A; it opens K if all is proven."""
    stream, segments = STREAMS[0], []
    with Catalogue(town.home.catalogue_db) as catalogue, town.ledger() as store:
        for row in catalogue.segments(stream, town.window_span):
            index = store.index_of(row.id)
            if row.id.term.fence == 1 and row.volume == town.volumes[0].name and index is not None:
                segments.append(_entry(store.rec, town, "rec", index))
        request = KeyRequest(
            TOKEN,
            _shown(store.act, town, "act"),
            _entry(store.act, town, "act", town.window),
            None,
            _shown(store.rec, town, "rec"),
            tuple(segments),
            sealed_of(town.volumes[0], stream),
        )
    request = KeyRequest.parse(request.text())
    state = State.start(town.seen)._replace(closed=town.closed)
    if town.restarted:
        state = State.start(decide(state, request, RULES, all_clocks(town.now)).state.heads)
    outcome = decide(state, request, RULES, all_clocks(town.now)).outcome
    if isinstance(outcome, KeyRefusal):
        return [Found(f"{outcome.reason}: {outcome.text}", str(outcome.stream or ""), outcome.at)]
    ring = read_ring(DISK, town.home.keyring)
    assert isinstance(outcome, Granted)
    assert ring is not None
    try:
        ring.segment_keys(request.sealed, outcome.stream, outcome.term, outcome.name, outcome.ns)
    except Damaged as error:
        fact = parse_fact(request.segments[0].line)
        return [Found(str(error), str(outcome.stream), fact.t0)]
    return []


def _shown(log: LogReader, town: Town, name: LogKind) -> Shown:
    seen = (town.seen.rec if name == "rec" else town.seen.act).head
    assert seen is not None
    head = Checkpoint.parse(town.cosigned[name].text)
    path = log.consistency(seen.size, head.size) if seen.size <= head.size <= log.head.size else ()
    return Shown(town.cosigned[name], seen.size, tuple(path))


def _entry(log: LogReader, town: Town, name: LogKind, index: int) -> Entry:
    size = min(Checkpoint.parse(town.cosigned[name].text).size, log.head.size)
    (line,) = log.entries(index, index + 1)
    return Entry(line, index, tuple(log.inclusion(index, size)))


def _verifier(town: Town) -> list[Found]:
    """A court checks the package with the keys that both offices published."""
    found: list[Finding] = []
    verify(str(town.package), parse_policy(KEYS.policy.pack()), found.append)
    return [Found(sentence(each, 1), each.camera, each.time) for each in found if each.level == FAILED]


def _made_now(town: Town) -> list[Found]:
    """A package is made of the archive as it is now, and checked."""
    try:
        town.hand_over()
    except TorrazzoError as error:
        return [Found(f"{type(error).__name__}: {error}")]
    return _verifier(town)


def _ring(town: Town) -> list[Found]:
    """The keyring starts."""
    folder = town.home.keyring
    try:
        RingStore(DISK, folder, set_up_sealer(DISK, folder)).load()
    except (Refused, Damaged) as error:
        gone = unreadable(town.home, UtcTicks(town.now))  # as `torrazzo status` and `keyring status` tell them
        return [Found(str(error), ",".join(str(each.stream) for each in gone), min(each.span.start for each in gone))]
    return []


class _Local(LedgerClient):
    """Answers out of a store, as the ledger does over its socket."""

    def __init__(self, store: LedgerStore) -> None:
        super().__init__(Path("/nowhere"))
        self._store = store

    def status(self, patience_s: float = 0.0) -> Mapping[str, object]:
        return {"act": {"size": self._store.act.head.size, "minimum": self._store.act.minimum}}

    def read(self, path: str, patience_s: float = 0.0) -> bytes:
        return self._store.act.resource(path.removeprefix("act/"))


def _ring_by_facts(town: Town) -> list[Found]:
    """The keyring has started, and the ledger answers."""
    folder = town.home.keyring
    ring = RingStore(DISK, folder, set_up_sealer(DISK, folder))
    ring.load()
    rekeys = Rekeys(DISK, folder, ring, [], lambda *_: None)
    rekeys.look()
    with town.ledger() as store:
        destroyed = Destroyed(ring, rekeys, _Local(store))
        destroyed.look()
    return [Found(destroyed.alarm)] if destroyed.alarm else []


CHECK = Finder(
    "`footage check --deep`",
    "reads every byte of the archive and adds up all facts; needs no keys; the catalogue tells how far facts went",
    _footage_check,
)
SCRUB = Finder("scrub", "reads all that is stored once within its life, and compares it with its hashes", _scrub)
START = Finder("ledger, at its start", "holds its rows, files and published head against each other", _ledger_start)
FILES = Finder("`ledger check`", "reads every file of the ledger, and holds it against the signed heads", _ledger_check)
READING = Finder("new auditor", "reads the whole log, and makes its root out of all entries", _new_auditor)
READER = Finder("second reader", "has seen an earlier head and asks how the present one continues it", _second_reader)
WITNESS = Finder("witness", "cosigns a head only if it goes on from the one that it cosigned before", _witness)
AUDITOR = Finder(
    "auditor",
    "sees every entry and no picture, holds them against its rules, and cosigns only while they hold",
    _auditor,
)
GATE = Finder("keyring's gate", "gives keys only for what is proven against the heads it has seen", _keyring_gate)
RING = Finder("keyring, at its start", "opens the ring with the counter as it stands; here a file", _ring)
FACTS = Finder(
    "keyring, once the ledger answers",
    "holds its ring against the shreds and early erasures that stand in the ledger; here a file",
    _ring_by_facts,
)
TPM = Finder("TPM's counter", "the same with a TPM, against who puts the keyring's whole folder back", _ring, True)
VERIFIER = Finder("`torrazzo_verify`", "checks a package with the keys that both offices published", _verifier)
NOW = Finder("`torrazzo_verify`, of a package made now", "the same, of what the archive is by now", _made_now)
